"""Right answers to lesson 06, written another way than the course's."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.attention.hard_attention import score_function_loss


def draw_by_search(weights, noise):
    found = torch.searchsorted(weights.cumsum(-1), noise[:, None], right=True)[:, 0]
    return torch.minimum(found, torch.tensor(weights.shape[-1] - 1))


def draw_by_walking(weights, noise):
    places = torch.zeros(len(noise), dtype=torch.long, device=noise.device)
    passed = torch.zeros_like(noise)
    for i in range(weights.shape[1] - 1):
        passed = passed + weights[:, i]
        places = places + (noise >= passed).long()
    return places


def loss_by_categorical(scores, places, rewards):
    log_w = torch.distributions.Categorical(logits=scores).log_prob(places)
    return -(log_w * rewards.detach()).mean()


def loss_by_indexing(scores, places, rewards):
    log_w = F.log_softmax(scores, 1)[torch.arange(len(places)), places]
    with torch.no_grad():
        r = rewards.clone()
    return torch.einsum("b,b->", r, log_w) / -len(r)


def loss_by_one_hot(scores, places, rewards):
    onehot = F.one_hot(places, scores.shape[-1]).to(scores.dtype)
    log_w = ((scores - scores.logsumexp(-1, keepdim=True)) * onehot).sum(-1)
    return torch.mean(-rewards.data * log_w)


def expected_by_jacobian(weights, rewards):
    jacobian = torch.diag_embed(weights) - weights.unsqueeze(-1) * weights.unsqueeze(-2)
    return torch.einsum("...ij,...j->...i", jacobian, rewards)


def expected_by_enumeration(weights, rewards):
    n = weights.shape[-1]
    onehot = torch.eye(n, dtype=weights.dtype, device=weights.device)
    estimates = rewards.unsqueeze(-1) * (onehot - weights.unsqueeze(-2))
    return (weights.unsqueeze(-1) * estimates).sum(-2)


def variance_by_loop(weights, rewards, baseline=0.0):
    n = len(weights)
    rows = []
    for a in range(n):
        step = -weights.clone()
        step[a] += 1
        rows.append((rewards[a] - baseline) * step)
    mean = sum(w * g for w, g in zip(weights, rows, strict=True))
    return sum(w * ((g - mean) ** 2).sum() for w, g in zip(weights, rows, strict=True))


def variance_by_difference(weights, rewards, baseline=0.0):
    length = 1 - 2 * weights + (weights**2).sum()
    second = (weights * (rewards - baseline) ** 2 * length).sum()
    mean = weights * (rewards - weights @ rewards)
    return second - mean @ mean


def others_by_loop(rewards):
    rewards = rewards if rewards.is_floating_point() else rewards.float()
    out = torch.empty_like(rewards)
    for j in range(rewards.shape[1]):
        rest = torch.cat([rewards[:, :j], rewards[:, j + 1 :]], 1)
        out[:, j] = rest.mean(1)
    return out


def others_by_matrix(rewards):
    k, rewards = rewards.shape[-1], rewards + 0.0
    others = 1 - torch.eye(k, dtype=rewards.dtype, device=rewards.device)
    return rewards @ others / (k - 1)


def reinforce_by_hand(scores, places, rewards, baseline):
    rewards = rewards.detach()
    advantage = rewards - baseline.detach()
    nll = F.cross_entropy(scores, places, reduction="none")
    return (advantage * nll).mean() + F.mse_loss(baseline, rewards)


def reinforce_in_one_mean(scores, places, rewards, baseline):
    error = rewards.detach() - baseline
    log_w = scores.log_softmax(-1)[range(len(places)), places]
    return (error**2 - error.detach() * log_w).mean()


def gumbel_by_division(scores, noise, temperature):
    powers = (scores.exp() / -noise.log()) ** (1 / temperature)
    return powers / powers.sum(-1, keepdim=True)


def gumbel_by_logs(scores, noise, temperature):
    shifted = torch.sub(scores, noise.log().neg().log()).div(temperature)
    return nn.Softmax(dim=-1)(shifted)


def straight_by_one_hot(weights):
    hard = F.one_hot(weights.argmax(-1), weights.shape[-1]).to(weights)
    return weights + (hard - weights).detach()


def straight_by_comparison(weights):
    largest = weights == weights.amax(-1, keepdim=True)
    hard = (largest & (largest.cumsum(-1) == 1)).to(weights.dtype)
    return hard - weights.detach() + weights


def squeeze_by_einsum(x, w1, w2):
    z = torch.einsum("bchw->bc", x) / (x.shape[2] * x.shape[3])
    gates = torch.einsum("bc,rc->br", z, w1).clamp(min=0)
    return torch.einsum("bchw,bc->bchw", x, (gates @ w2.mT).sigmoid())


def squeeze_by_linear(x, w1, w2):
    gates = F.linear(F.relu(F.linear(x.flatten(2).mean(-1), w1)), w2)
    return x / (1 + (-gates).exp()).unsqueeze(-1).unsqueeze(-1)


def squeeze_image_by_image(x, w1, w2):
    out = []
    for image in x:
        z = torch.stack([channel.sum() / channel.numel() for channel in image])
        out.append(image * torch.sigmoid(w2 @ torch.relu(w1 @ z)).view(-1, 1, 1))
    return torch.stack(out)


RIGHT = {
    "draw_places": [draw_by_search, draw_by_walking],
    "score_function_loss": [loss_by_categorical, loss_by_indexing, loss_by_one_hot],
    "expected_gradient": [expected_by_jacobian, expected_by_enumeration],
    "estimator_variance": [variance_by_loop, variance_by_difference],
    "others_mean": [others_by_loop, others_by_matrix],
    "reinforce_loss": [
        reinforce_by_hand,
        reinforce_in_one_mean,
        lambda s, a, r, b: score_function_loss(s, a, r - b) + torch.mean((b - r.detach()) ** 2),
    ],
    "gumbel_softmax": [
        gumbel_by_division,
        gumbel_by_logs,
        lambda s, u, t: ((s - torch.log(torch.log(u) / -math.log(math.e))) / t).softmax(s.ndim - 1),
    ],
    "straight_through": [straight_by_one_hot, straight_by_comparison],
    "squeeze_excite": [squeeze_by_einsum, squeeze_by_linear, squeeze_image_by_image],
}
