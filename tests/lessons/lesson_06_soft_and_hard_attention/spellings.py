"""Lesson 06: listed mistakes in another spelling, and near ones that no name fits."""

import torch
import torch.nn.functional as F


def walk(weights, noise, first=0, shared=False):
    """Walk along each row until the weights passed exceed the noise."""
    places = []
    for i, row in enumerate(weights.tolist()):
        u, passed, place = noise[0 if shared else i].item(), 0.0, 0
        while place < len(row) - 1 and passed + row[place] <= u:
            passed, place = passed + row[place], place + 1
        places.append(min(max(place + first, 0), len(row) - 1))
    return torch.tensor(places)


def search(weights, noise, right=True):
    found = torch.searchsorted(weights.cumsum(-1), noise[:, None], right=right)[:, 0]
    return found.clamp(max=weights.shape[-1] - 1)


def at_places(table, places):
    return torch.stack([row[place] for row, place in zip(table, places, strict=True)])


def loss(scores, places, rewards, by=-1):
    rewards = rewards.detach()
    return (F.cross_entropy(scores, places, reduction="none") * rewards).sum() / len(rewards) ** -by


def spread(w, r, b=0.0, chance=None, root=1.0, table=None):
    """Return the mean square of the estimates about their mean, place by place."""
    eye = torch.eye(len(w), dtype=w.dtype)
    rows = [(r[a] - b) * (eye[a] - w if table is None else table[a]) for a in range(len(w))]
    chance = w if chance is None else chance
    mean = sum(p * g for p, g in zip(chance, rows, strict=True))
    return sum(p * ((g - mean) ** 2).sum() for p, g in zip(chance, rows, strict=True)) ** root


def second_moment(w, r, b=0.0):
    length = 1 - 2 * w + (w**2).sum()
    return (w * (r - b) ** 2 * length).sum()


def one_weight_off(w, r, b=0.0):
    return spread(w, r, b, table=torch.eye(len(w), dtype=w.dtype) - w.unsqueeze(1))


def of_rest(rewards, axis=1, mean=True):
    rewards = rewards + 0.0
    rows = []
    for j in range(rewards.shape[axis]):
        rest = torch.cat(
            [rewards.narrow(axis, 0, j), rewards[:, j + 1 :] if axis else rewards[j + 1 :]], axis
        )
        rows.append(rest.mean(axis) if mean else rest.sum(axis))
    return torch.stack(rows, axis)


def in_place(rewards):
    out = torch.empty(rewards.shape, dtype=rewards.dtype)
    for j in range(rewards.shape[1]):
        rest = torch.cat([rewards[:, :j], rewards[:, j + 1 :]], 1)
        out[:, j] = rest.double().mean(1).to(rewards.dtype)
    return out


def both(scores, places, rewards, baseline, advantage=None, error=None):
    rewards = rewards.detach()
    advantage = rewards - baseline.detach() if advantage is None else advantage
    log_w = at_places(F.log_softmax(scores, 1), places)
    return (F.mse_loss(baseline, rewards) if error is None else error) - (advantage * log_w).mean()


def sharpen(shifted, temperature):
    return F.softmax(torch.div(shifted, temperature), dim=-1)


def gumbel(noise):
    return torch.log(noise).neg().log().neg()


def one_hot(weights):
    return F.one_hot(torch.argmax(weights, -1), weights.shape[-1]).to(weights.dtype)


def of_pixels(x, w1, w2, squeeze=None, between=torch.relu, gate=torch.sigmoid):
    z = torch.einsum("bchw->bc", x) / (x.shape[-1] * x.shape[-2]) if squeeze is None else squeeze(x)
    opened = gate(F.linear(between(F.linear(z, w1)), w2))
    return torch.einsum("bchw,bc->bchw", x, opened)


