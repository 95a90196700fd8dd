"""Seeded numbers that are the same on every platform (NumPy's Philox)."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch

Option = TypeVar("Option")

#: A number, or a generator to draw from.
Seed = int | np.random.Generator


def generator(seed: int) -> np.random.Generator:
    """Return NumPy's counter-based Philox generator, equal everywhere for equal seeds."""
    return np.random.Generator(np.random.Philox(seed))


def rng_of(seed: Seed) -> np.random.Generator:
    """Return a generator: the one given, or that of a number."""
    return seed if isinstance(seed, np.random.Generator) else generator(seed)


def noise(
    seed: Seed,
    *shape: int,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float64,
) -> torch.Tensor:
    """Return normal noise of the given shape.

    Args:
        seed: a number, or a generator to draw from.
        shape: sizes of the result.
        scale: standard deviation.
        dtype: of the result; the noise is drawn in float64.

    >>> noise(0, 2, 3).shape
    torch.Size([2, 3])
    """
    return torch.from_numpy(np.asarray(rng_of(seed).standard_normal(shape) * scale)).to(dtype)


def noise_array(seed: Seed, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Return normal noise as a float64 NumPy array."""
    return np.asarray(rng_of(seed).standard_normal(shape)) * scale


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """Return one of `options`."""
    return options[int(rng.integers(len(options)))]
