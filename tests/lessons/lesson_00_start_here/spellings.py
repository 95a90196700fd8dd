"""Lesson 00: listed mistakes in another spelling, and near ones that no name fits."""

import torch


def first_row_loop(weights, values):
    return sum(w * v for w, v in zip(weights[0], values, strict=True))


def argmax_rows(weights, values):
    return torch.stack([values[int(row.max(0).indices)] for row in weights])


def all_but_the_last(weights, values):
    total = torch.zeros((), dtype=values.dtype)
    for place in range(len(values) - 1):
        total = total + weights[place] * values[place]
    return total


SPELT = {
    "weighted_mean": {
        "plain_mean": [lambda weights, values: values.sum() / len(values)],
        "divided_again": [
            lambda weights, values: (weights @ values) / len(values),
            lambda weights, values: torch.mean(weights * values),
        ],
        "not_added": [lambda w, v: torch.stack([a * b for a, b in zip(w, v, strict=True)])],
        "largest_only": [lambda weights, values: values[weights.max(0).indices]],
    },
    "weighted_means": {
        "plain_means": [lambda weights, values: torch.stack([values.mean(0) for _ in weights])],
        "first_row_only": [first_row_loop],
        "largest_only": [argmax_rows],
        "divided_again": [lambda w, v: torch.einsum("ts,sd->td", w, v) / len(v)],
    },
}

NEAR = {
    "weighted_mean": [all_but_the_last, lambda weights, values: weights @ values.flip(0)],
    "weighted_means": [
        lambda weights, values: weights @ values.flip(0),
        lambda weights, values: weights[:, :-1] @ values[:-1],
    ],
}
