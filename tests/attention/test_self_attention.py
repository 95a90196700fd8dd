"""Self-attention, pooling, graphs and pointers: explicit against fused, and the symmetries."""

import pytest
import torch

from course_lib.attention.causality import influence
from course_lib.attention.self_attention import (
    AttentionPool,
    SelfAttention,
    copy_distribution,
    graph_mask,
    projected_scores,
)
from course_lib.checking.noise import noise

B, T, D, DH = 2, 5, 7, 3


def filled(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Fill every parameter with noise: fresh ones hide mistakes."""
    module.double()
    with torch.no_grad():
        for place, parameter in enumerate(module.parameters()):
            parameter.copy_(noise(seed + place, *parameter.shape))
    return module


def masks() -> dict[str, torch.Tensor | None]:
    patchy = noise(9, B, T, T) > 0
    patchy[..., 0] = True
    empty = patchy.clone()
    empty[:, 2] = False
    return {
        "none": None,
        "causal": torch.ones(T, T, dtype=torch.bool).tril(),
        "patchy": patchy,
        "empty row": empty,
        "padding": torch.arange(T) < torch.tensor([[[5]], [[3]]]),
    }


@pytest.mark.parametrize("name", masks())
def test_the_fused_form_equals_the_formula_in_output_and_gradients(name):
    mask, results = masks()[name], []
    for fused in (False, True):
        layer = filled(SelfAttention(D, DH, fused=fused))
        x = noise(5, B, T, D).requires_grad_()
        out = layer(x, mask)
        inputs = [x, *layer.parameters()]
        results.append([out, *torch.autograd.grad((out * noise(6, *out.shape)).sum(), inputs)])
    for formula, fused in zip(*results, strict=True):
        assert (formula - fused).abs().max() <= 1e-10


def test_weights_lead_to_the_output_and_are_the_softmax_of_the_scores():
    layer, x = filled(SelfAttention(D, DH)), noise(5, B, T, D)
    weights = layer.weights(x)
    assert torch.allclose(weights @ layer.w_v(x), layer(x))
    assert torch.allclose(
        projected_scores(x, layer.w_q.weight.T, layer.w_k.weight.T).softmax(-1), weights
    )


@pytest.mark.parametrize("seed", range(20))
def test_self_attention_is_equivariant_under_random_permutations(seed):
    layer, x = filled(SelfAttention(D, DH)), noise(seed, T, D)
    order = torch.randperm(T, generator=torch.Generator().manual_seed(seed))
    mask = noise(seed + 1, T, T) > 0
    assert torch.allclose(layer(x[order]), layer(x)[order])
    assert torch.allclose(layer(x[order], mask[order][:, order]), layer(x, mask)[order])


def test_a_mask_left_behind_breaks_the_symmetry():
    layer, x = filled(SelfAttention(D, DH)), noise(0, T, D)
    mask, order = torch.ones(T, T, dtype=torch.bool).tril(), torch.tensor([3, 0, 4, 1, 2])
    assert not torch.allclose(layer(x[order], mask), layer(x, mask)[order])


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_is_invariant_under_random_permutations(seed):
    pool, x = filled(AttentionPool(D, DH)), noise(seed, B, T, D)
    order = torch.randperm(T, generator=torch.Generator().manual_seed(seed))
    real = torch.arange(T) < torch.tensor([[5], [2]])
    assert torch.allclose(pool(x[:, order]), pool(x))
    assert torch.allclose(pool(x[:, order], real[:, order]), pool(x, real))


def test_a_pool_is_self_attention_with_one_query():
    pool, x = filled(AttentionPool(D, DH)), noise(5, B, T, D)
    attention = torch.nn.functional.scaled_dot_product_attention(
        pool.seed.expand(B, 1, DH), pool.w_k(x), pool.w_v(x)
    )
    assert torch.allclose(pool(x), attention.squeeze(-2))


def test_padding_changes_nothing_and_an_empty_set_gives_zeros():
    pool, x = filled(AttentionPool(D, DH)), noise(5, T, D)
    real = torch.arange(T) < 3
    assert torch.allclose(pool(x, real), pool(x[:3]))
    assert (pool(x, torch.zeros(T, dtype=torch.bool)) == 0).all()


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_news_travels_one_edge_a_layer(n_layers):
    chain = graph_mask(torch.ones(4, 4).triu(1).tril(1))
    layer = filled(SelfAttention(4, 4))

    def news(x):
        for _ in range(n_layers):
            x = layer(x, chain)
        return x

    seen = influence(news, noise(0, 4, 4))
    back = torch.arange(4)[:, None] - torch.arange(4)
    assert torch.equal(seen, (back >= 0) & (back <= n_layers))


def test_copied_probabilities_sum_to_one_and_pass_gradients_to_every_place():
    weights = noise(0, B, T).softmax(-1).requires_grad_()
    tokens = torch.tensor([[1, 1, 0, 3, 1], [2, 2, 2, 2, 2]])
    copied = copy_distribution(weights, tokens, 4)
    assert torch.allclose(copied.sum(-1), torch.ones(B, dtype=torch.float64))
    (gradient,) = torch.autograd.grad((copied * noise(1, B, 4)).sum(), weights)
    assert torch.allclose(gradient, noise(1, B, 4).gather(-1, tokens))
