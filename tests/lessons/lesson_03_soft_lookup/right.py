"""Right answers to lesson 03, written another way; every one must pass its check."""

import math
from typing import Any

import torch
from einops import einsum, rearrange
from torch import Tensor

from course_lib.attention.soft_lookup import leave_one_out_error, nadaraya_watson


def hard_by_dictionary(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    table = {int(key): value for key, value in zip(keys, values, strict=True)}
    return torch.stack([table.get(int(query), values[0] * 0) for query in queries])


def hard_by_where(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    fits = queries.unsqueeze(1).eq(keys.unsqueeze(0))
    picked = values[fits.int().argmax(1)]
    return torch.where(fits.any(1, keepdim=True), picked, torch.zeros_like(picked))


def hard_by_sum(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    return ((queries[:, None] == keys)[..., None] * values).sum(1)


def mean_by_exponentials(scores: Tensor, values: Tensor) -> Tensor:
    powers = torch.exp(scores - scores.amax(-1, keepdim=True))
    return powers @ values / powers.sum(-1, keepdim=True)


def mean_by_einsum(scores: Tensor, values: Tensor) -> Tensor:
    weights = torch.softmax(scores, dim=-1)
    return einsum(weights, values, "... t s, ... s d -> ... t d")


def mean_by_logsumexp(scores: Tensor, values: Tensor) -> Tensor:
    weights = (scores - scores.logsumexp(-1, keepdim=True)).exp()
    return (weights.unsqueeze(-1) * values.unsqueeze(-3)).sum(-2)


def scores_in_bandwidths(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    away = (queries[..., :, None, :] - keys[..., None, :, :]) / bandwidth
    return -0.5 * (away * away).sum(dim=-1)


def scores_multiplied_out(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    q2 = (queries**2).sum(-1, keepdim=True)
    k2 = (keys**2).sum(-1).unsqueeze(-2)
    return (2 * queries @ keys.mT - q2 - k2) / (2 * bandwidth * bandwidth)


def scores_by_rearrange(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    away = rearrange(queries, "... t d -> ... t 1 d") - rearrange(keys, "... s d -> ... 1 s d")
    return einsum(away, away, "... d, ... d -> ...") / (-2 * bandwidth**2)


def regression_from_kernel(queries: Tensor, keys: Tensor, values: Tensor, bandwidth: Any) -> Tensor:
    scores = scores_by_rearrange(queries, keys, bandwidth)
    kernel = (scores - scores.max(-1, keepdim=True).values).exp()
    return (kernel @ values).div(kernel.sum(-1, keepdim=True))


def regression_by_dot_products(
    queries: Tensor, keys: Tensor, values: Tensor, bandwidth: Any
) -> Tensor:
    half = 0.5 * keys.pow(2).sum(-1)[..., None, :]
    scores = (queries @ keys.transpose(-1, -2) - half) / bandwidth**2
    return torch.softmax(scores, -1) @ values


def error_by_filling(keys: Tensor, values: Tensor, bandwidth: Any) -> Tensor:
    scores = scores_by_rearrange(keys, keys, bandwidth)
    scores = scores.clone().fill_diagonal_(float("-inf"))
    return torch.nn.functional.mse_loss(scores.softmax(-1) @ values, values)


def error_by_loop(keys: Tensor, values: Tensor, bandwidth: Any) -> Tensor:
    total = 0
    for place in range(len(keys)):
        rest = [other for other in range(len(keys)) if other != place]
        guess = nadaraya_watson(keys[[place]], keys[rest], values[rest], bandwidth)
        total = total + (guess[0] - values[place]).square().sum()
    return total / values.numel()


def error_with_large_negative(keys: Tensor, values: Tensor, bandwidth: Any) -> Tensor:
    scores = scores_by_rearrange(keys, keys, bandwidth)
    scores = scores - torch.eye(len(keys), dtype=keys.dtype, device=keys.device) * 1e12
    return ((scores.softmax(-1) @ values - values) ** 2).mean()


def fit_by_backward(keys: Tensor, values: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = torch.tensor(math.log(start), requires_grad=True)  # float32, which is right too
    for _ in range(steps):
        leave_one_out_error(keys, values, log_h.exp()).backward()
        with torch.no_grad():
            log_h -= rate * log_h.grad
        log_h.grad = None
    return log_h.exp().item()


def fit_by_chain_rule(
    keys: Tensor, values: Tensor, start: float, rate: float, steps: int
) -> Tensor:
    h = torch.tensor(float(start), dtype=torch.float64)
    for _ in range(steps):
        h.requires_grad_()
        (slope,) = torch.autograd.grad(leave_one_out_error(keys, values, h), h)
        h = (h * torch.exp(-rate * h * slope)).detach()
    return h


def fit_by_optimizer(keys: Tensor, values: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64).log())
    optimizer = torch.optim.SGD([log_h], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        leave_one_out_error(keys, values, log_h.exp()).backward()
        optimizer.step()
    return float(log_h.exp())


def gaps_by_where(series: Tensor, bandwidth: float) -> Tensor:
    times = torch.arange(len(series), device=series.device)[:, None].to(series.dtype)
    known = ~torch.isnan(series)
    smooth = nadaraya_watson(times, times[known], series[known][:, None], bandwidth)[:, 0]
    return torch.where(known, series, smooth)


def gaps_one_by_one(series: Tensor, bandwidth: float) -> Tensor:
    known = [place for place, value in enumerate(series.tolist()) if not math.isnan(value)]
    out = series.tolist()
    for place, value in enumerate(out):
        if math.isnan(value):
            scores = torch.tensor([-((place - k) ** 2) / (2 * bandwidth**2) for k in known])
            weights = scores.double().softmax(0).tolist()
            out[place] = sum(w * series[k].item() for w, k in zip(weights, known, strict=True))
    return torch.tensor(out, dtype=series.dtype, device=series.device)


def gaps_by_mask(series: Tensor, bandwidth: float) -> Tensor:
    gap = series.isnan()
    times = torch.arange(len(series), dtype=series.dtype, device=series.device)
    scores = -((times[:, None] - times) ** 2) / (2 * bandwidth**2)
    weights = scores.masked_fill(gap, -torch.inf).softmax(-1)
    return torch.where(gap, weights @ series.nan_to_num(), series)


def dots_by_einsum(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    dots = torch.einsum("...td,...sd->...ts", queries, keys)
    norms = torch.einsum("...sd,...sd->...s", keys, keys)
    return dots / bandwidth**2 - norms[..., None, :] / (2 * bandwidth**2)


def dots_by_one_more_dimension(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    q = torch.cat([queries / bandwidth, torch.ones_like(queries[..., :1])], dim=-1)
    k = keys / bandwidth
    k = torch.cat([k, -k.square().sum(-1, keepdim=True) / 2], dim=-1)
    return q @ k.mT


def dots_by_norm(queries: Tensor, keys: Tensor, bandwidth: Any) -> Tensor:
    length = keys.norm(dim=-1).unsqueeze(-2)
    return (2 * queries @ keys.mT - length**2) * 0.5 / bandwidth**2


RIGHT = {
    "hard_lookup": [hard_by_dictionary, hard_by_where, hard_by_sum],
    "weighted_mean": [mean_by_exponentials, mean_by_einsum, mean_by_logsumexp],
    "gaussian_scores": [scores_in_bandwidths, scores_multiplied_out, scores_by_rearrange],
    "nadaraya_watson": [regression_from_kernel, regression_by_dot_products],
    "leave_one_out_error": [error_by_filling, error_by_loop, error_with_large_negative],
    "fit_bandwidth": [fit_by_backward, fit_by_chain_rule, fit_by_optimizer],
    "fill_gaps": [gaps_by_where, gaps_one_by_one, gaps_by_mask],
    "dot_product_scores": [dots_by_einsum, dots_by_one_more_dimension, dots_by_norm],
}


def error_with_an_eye(keys: Tensor, values: Tensor, bandwidth: Any) -> Tensor:
    itself = torch.eye(len(keys), dtype=torch.bool)
    scores = scores_by_rearrange(keys, keys, bandwidth).masked_fill(itself, -math.inf)
    return (mean_by_einsum(scores, values) - values).square().mean()


#: Right, and written by somebody who does not think of a GPU.
DEVICE_NAIVE = {"leave_one_out_error": [error_with_an_eye]}
