"""Right answers to lesson 00, written another way."""

import einops
import torch


def looped(weights, values):
    total = 0.0
    for weight, value in zip(weights, values, strict=True):
        total = total + weight * value
    return total


def row_by_row(weights, values):
    out = torch.zeros(len(weights), values.shape[1], dtype=values.dtype, device=values.device)
    for t, row in enumerate(weights):
        out[t] = (row[:, None] * values).sum(0)
    return out


RIGHT = {
    "weighted_mean": [
        looped,
        lambda weights, values: weights @ values,
        lambda weights, values: torch.dot(weights, values),
        lambda weights, values: torch.einsum("s,s->", weights, values),
        lambda weights, values: (weights * values).sum() / weights.sum(),
    ],
    "weighted_means": [
        row_by_row,
        lambda weights, values: torch.einsum("ts,sd->td", weights, values),
        lambda weights, values: einops.einsum(weights, values, "t s, s d -> t d"),
        lambda weights, values: (weights[:, :, None] * values).sum(1),
        lambda weights, values: (values.T @ weights.T).T,
    ],
}


def mean_into_zeros(weights, values):
    out = torch.zeros(weights.shape[0], values.shape[1], dtype=values.dtype)
    for t in range(weights.shape[0]):
        for s in range(values.shape[0]):
            out[t] += weights[t, s] * values[s]
    return out


#: Right, and written by somebody who does not think of a GPU.
DEVICE_NAIVE = {"weighted_means": [mean_into_zeros]}
