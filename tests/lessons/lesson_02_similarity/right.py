"""Right answers to lesson 02, written in ways that the course does not."""

import math
from functools import reduce
from operator import mul
from typing import Any

import einops
import numpy as np
import torch
from torch import Tensor


def dot_by_index(x: list[float], y: list[float]) -> float:
    total = 0
    i = 0
    while i < len(x):
        total = total + y[i] * x[i]
        i += 1
    return total


def dot_recursive(x: list[float], y: list[float]) -> float:
    return x[0] * y[0] + (dot_recursive(x[1:], y[1:]) if len(x) > 1 else 0)


def cosine_of_units(x: np.ndarray, y: np.ndarray) -> np.floating:
    return (x / np.sqrt((x**2).sum())) @ (y / np.sqrt((y**2).sum()))


def cosine_plain(x: np.ndarray, y: np.ndarray) -> float:
    total = sum(a * b for a, b in zip(x, y, strict=True))
    return total / math.hypot(*x) / math.hypot(*y)


def pairs_by_loops(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    out = np.zeros((len(queries), len(keys)))
    for t, query in enumerate(queries):
        for s, key in enumerate(keys):
            out[t, s] = (query * key).sum()
    return out


def similar_by_sorting(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    units = table / np.linalg.norm(table, axis=1, keepdims=True)
    for row in np.argsort(units @ query)[::-1]:
        if row not in exclude:
            return row
    raise ValueError


def similar_by_loop(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    def cosine(row: np.ndarray) -> float:
        return float(row @ query / np.sqrt(row @ row) / np.sqrt(query @ query))

    return max(
        (i for i in range(len(table)) if i not in set(exclude)), key=lambda i: cosine(table[i])
    )


def similar_by_mask(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    out = np.isin(np.arange(len(table)), np.array(list(exclude), dtype=int))
    return np.where(out, -2.0, table @ query / np.sqrt((table**2).sum(1))).argmax()


def softmax_in_place(scores: np.ndarray) -> np.ndarray:
    own = scores.copy()
    own -= own.max(axis=-1, keepdims=True)
    np.exp(own, out=own)
    own /= own.sum(axis=-1, keepdims=True)
    return own


def softmax_by_rows(scores: np.ndarray) -> np.ndarray:
    if scores.ndim == 1:
        powers = np.exp(scores - max(scores))
        return powers / sum(powers)
    return np.stack([softmax_by_rows(row) for row in scores])


def softmax_by_logs(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))


def softmax_by_differences(scores: np.ndarray) -> np.ndarray:
    gaps = np.minimum(scores[..., None, :] - scores[..., :, None], 700)
    return 1 / np.exp(gaps).sum(-1)


def torch_by_hand(scores: Tensor, temperature: float = 1.0) -> Tensor:
    shifted = scores - scores.max(dim=-1, keepdim=True).values
    powers = torch.exp(shifted / temperature)
    return powers / einops.reduce(powers, "... n -> ... 1", "sum")


def torch_by_logs(scores: Tensor, temperature: float = 1.0) -> Tensor:
    scaled = scores * (1 / temperature)
    return (scaled - scaled.logsumexp(-1, keepdim=True)).exp()


def entropy_where(weights: Tensor) -> Tensor:
    safe = torch.where(weights > 0, weights, torch.ones_like(weights))
    return -(weights * safe.log()).sum(dim=-1)


def spread_by_loop(covariance: Tensor) -> Tensor:
    total = covariance.new_zeros(())
    for row in covariance:
        for entry in row:
            total = total + entry * entry
    return torch.sqrt(total)


RIGHT = {
    "loud_vector": [
        lambda: (1, 5),
        lambda: np.array([0.0, 8.0]),
        lambda: torch.tensor([2.5, 0.0]),
        lambda: [20, -20],
        lambda: [7.001 / 3, 0],
    ],
    "dot_product": [
        dot_by_index,
        dot_recursive,
        lambda x, y: sum(map(mul, x, y)),
        lambda x, y: reduce(
            lambda total, pair: total + pair[0] * pair[1], zip(x, y, strict=True), 0
        ),
        lambda x, y: (np.array(x) * np.array(y)).sum(),
        lambda x, y: math.fsum(a * b for a, b in zip(x, y, strict=True)),
    ],
    "cosine_similarity": [
        cosine_of_units,
        cosine_plain,
        lambda x, y: np.dot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y)),
        lambda x, y: x @ y * (x @ x) ** -0.5 * (y @ y) ** -0.5,
        lambda x, y: np.einsum("i,i", x, y) / np.sqrt(np.einsum("i,i,j,j", x, x, y, y)),
    ],
    "all_pairs": [
        pairs_by_loops,
        lambda queries, keys: np.einsum("td,sd->ts", queries, keys),
        lambda queries, keys: (keys @ queries.T).T,
        lambda queries, keys: (queries[:, None] * keys).sum(-1),
        lambda queries, keys: np.inner(queries, keys),
        lambda queries, keys: np.array([keys @ query for query in queries]),
    ],
    "most_similar": [similar_by_sorting, similar_by_loop, similar_by_mask],
    "stable_softmax": [
        softmax_in_place,
        softmax_by_rows,
        softmax_by_logs,
        softmax_by_differences,
        lambda scores: np.exp(
            scores
            - (scores.max(-1) + np.log(np.exp(scores.T - scores.max(-1).T).sum(0).T))[..., None]
        ),
    ],
    "softmax": [
        torch_by_hand,
        torch_by_logs,
        lambda scores, temperature=1.0: torch.nn.functional.softmax(scores / temperature, dim=-1),
        lambda scores, temperature=1.0: torch.log_softmax(scores / temperature, -1).exp(),
        lambda scores, temperature=1: scores.div(temperature).softmax(scores.ndim - 1),
    ],
    "entropy": [
        entropy_where,
        lambda weights: -torch.xlogy(weights, weights).sum(-1),
        lambda weights: (weights * -weights.clamp_min(1e-30).log()).sum(-1),
        lambda weights: -(weights * torch.log(weights + 1e-12)).sum(dim=-1),
        lambda weights: -torch.nansum(weights * weights.log(), dim=-1),
        lambda weights: -torch.log2(weights.clamp(min=1e-30)).mul(weights).sum(-1) * math.log(2),
    ],
    "score_spread": [
        spread_by_loop,
        lambda covariance: torch.linalg.norm(covariance),
        lambda covariance: torch.einsum("ij,ij->", covariance, covariance) ** 0.5,
        lambda covariance: (covariance @ covariance.T).trace().sqrt(),
        lambda covariance: covariance.flatten().norm(),
    ],
}
