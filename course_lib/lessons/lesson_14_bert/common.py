"""What several exercises of lesson 14 share."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.noise import Seed, noise, pick, rng_of


def some_ids(seed: Seed, n: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.asarray(rng_of(seed).integers(n, size=shape)))


def uniform(seed: Seed, *shape: int) -> Tensor:
    return torch.from_numpy(np.asarray(rng_of(seed).random(shape)))


def embed_args(seed: Seed, b: int, t: int, v: int, d: int, room: int) -> tuple[Tensor, ...]:
    rng = rng_of(seed)
    segments = (
        torch.arange(t) >= torch.tensor([[pick(rng, range(t + 1))] for _ in range(b)])
    ).long()
    tables = noise(rng, v, d), noise(rng, t + room, d), noise(rng, 2, d)
    return (some_ids(rng, v, b, t), segments, *tables)