SPELT = {
    "draw_places": {
        "one_draw_for_all": [lambda w, u: walk(w, u, shared=True)],
        "one_too_far": [lambda w, u: walk(w, u, first=1)],
        "one_too_early": [lambda w, u: walk(w, u, first=-1)],
        "reaches_zero_weight": [lambda w, u: search(w, u, right=False)],
        "most_likely": [lambda w, u: w.max(dim=1).indices],
    },
    "score_function_loss": {
        "sign_flipped": [lambda s, a, r: -loss(s, a, r)],
        "summed": [lambda s, a, r: loss(s, a, r, by=0)],
        "rewards_not_detached": [
            lambda s, a, r: (r * F.nll_loss(s.log_softmax(1), a, reduction="none")).mean()
        ],
        "no_log": [lambda s, a, r: -(r.detach() * at_places(F.softmax(s, 1), a)).mean()],
        "every_pair": [
            lambda s, a, r: -(s.log_softmax(1)[:, a] * r.detach().unsqueeze(1)).sum() / len(a) ** 2
        ],
        "every_pair_across": [lambda s, a, r: -(r.data * F.log_softmax(s, 1)[:, a]).mean()],
    },
    "expected_gradient": {
        "no_mean": [lambda w, r: torch.einsum("...n,...n->...n", w, r)],
        "plain_mean": [
            lambda w, r: w * r - w * r.sum(-1).unsqueeze(-1) / r.shape[-1],
        ],
        "downhill": [lambda w, r: w * (torch.einsum("...n,...n->...", w, r)[..., None] - r)],
        "diagonal_only": [
            lambda w, r: (torch.diag_embed(w - w * w) @ r[..., None])[..., 0],
        ],
    },
    "estimator_variance": {
        "mean_square": [second_moment],
        "unweighted": [lambda w, r, b=0.0: spread(w, r, b, torch.full_like(w, 1 / len(w)))],
        "deviation": [lambda w, r, b=0.0: spread(w, r, b, root=0.5)],
        "weights_as_column": [one_weight_off],
        "no_pull_down": [lambda w, r, b=0.0: spread(w, r, b, table=torch.diag(torch.ones_like(w)))],
    },
    "others_mean": {
        "own_reward_included": [lambda r: torch.mean(r + 0.0, 1)[:, None].repeat(1, r.shape[1])],
        "sum_of_others": [lambda r: of_rest(r, mean=False)],
        "other_images": [lambda r: of_rest(r, axis=0), lambda r: (r.sum(0) - r) / (r.shape[0] - 1)],
        "divided_by_k": [lambda r: of_rest(r, mean=False) / r.shape[1]],
        "whole_numbers_kept": [in_place],
    },
    "reinforce_loss": {
        "no_detach": [lambda s, a, r, b: both(s, a, r, b, advantage=r.detach() - b)],
        "no_baseline_error": [lambda s, a, r, b: both(s, a, r, b, error=0.0)],
        "baseline_unused": [lambda s, a, r, b: both(s, a, r, b, advantage=r.detach())],
        "rewards_not_detached": [lambda s, a, r, b: both(s, a, r, b, error=F.mse_loss(b, r))],
        "error_subtracted": [
            lambda s, a, r, b: both(s, a, r, b, error=-((b - r.detach()) ** 2).mean())
        ],
    },
    "gumbel_softmax": {
        "no_noise": [lambda s, u, t: sharpen(s, t)],
        "plain_uniform": [lambda s, u, t: sharpen(s + u, t)],
        "sign_of_noise": [lambda s, u, t: sharpen(s + torch.log(torch.log(1 / u)), t)],
        "one_log": [lambda s, u, t: sharpen(s + torch.log(1 / u), t)],
        "noise_not_divided": [lambda s, u, t: sharpen(s + t * gumbel(u), t)],
        "no_temperature": [lambda s, u, t: sharpen(s + gumbel(u), 1.0)],
    },
    "straight_through": {
        "no_gradient": [lambda w: (one_hot(w) - w + w).detach(), one_hot],
        "masked_weights": [lambda w: torch.where(one_hot(w) == 1, w, 0.0)],
        "detached_wrong_way": [lambda w: torch.add(w, one_hot(w))],
        "all_the_largest": [
            lambda w: w + ((w == w.max(-1, keepdim=True).values).to(w.dtype) - w).detach()
        ],
        "over_the_batch": [
            lambda w: w + (torch.zeros_like(w).scatter(0, w.max(0).indices[None], 1.0) - w).detach()
        ],
    },
    "squeeze_excite": {
        "no_relu": [lambda x, a, b: of_pixels(x, a, b, between=lambda z: z)],
        "no_sigmoid": [lambda x, a, b: of_pixels(x, a, b, gate=lambda z: z)],
        "max_pooled": [
            lambda x, a, b: of_pixels(x, a, b, lambda x: F.adaptive_max_pool2d(x, 1)[..., 0, 0])
        ],
        "summed": [lambda x, a, b: of_pixels(x, a, b, lambda x: x.flatten(2).sum(-1))],
        "softmax_gates": [lambda x, a, b: of_pixels(x, a, b, gate=lambda z: F.softmax(z, 1))],
    },
}

NEAR = {
    "draw_places": [
        lambda w, u: search(w, 1 - u),
        lambda w, u: search(w.flip(-1), u),
    ],
    "score_function_loss": [
        lambda s, a, r: loss(s, a, r) / 2,
        lambda s, a, r: loss(s, a, r - r.mean()),
    ],
    "expected_gradient": [
        lambda w, r: w * (r - r.amax(-1, keepdim=True)),
        lambda w, r: w * (r - (w * r).sum(-1, keepdim=True)) / w.shape[-1],
    ],
    "estimator_variance": [
        lambda w, r, b=0.0: 2 * spread(w, r, b),
        lambda w, r, b=0.0: spread(w, r - r.mean(), b),
    ],
    "others_mean": [
        lambda r: (r.sum(-1, keepdim=True) - r) / (r.shape[-1] - 1) / 2,
        lambda r: (r.sum(-1, keepdim=True) - r) / (r.shape[-1] + 1),
    ],
    "reinforce_loss": [
        lambda s, a, r, b: both(s, a, r, b, error=F.mse_loss(b, r.detach()) / 2),
        lambda s, a, r, b: both(s, a, r, b, error=F.l1_loss(b, r.detach())),
    ],
    "gumbel_softmax": [
        lambda s, u, t: sharpen(s * gumbel(u), t),
        lambda s, u, t: sharpen(s + gumbel(u), t**2),
    ],
    "straight_through": [
        lambda w: one_hot(-w) + w - w.detach(),
        lambda w: one_hot(w) + 2 * (w - w.detach()),
    ],
    "squeeze_excite": [
        lambda x, a, b: of_pixels(x, a, b, between=torch.tanh),
        lambda x, a, b: of_pixels(x, a, b, gate=torch.tanh),
    ],
}
