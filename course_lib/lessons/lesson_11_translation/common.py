"""What several exercises of lesson 11 share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.noise import pick, rng_of

BEAM = "course_lib.models.beam"
SIZES = range(1, 6)


def sentences(rng: Any, lengths: list[int], n: int, v: int, pad: int) -> Tensor:
    """Return random words (B, n) of a vocabulary of `v`, each row padded after its length."""
    rng = rng_of(rng)
    words = [word for word in range(v) if word != pad]
    out = torch.full((len(lengths), n), pad)
    for row, length in enumerate(lengths):
        out[row, :length] = torch.tensor([pick(rng, words) for _ in range(length)])
    return out


def some_lengths(rng: np.random.Generator, count: int, n: int) -> list[int]:
    """Return `count` lengths from 1 to `n`, the first of them `n`."""
    return [n, *(pick(rng, range(1, n + 1)) for _ in range(count - 1))]
