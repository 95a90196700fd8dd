"""Lesson 02: listed mistakes in another spelling, and near ones that no name fits."""

import math

import numpy as np
import torch


def by_index(x, y):
    return float(sum(a * y[x.index(a)] for a in x))


def by_dictionary(x, y):
    return float(sum(a * b for a, b in dict(zip(x, y, strict=True)).items()))


def all_crossed(x, y):
    total = 0
    for a in x:
        for b in y:
            total += a * b
    return total


def overwritten(x, y):
    for place in range(len(x)):
        total = x[place] * y[place]
    return total


def length(x):
    return math.sqrt(sum(a * a for a in x.tolist()))


def cosine(x, y, power=1.0):
    return float(np.inner(x, y)) / (length(x) * length(y)) ** power


def loop_pairs(queries, keys, measure=np.dot):
    return np.array([[measure(q, k) for k in keys] for q in queries])


def best(query, table, exclude=(), score=cosine, start=-np.inf):
    winner, most = 0, start
    for place, row in enumerate(table):
        if place not in exclude and score(row, query) > most:
            winner, most = place, score(row, query)
    return winner


def best_with_zeros(query, table, exclude=()):
    scores = np.array([cosine(row, query) for row in table])
    for place in exclude:
        scores[place] = 0
    return int(scores.argmax())


def exponentials(scores, shift=0.0, axis=-1):
    powers = np.exp(scores - shift)
    return powers / np.sum(powers, axis=axis, keepdims=True)


def row_by_row(scores, change):
    rows = scores.reshape(-1, scores.shape[-1])
    return np.stack([change(row) for row in rows]).reshape(scores.shape)


def weights_of(scores, temperature=1.0, power=1.0):
    shifted = (scores - scores.max(-1, keepdim=True).values) / temperature**power
    powers = shifted.exp()
    return powers / powers.sum(-1, keepdim=True)


def terms(weights, base=None, floor=0.0):
    logs = torch.where(weights > 0, weights, torch.ones_like(weights)).log()
    return weights * (logs if base is None else logs / math.log(base))


SPELT = {
    "loud_vector": {
        "zero": [lambda: (0, 0)],
        "wins_both": [lambda: [3.0, 1.0], lambda: np.array([30.0, 12.0])],
        "loses_both": [lambda: [0.1, 0.1]],
    },
    "dot_product": {
        "last_pair_only": [overwritten, lambda x, y: x[-1] * y[-1]],
        "every_with_every": [all_crossed, lambda x, y: sum(x) * sum(y)],
        "list_of_products": [lambda x, y: list((np.array(x) * np.array(y)).tolist())],
    },
    "cosine_similarity": {
        "no_norms": [lambda x, y: float((x * y).sum())],
        "squared_norms": [lambda x, y: cosine(x, y, power=2.0)],
        "only_x_norm": [lambda x, y: sum(x * y) / length(x)],
    },
    "all_pairs": {
        "transposed": [lambda queries, keys: loop_pairs(keys, queries)],
        "cosines": [lambda queries, keys: loop_pairs(queries, keys, cosine)],
        "scaled": [lambda queries, keys: loop_pairs(queries, keys) / queries.shape[1] ** 0.5],
    },
    "most_similar": {
        "dot_product": [lambda *args, exclude=(): best(*args, exclude, score=np.dot)],
        "ignores_exclude": [lambda query, table, exclude=(): best(query, table)],
        "excluded_get_zero": [best_with_zeros],
    },
    "stable_softmax": {
        "no_max": [exponentials],
        "max_of_everything": [lambda scores: exponentials(scores, scores.max())],
        "not_normalised": [lambda scores: row_by_row(scores, lambda r: np.exp(r - max(r)))],
        "divides_by_max": [lambda scores: row_by_row(scores, lambda r: exponentials(r / max(r)))],
    },
    "softmax": {
        "multiplied": [lambda scores, temperature=1.0: weights_of(scores, temperature, -1.0)],
        "ignored": [lambda scores, temperature=1.0: weights_of(scores)],
        "after_softmax": [lambda scores, temperature=1.0: weights_of(scores).div(temperature)],
    },
    "entropy": {
        "sign": [lambda weights: terms(weights).sum(-1)],
        "bits": [lambda weights: -terms(weights, base=2).sum(-1)],
        "log_of_zero": [lambda weights: -torch.sum(weights * torch.log(weights), dim=-1)],
        "mean": [lambda weights: -terms(weights).sum(-1) / weights.shape[-1]],
    },
    "score_spread": {
        "variance": [lambda covariance: torch.trace(covariance @ covariance.T)],
        "trace": [lambda covariance: torch.trace(covariance) ** 0.5],
        "diagonal_only": [lambda covariance: torch.linalg.vector_norm(torch.diag(covariance))],
    },
}

NEAR = {
    "loud_vector": [lambda: [1.0, 2.0, 3.0], lambda: [math.nan, 1.0]],
    "dot_product": [by_index, by_dictionary],
    "cosine_similarity": [
        lambda x, y: cosine(x, y) ** 3,
        lambda x, y: cosine(x - x.mean(), y - y.mean()) if len(x) > 1 else 1.0,
    ],
    "all_pairs": [
        lambda queries, keys: loop_pairs(queries, keys)[:, ::-1].copy(),
        lambda queries, keys: loop_pairs(queries, keys, lambda q, k: abs(q - k).sum()),
    ],
    "most_similar": [
        lambda *args, exclude=(): best(*args, exclude, start=0),
        lambda *args, exclude=(): best(*args, exclude) + 1,
    ],
    "stable_softmax": [
        lambda scores: exponentials(scores, scores.max(-1, keepdims=True))[..., ::-1].copy(),
        lambda scores: row_by_row(scores, lambda r: (r == r.max()) / (r == r.max()).sum()),
    ],
    "softmax": [
        lambda scores, temperature=1.0: weights_of(scores, temperature, 2.0),
        lambda scores, temperature=1.0: weights_of(scores, temperature, 0.5),
    ],
    "entropy": [
        lambda weights: -terms(weights).amin(-1),
        lambda weights: -(terms(weights) + terms(1 - weights)).sum(-1),
    ],
    "score_spread": [
        lambda covariance: covariance.square().sum().sqrt() / 2,
        lambda covariance: torch.linalg.det(covariance).abs().sqrt(),
    ],
}
