"""What cases and samples are drawn from: sizes, leading axes, ids, shares, weights, masks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.noise import Seed, noise, rng_of

#: The sizes of the axes before a mechanism's own: none, a batch, a batch of heads.
Lead = tuple[int, ...]


def double(rows: Any) -> Tensor:
    """Return numbers as a tensor in float64."""
    return torch.tensor(rows, dtype=torch.float64)


def many(lead: Lead, what: str = "sequence") -> str:
    """Return how leading sizes read.

    >>> many(()), many((2, 3), "set")
    ('one sequence', '2 × 3 sets')
    """
    return f"{' × '.join(map(str, lead)) or 'one'} {what}{'s' * bool(lead)}"


def leads(*sizes: int) -> list[Lead]:
    """Return no leading axis, the first one, the first two, and so on.

    >>> leads(2, 3)
    [(), (2,), (2, 3)]
    """
    return [sizes[:n] for n in range(len(sizes) + 1)]


def draw_lead(rng: np.random.Generator, *sizes: int) -> Lead:
    """Return one of `leads(*sizes)`."""
    return leads(*sizes)[int(rng.integers(len(sizes) + 1))]


def draw_sizes(rng: np.random.Generator, *most: int) -> tuple[int, ...]:
    """Return one size from 1 to each of `most`."""
    return tuple(1 + int(rng.integers(top)) for top in most)


def coin(rng: np.random.Generator, share: float = 0.5) -> bool:
    """Return True with a chance of `share`."""
    return bool(rng.random() < share)


def draw_marks(rng: np.random.Generator, vocab_size: int) -> tuple[int, int]:
    """Return two different ids: a start and an end, say."""
    start, end = rng.permutation(vocab_size)[:2]
    return int(start), int(end)


def draw_ids(seed: Seed, n: int, *shape: int) -> Tensor:
    """Return whole numbers from 0 to n − 1."""
    return torch.from_numpy(np.asarray(rng_of(seed).integers(n, size=shape)))


def draw_uniform(seed: Seed, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return numbers that lie evenly between `low` and `high`."""
    return torch.from_numpy(np.asarray(rng_of(seed).uniform(low, high, shape)))


def draw_weights(seed: Seed, *shape: int, spread: float = 1.0) -> Tensor:
    """Return rows that sum to 1: the softmax of noise."""
    return noise(seed, *shape, scale=spread).softmax(-1)


def draw_mask(seed: Seed, *shape: int, share: float = 0.5) -> Tensor:
    """Return truth values, each True with a chance of `share`; a row may be empty."""
    return torch.from_numpy(np.asarray(rng_of(seed).random(shape) < share))


def pad_mask(lengths: Sequence[int], n: int) -> Tensor:
    """Return True (B, n) where a row of a length is not padding."""
    return torch.arange(n) < torch.tensor(lengths)[:, None]
