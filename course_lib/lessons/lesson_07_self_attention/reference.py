"""The course's own versions of lesson 07's smaller exercises."""

from jaxtyping import Float
from torch import Tensor


def map_overlap(weights: Float[Tensor, "*B T S"], known: Float[Tensor, "*B T S"]) -> float:
    """Return how much of the known map the weights cover: the mean over queries of `Σ min(w, m)`.

    It is 1 where both maps are the same and 0 where no query looks at a right place. Rows of the
    known map that are all 0, because nothing is asked there, do not count.

    >>> import torch
    >>> map_overlap(torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[1.0, 0], [0, 1]]))
    0.625
    """
    asked = known.sum(-1) > 0
    shared = weights.minimum(known).sum(-1)
    return float(shared[asked].mean())


def best_without_order(n: int) -> float:
    """Return the best expected share of right answers in reversing `n` distinct tokens unordered.

    >>> best_without_order(2), best_without_order(4) == 1 / 3, best_without_order(5)
    (1.0, True, 0.2)
    """
    return 1 / n if n % 2 else 1 / (n - 1)
