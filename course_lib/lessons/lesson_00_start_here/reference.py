"""The course's own versions of lesson 00's exercises."""

from jaxtyping import Float
from torch import Tensor


def weighted_mean(weights: Float[Tensor, " S"], values: Float[Tensor, " S"]) -> Float[Tensor, ""]:
    """Return Σ weights[s] · values[s] for weights that sum to 1."""
    return (weights * values).sum()


def weighted_means(
    weights: Float[Tensor, "T S"], values: Float[Tensor, "S d"]
) -> Float[Tensor, "T d"]:
    """Return one weighted mean of the rows of `values` for each row of `weights`."""
    return weights @ values
