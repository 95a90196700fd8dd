"""What several exercises of lesson 14 share."""

import torch
from torch import Tensor

from course_lib.checking.draws import draw_ids
from course_lib.checking.noise import Seed, noise, pick, rng_of


def embed_args(seed: Seed, b: int, t: int, v: int, d: int, room: int) -> tuple[Tensor, ...]:
    rng = rng_of(seed)
    segments = (
        torch.arange(t) >= torch.tensor([[pick(rng, range(t + 1))] for _ in range(b)])
    ).long()
    tables = noise(rng, v, d), noise(rng, t + room, d), noise(rng, 2, d)
    return (draw_ids(rng, v, b, t), segments, *tables)
