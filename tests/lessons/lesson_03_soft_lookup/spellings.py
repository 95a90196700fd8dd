"""Listed mistakes of lesson 03 in other code, and near ones that no list holds."""

import math
from typing import Any

import torch
from torch import Tensor


def _apart(q: Tensor, k: Tensor) -> Tensor:
    return torch.cdist(q, k)


def _look_up(q: Tensor, k: Tensor, v: Tensor, default: Any) -> Tensor:
    table = {int(key): value for key, value in zip(k, v, strict=True)}
    return torch.stack([table.get(int(query), default) for query in q])


def _nearest_by_loop(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.stack([v[min(range(len(k)), key=lambda s: abs(int(k[s] - x)))] for x in q])


def _kernel_mean(q: Tensor, k: Tensor, v: Tensor, h: Any) -> Tensor:
    kernel = torch.exp(-0.5 * (_apart(q, k) / h) ** 2)
    return torch.einsum("...ts,...sd->...td", kernel, v)


def _guesses(k: Tensor, v: Tensor, h: Any) -> Tensor:
    scores = -0.5 * (k[:, None] - k[None]).pow(2).sum(2) / h**2
    scores.diagonal().fill_(-math.inf)
    return torch.softmax(scores, 1) @ v


def _left_in(k: Tensor, v: Tensor, h: Any) -> Tensor:
    total = torch.zeros((), dtype=v.dtype)
    for place in range(len(k)):
        scores = -0.5 * (k - k[place]).pow(2).sum(1) / h**2
        total = total + (scores.softmax(0) @ v - v[place]).pow(2).sum()
    return total / v.numel()


def _twins_left_out(k: Tensor, v: Tensor, h: Any) -> Tensor:
    scores = -0.5 * (k[:, None] - k[None]).pow(2).sum(2) / h**2
    weights = scores.masked_fill(scores == 0, -math.inf).softmax(1)
    return (weights @ v - v).pow(2).mean()


def _fit(k: Tensor, v: Tensor, start: Any, rounds: int, step: Any) -> float:
    h = torch.tensor(float(start), dtype=torch.float64)
    for _ in range(rounds):
        leaf = h.clone().requires_grad_()
        (slope,) = torch.autograd.grad((_guesses(k, v, leaf) - v).square().mean(), leaf)
        h = step(h, slope)
    return float(h)


def _fit_up(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _fit(k, v, start, steps, lambda h, g: h * torch.exp(rate * g * h))


def _fit_h(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _fit(k, v, start, steps, lambda h, g: h - rate * g)


def _fit_short(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _fit(k, v, start, steps - 1, lambda h, g: h * torch.exp(-rate * g * h))


def _fit_signs(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _fit(k, v, start, steps, lambda h, g: h * torch.exp(-rate * g.sign()))


def _fit_twice(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _fit(k, v, start, steps, lambda h, g: h * torch.exp(-2 * rate * g * h))


def _smooth(series: Tensor, h: float, known: Tensor) -> Tensor:
    at = torch.arange(len(series), dtype=series.dtype)
    scores = -0.5 * ((at[:, None] - at[None]) / h) ** 2
    return scores.masked_fill(~known, -math.inf).softmax(1) @ series.nan_to_num(0.0)


def _fill_by_loop(series: Tensor, h: float) -> Tensor:
    known = [x for x in series.tolist() if x == x]
    found = [sum(known) / len(known) if x != x else x for x in series.tolist()]
    return torch.tensor(found, dtype=series.dtype)


def _only_past(series: Tensor, h: float) -> Tensor:
    at = torch.arange(len(series))
    scores = -0.5 * ((at[:, None] - at[None]).to(series.dtype) / h) ** 2
    hidden = series.isnan() | (at[None] > at[:, None])
    weights = scores.masked_fill(hidden, -math.inf).softmax(1)
    return torch.where(series.isnan(), weights @ series.nan_to_num(), series)


SPELT = {
    "hard_lookup": {
        "nearest_key": [_nearest_by_loop],
        "first_when_missing": [lambda q, k, v: _look_up(q, k, v, v[0])],
        "nan_when_missing": [lambda q, k, v: _look_up(q, k, v, v[0] * math.nan)],
        "drops_missing": [
            lambda q, k, v: torch.stack([v[s] for x in q for s in range(len(k)) if k[s] == x])
        ],
        "returns_weights": [lambda q, k, v: torch.eq(q.unsqueeze(1), k).double()],
    },
    "weighted_mean": {
        "not_normalised": [lambda s, v: torch.einsum("...ts,...sd->...td", torch.exp(s), v)],
        "over_queries": [lambda s, v: torch.softmax(s.transpose(-1, -2), -1).transpose(-1, -2) @ v],
        "scores_as_weights": [lambda s, v: (s[..., None] * v[..., None, :, :]).sum(-2)],
        "winner_takes_all": [
            lambda s, v: torch.nn.functional.one_hot(s.max(-1).indices, s.shape[-1]).to(v.dtype) @ v
        ],
    },
    "gaussian_scores": {
        "distance_not_squared": [lambda q, k, h: -_apart(q, k) / (2 * h * h)],
        "no_half": [lambda q, k, h: -((_apart(q, k) / h) ** 2)],
        "bandwidth_not_squared": [lambda q, k, h: -0.5 * _apart(q, k).pow(2) / h],
        "kernel_not_log": [lambda q, k, h: torch.exp(-0.5 * _apart(q, k).pow(2) / h**2)],
        "no_minus": [lambda q, k, h: 0.5 * (_apart(q, k) / h).square()],
    },
    "nadaraya_watson": {
        "not_normalised": [_kernel_mean],
        "no_half": [lambda q, k, v, h: torch.softmax(-((_apart(q, k) / h) ** 2), -1) @ v],
        "distance_not_squared": [
            lambda q, k, v, h: torch.softmax(-_apart(q, k) / (2 * h * h), -1) @ v
        ],
        "underflows": [
            lambda q, k, v, h: (
                _kernel_mean(q, k, v, h) / _kernel_mean(q, k, torch.ones_like(v[..., :1]), h)
            )
        ],
    },
    "leave_one_out_error": {
        "itself_left_in": [_left_in],
        "sum_not_mean": [lambda k, v, h: torch.sum((v - _guesses(k, v, h)) ** 2)],
        "sum_over_width": [lambda k, v, h: ((v - _guesses(k, v, h)) ** 2).sum() / len(v)],
        "absolute": [lambda k, v, h: torch.nn.functional.l1_loss(_guesses(k, v, h), v)],
        "root": [lambda k, v, h: torch.sqrt(torch.mean((v - _guesses(k, v, h)) ** 2))],
    },
    "fit_bandwidth": {
        "ascends": [_fit_up],
        "on_h_itself": [_fit_h],
        "one_step_short": [_fit_short],
        "never_moves": [lambda k, v, start, rate, steps: torch.tensor(start).double()],
    },
    "fill_gaps": {
        "smooths_everything": [lambda s, h: _smooth(s, h, ~s.isnan())],
        "zeros": [lambda s, h: s.nan_to_num(0.0)],
        "mean": [_fill_by_loop],
        "zeros_among_values": [
            lambda s, h: s.where(~s.isnan(), _smooth(s, h, torch.ones(len(s)).bool()))
        ],
        "gaps_among_values": [lambda s, h: s.clone()],
    },
    "dot_product_scores": {
        "no_key_term": [lambda q, k, h: torch.einsum("...td,...sd->...ts", q / h, k / h)],
        "no_half": [lambda q, k, h: (q @ k.mT - (k**2).sum(-1)[..., None, :]) / (h * h)],
        "query_norm_kept": [lambda q, k, h: -0.5 * (_apart(q, k) / h) ** 2],
        "plus": [lambda q, k, h: (q @ k.mT + 0.5 * (k * k).sum(-1)[..., None, :]) / h**2],
    },
}

NEAR = {
    "hard_lookup": [
        lambda q, k, v: _look_up(q, k, v, torch.ones_like(v[0])),
        lambda q, k, v: _look_up(q, k, v, v[-1]),
        lambda q, k, v: (q[:, None] != k).to(v.dtype) @ v,
    ],
    "weighted_mean": [
        lambda s, v: torch.sigmoid(s) @ v,
        lambda s, v: torch.softmax(-s, -1) @ v,
        lambda s, v: s.softmax(-1) @ v.flip(-2),
    ],
    "gaussian_scores": [
        lambda q, k, h: -0.5 * torch.cdist(q, k, p=1) ** 2 / h**2,
        lambda q, k, h: -0.5 * (_apart(q, k) / h) ** 2 - math.log(2 * math.pi) / 2,
        lambda q, k, h: -_apart(q, k) / h,
    ],
    "nadaraya_watson": [
        lambda q, k, v, h: torch.softmax(q @ k.mT / h**2, -1) @ v,
        lambda q, k, v, h: torch.softmax(-_apart(q, k) / h, -1) @ v,
    ],
    "leave_one_out_error": [
        _twins_left_out,
        lambda k, v, h: (_guesses(k, v, h) - v).square().mean() / 2,
        lambda k, v, h: (_guesses(k, v, h) - v).square().amax(-1).mean(),
    ],
    "fit_bandwidth": [_fit_signs, _fit_twice],
    "fill_gaps": [
        _only_past,
        lambda s, h: s.nan_to_num(1.0),
        lambda s, h: s.where(~s.isnan(), s.nanmedian()),
    ],
    "dot_product_scores": [
        lambda q, k, h: (q @ k.mT - k.sum(-1).square()[..., None, :] / 2) / h**2,
        lambda q, k, h: q @ k.mT - (k**2).sum(-1)[..., None, :] / 2,
        lambda q, k, h: (q @ k.mT / h - (k**2).sum(-1)[..., None, :] / 2) / h,
    ],
}
