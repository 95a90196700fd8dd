"""From scores to weights: softmax with a temperature, entropy, and how far dot products spread."""

import torch
from jaxtyping import Float
from torch import Tensor


def softmax(scores: Float[Tensor, "*B N"], temperature: float = 1.0) -> Float[Tensor, "*B N"]:
    """Turn each row of scores into weights that sum to 1: `exp(s / τ) / Σ exp(s / τ)`.

    Args:
        scores: any real numbers; only their differences within a row count.
        temperature: τ > 0. Below 1 the largest score takes more, above 1 the weights even out.

    Returns:
        Weights between 0 and 1; finite for scores of any size.

    >>> softmax(torch.tensor([1000.0, 1000.0]))
    tensor([0.5000, 0.5000])
    """
    scaled = scores / temperature
    powers = torch.exp(scaled - scaled.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


def entropy(weights: Float[Tensor, "*B N"]) -> Float[Tensor, "*B"]:
    """Measure how spread out each row of weights is, in nats: `−Σ w ln w`, with `0 ln 0` as 0.

    Args:
        weights: non-negative, each row sums to 1.

    Returns:
        0 when one weight is 1, `ln N` when all N are equal.

    Paper: Shannon 1948, §6.

    >>> entropy(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    tensor([0.0000, 0.6931])
    """
    return (-torch.xlogy(weights, weights)).sum(-1)


def score_spread(covariance: Float[Tensor, "d d"]) -> Float[Tensor, ""]:
    """Return the standard deviation of the dot product of two independent vectors: `√(Σ C_ij²)`.

    Both have mean 0 and the same covariance. Independent entries of variance 1 give `√d`, the
    scale of dot-product attention (Vaswani et al. 2017, §3.2.1, footnote 4).

    Args:
        covariance: entry [i, j] is the mean of `x_i x_j`.

    >>> score_spread(torch.eye(9))
    tensor(3.)
    """
    return covariance.square().sum().sqrt()
