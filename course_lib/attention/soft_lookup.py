"""Lookup, from a dictionary that knows exact keys to a weighted mean that answers every query."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def hard_lookup(
    queries: Int[Tensor, " T"], keys: Int[Tensor, " S"], values: Float[Tensor, "S d_v"]
) -> Float[Tensor, "T d_v"]:
    """Answer each query with the value whose key equals it: `weights @ values`, weights 0 or 1.

    Args:
        queries: what is asked for.
        keys: all different.
        values: one row for each key. A query that equals no key gets a row of zeros.

    >>> keys, values = torch.tensor([1956, 1957]), torch.tensor([[141.7], [190.2]])
    >>> hard_lookup(torch.tensor([1957, 1999]), keys, values)
    tensor([[190.2000],
            [  0.0000]])
    """
    weights = queries.unsqueeze(-1) == keys
    return weights.to(values.dtype) @ values


def weighted_mean(
    scores: Float[Tensor, "*B T S"], values: Float[Tensor, "*B S d_v"]
) -> Float[Tensor, "*B T d_v"]:
    """Answer each query with a mean of all values: `softmax(scores) @ values`.

    Args:
        scores: how well query t fits key s; any real numbers.
        values: one row for each key.

    >>> weighted_mean(torch.tensor([[0.0, 0.0, -1000.0]]), torch.tensor([[2.0], [4.0], [9.0]]))
    tensor([[3.]])
    """
    return scores.softmax(-1) @ values


def gaussian_scores(
    queries: Float[Tensor, "*B T d"],
    keys: Float[Tensor, "*B S d"],
    bandwidth: float | Float[Tensor, ""],
) -> Float[Tensor, "*B T S"]:
    """Return the logarithm of a Gaussian kernel: `−‖q − k‖² / 2h²`.

    Args:
        queries: one a row.
        keys: one a row, as wide as the queries.
        bandwidth: h, the distance at which the score has fallen to −1/2; in the unit of the keys.

    >>> gaussian_scores(torch.tensor([[0.0]]), torch.tensor([[0.0], [1.0], [2.0]]), 1.0)
    tensor([[-0.0000, -0.5000, -2.0000]])
    """
    difference = queries.unsqueeze(-2) - keys.unsqueeze(-3)
    return -difference.square().sum(-1) / (2 * bandwidth**2)


def nadaraya_watson(
    queries: Float[Tensor, "*B T d"],
    keys: Float[Tensor, "*B S d"],
    values: Float[Tensor, "*B S d_v"],
    bandwidth: float | Float[Tensor, ""],
) -> Float[Tensor, "*B T d_v"]:
    """Regress by soft lookup: the mean of all values, weighted by a Gaussian kernel.

    Paper: Nadaraya 1964; Watson 1964.

    Args:
        queries: where an answer is wanted.
        keys: where values are known.
        values: one row for each key.
        bandwidth: h, in the unit of the keys.

    >>> keys, values = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [20.0]])
    >>> nadaraya_watson(torch.tensor([[0.5], [9.0]]), keys, values, bandwidth=1.0)
    tensor([[15.0000],
            [19.9980]])
    """
    return weighted_mean(gaussian_scores(queries, keys, bandwidth), values)


def leave_one_out_error(
    keys: Float[Tensor, "S d"], values: Float[Tensor, "S d_v"], bandwidth: float | Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Return the mean squared error when each value is predicted from all others.

    Args:
        keys: at least two.
        values: one row for each key.
        bandwidth: h, in the unit of the keys.

    >>> leave_one_out_error(torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [20.0]]), 1.0)
    tensor(100.)
    """
    scores = gaussian_scores(keys, keys, bandwidth)
    itself = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    others = weighted_mean(scores.masked_fill(itself, -torch.inf), values)
    return (others - values).square().mean()


def dot_product_scores(
    queries: Float[Tensor, "*B T d"],
    keys: Float[Tensor, "*B S d"],
    bandwidth: float | Float[Tensor, ""],
) -> Float[Tensor, "*B T S"]:
    """Return what a softmax sees of the Gaussian scores: `q·k / h² − ‖k‖² / 2h²`.

    −‖q‖²/2h² is the same for every key and left out: a softmax over the keys does not feel it.

    Args:
        queries: one a row.
        keys: one a row, as wide as the queries.
        bandwidth: h, in the unit of the keys.

    >>> keys = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> dot_product_scores(torch.tensor([[1.0, 1.0]]), keys, 1.0)
    tensor([[0.5000, 0.0000]])
    """
    half_norms = keys.square().sum(-1).unsqueeze(-2) / 2
    return (queries @ keys.transpose(-2, -1) - half_norms) / bandwidth**2
