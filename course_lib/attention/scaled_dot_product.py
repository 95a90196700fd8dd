"""Scaled dot-product attention, written as its formula: softmax(q kᵀ / √d) v."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


def scaled_scores(
    q: Float[Tensor, "*B T d"], k: Float[Tensor, "*B S d"]
) -> Float[Tensor, "*B T S"]:
    """Compare every query with every key: `q kᵀ / √d`.

    Paper: Vaswani et al. 2017, §3.2.1.

    Args:
        q: queries, one a row.
        k: keys, one a row, as wide as the queries.

    >>> scaled_scores(torch.tensor([[4.0, 0, 0, 0]]), torch.eye(2, 4))
    tensor([[2., 0.]])
    """
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


def masked_softmax(
    scores: Float[Tensor, "*B T S"], mask: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "*B T S"]:
    """Turn each query's scores into weights that sum to 1 over the keys it may attend to.

    Args:
        scores: before the softmax.
        mask: True = may attend; broadcast to `scores`. A query with no key to attend to gets zeros.

    >>> masked_softmax(torch.zeros(2, 2), torch.tensor([[True, False], [False, False]]))
    tensor([[1., 0.],
            [0., 0.]])
    """
    if mask is None:
        return scores.softmax(-1)
    empty = ~mask.any(-1, keepdim=True)
    # An empty row keeps its scores through the softmax, so that no 0/0 appears; then it is zeroed.
    return scores.masked_fill(~mask & ~empty, -torch.inf).softmax(-1).masked_fill(empty, 0.0)


def attend(
    q: Float[Tensor, "*B T d"], k: Float[Tensor, "*B S d"], v: Float[Tensor, "*B S d_v"]
) -> tuple[Float[Tensor, "*B T d_v"], Float[Tensor, "*B T S"]]:
    """Return every query's weighted mean of the values, and the weights: no mask yet.

    >>> out, weights = attend(torch.zeros(1, 2), torch.eye(2), torch.tensor([[1.0], [3.0]]))
    >>> out, weights
    (tensor([[2.]]), tensor([[0.5000, 0.5000]]))
    """
    weights = scaled_scores(q, k).softmax(-1)
    return weights @ v, weights


def scaled_dot_product_attention(
    q: Float[Tensor, "*B T d"],
    k: Float[Tensor, "*B S d"],
    v: Float[Tensor, "*B S d_v"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*B T d_v"]:
    """Return softmax(q kᵀ / √d) v over the keys that each query may attend to.

    Paper: Vaswani et al. 2017, §3.2.1, equation 1.

    Args:
        q: queries.
        k: keys, as wide as the queries.
        v: values, one for each key.
        mask: True = may attend; broadcast to (…, T, S). A query with no key allowed gets zeros.

    >>> q, k = torch.zeros(1, 2), torch.eye(2)
    >>> v, mask = torch.tensor([[1.0], [3.0]]), torch.tensor([[False, True]])
    >>> scaled_dot_product_attention(q, k, v, mask)
    tensor([[3.]])
    """
    return masked_softmax(scaled_scores(q, k), mask) @ v


def fused_attention(
    q: Float[Tensor, "*B T d"],
    k: Float[Tensor, "*B S d"],
    v: Float[Tensor, "*B S d_v"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*B T d_v"]:
    """Return the same as `scaled_dot_product_attention`, by PyTorch's one fused call."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
