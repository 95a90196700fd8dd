"""The course's own versions of lesson 02's small exercises: plain Python, then NumPy."""

import math
from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float


def loud_vector() -> list[float]:
    """Return a vector that beats dog (2, 1) for cat (3, 1) by dot product and loses by cosine."""
    return [2.0, 4.0]


def dot_product(x: Sequence[float], y: Sequence[float]) -> float:
    """Multiply two vectors entry by entry and add up.

    >>> dot_product([3.0, 1.0], [2.0, 1.0])
    7.0
    """
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


def cosine_similarity(x: Float[np.ndarray, " d"], y: Float[np.ndarray, " d"]) -> float:
    """Return the cosine of the angle between two vectors: their dot product over both lengths.

    >>> round(cosine_similarity(np.array([3.0, 1.0]), np.array([6.0, 2.0])), 6)
    1.0
    """
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


def all_pairs(
    queries: Float[np.ndarray, "T d"], keys: Float[np.ndarray, "S d"]
) -> Float[np.ndarray, "T S"]:
    """Return the dot product of every query (row) with every key (column).

    >>> all_pairs(np.eye(2), np.array([[3.0, 1.0]])).tolist()
    [[3.0], [1.0]]
    """
    return queries @ keys.T


def most_similar(
    query: Float[np.ndarray, " d"], table: Float[np.ndarray, "N d"], exclude: Collection[int] = ()
) -> int:
    """Return the row of `table` with the largest cosine to `query`, `exclude` left out.

    >>> most_similar(np.array([1.0, 1.0]), np.array([[9.0, 0.0], [1.0, 2.0]]))
    1
    """
    # The query's own length divides every cosine alike, so it cannot change which one is largest.
    cosines = table @ query / np.linalg.norm(table, axis=1)
    cosines[list(exclude)] = -np.inf
    return int(np.argmax(cosines))


def stable_softmax(scores: Float[np.ndarray, "*B N"]) -> Float[np.ndarray, "*B N"]:
    """Turn each row of scores into positive weights that sum to 1, however large the scores are.

    >>> stable_softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
