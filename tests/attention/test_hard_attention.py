"""Hard attention against what the field uses, and against exact enumeration."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from course_lib.attention.hard_attention import (
    draw_places,
    estimator_variance,
    expected_gradient,
    gumbel_softmax,
    others_mean,
    reinforce_loss,
    sample_places,
    score_function_loss,
    squeeze_excite,
    straight_through,
)
from course_lib.checking.noise import noise

B, N, K = 5, 7, 4


def gradients(value, *inputs):
    return torch.autograd.grad(value, inputs, allow_unused=True)


def test_places_are_drawn_as_often_as_their_weights_say():
    weights = noise(0, N).softmax(-1)
    places = sample_places(weights.expand(40_000, N), torch.Generator().manual_seed(0))
    assert (places.bincount(minlength=N) / 40_000 - weights).abs().max() < 0.01


def test_equal_generators_draw_equal_places():
    weights = noise(0, B, N).softmax(-1)
    one, other = (sample_places(weights, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)


def test_a_place_of_weight_zero_is_never_drawn():
    weights = torch.tensor([[0.0, 0.5, 0.5, 0.0]]).expand(3, 4)
    assert draw_places(weights, torch.tensor([0.0, 0.5, 0.999])).tolist() == [1, 2, 2]


def test_the_score_function_is_exact_when_every_place_is_enumerated():
    scores = noise(1, N).requires_grad_()
    rewards, total = noise(2, N), torch.zeros(N, dtype=torch.float64)
    weights = scores.detach().softmax(-1)
    for place in range(N):
        loss = score_function_loss(scores[None], torch.tensor([place]), rewards[[place]])
        total = total - weights[place] * gradients(loss, scores)[0]
    (due,) = gradients((scores.softmax(-1) * rewards).sum(), scores)
    assert (total - due).abs().max() < 1e-12
    assert (expected_gradient(weights, rewards) - due).abs().max() < 1e-12


def test_the_loss_equals_weighted_cross_entropy_in_value_and_gradient():
    scores, places, rewards = noise(3, B, N).requires_grad_(), torch.arange(B), noise(4, B)
    yours = score_function_loss(scores, places, rewards)
    fused = (F.cross_entropy(scores, places, reduction="none") * rewards).mean()
    assert (yours - fused).abs() < 1e-12
    assert (gradients(yours, scores)[0] - gradients(fused, scores)[0]).abs().max() < 1e-12


def test_each_part_of_the_loss_leaves_the_others_alone():
    scores, rewards, baseline = (
        x.requires_grad_() for x in (noise(5, B, N), noise(6, B), noise(7, B))
    )
    loss = reinforce_loss(scores, torch.arange(B), rewards, baseline)
    _, to_rewards, to_baseline = gradients(loss, scores, rewards, baseline)
    assert to_rewards is None
    assert (to_baseline - 2 * (baseline - rewards) / B).abs().max() < 1e-12


@pytest.mark.parametrize("baseline", [0.0, 1.5])
def test_the_variance_is_what_draws_show(baseline):
    weights, rewards = noise(8, N).softmax(-1), noise(9, N)
    places = sample_places(weights.expand(200_000, N), torch.Generator().manual_seed(1))
    estimates = (rewards[places] - baseline)[:, None] * (torch.eye(N)[places] - weights)
    measured = estimates.var(dim=0).sum()
    assert (measured / estimator_variance(weights, rewards, baseline) - 1).abs() < 0.02


def test_only_the_others_leave_the_expected_gradient_as_it_is():
    weights, rewards = noise(10, 3).softmax(-1), noise(11, 3)
    outcomes = torch.tensor(list(itertools.product(range(3), repeat=K)))
    chances, brought = weights[outcomes].prod(1), rewards[outcomes]
    directions = torch.eye(3, dtype=torch.float64)[outcomes] - weights
    due = expected_gradient(weights, rewards)
    for baseline, share in ((others_mean(brought), 1.0), (brought.mean(1, True), (K - 1) / K)):
        average = chances @ ((brought - baseline)[..., None] * directions).mean(1)
        assert (average - share * due).abs().max() < 1e-12


def test_the_winner_of_gumbel_noise_is_drawn_from_the_softmax():
    scores = noise(12, N)
    uniform = torch.rand(
        100_000, N, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
    winners = gumbel_softmax(scores.expand_as(uniform), uniform.clamp(1e-12), 0.5).argmax(-1)
    assert (winners.bincount(minlength=N) / 100_000 - scores.softmax(-1)).abs().max() < 0.01


def test_straight_through_is_one_hot_forward_and_the_identity_backward():
    weights, push = noise(13, B, N).softmax(-1).requires_grad_(), noise(14, B, N)
    out = straight_through(weights)
    assert torch.equal(out.detach(), F.one_hot(weights.argmax(-1), N).double())
    assert torch.equal(gradients((out * push).sum(), weights)[0], push)


def test_squeeze_excite_agrees_with_torchvision_in_output_and_gradient():
    ops = pytest.importorskip("torchvision.ops")
    x, w1, w2 = noise(15, 2, 6, 4, 5), noise(16, 3, 6), noise(17, 6, 3)
    block = ops.SqueezeExcitation(6, 3).double()
    with torch.no_grad():
        for conv, weight in ((block.fc1, w1), (block.fc2, w2)):
            conv.weight.copy_(weight[..., None, None])
            conv.bias.zero_()
    mine, theirs = (x.clone().requires_grad_() for _ in range(2))
    out, due = squeeze_excite(mine, w1, w2), block(theirs)
    push = noise(18, *out.shape)
    assert (out - due).abs().max() < 1e-12
    difference = gradients((out * push).sum(), mine)[0] - gradients((due * push).sum(), theirs)[0]
    assert difference.abs().max() < 1e-12
