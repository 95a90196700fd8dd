"""What several exercises of lesson 06 share."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.noise import Seed, noise, pick, rng_of

B, H, N, K = 5, 3, 7, 4


LEADS: dict[str, tuple[int, ...]] = {"one row": (), f"{B} rows": (B,), f"2 × {H} rows": (2, H)}


MECHANISM = "course_lib.attention.hard_attention"


def f64(rows: Any) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def uniform(seed: Seed, *shape: int) -> Tensor:
    """Return uniform noise, never 0 and never 1."""
    rng = rng_of(seed)
    return torch.from_numpy(np.asarray(rng.uniform(1e-6, 1 - 1e-6, shape)))


def some_weights(seed: Seed, *shape: int) -> Tensor:
    return noise(seed, *shape).softmax(-1)


def some_places(seed: Seed, count: int, n: int) -> Tensor:
    rng = rng_of(seed)
    return torch.from_numpy(rng.integers(0, n, count))


def sizes(rng: np.random.Generator, *most: int) -> tuple[int, ...]:
    return tuple(pick(rng, range(1, top + 1)) for top in most)


def leading(rng: np.random.Generator) -> tuple[int, ...]:
    return list(LEADS.values())[pick(rng, range(3))]


def numbers(row: Tensor) -> str:
    return ", ".join(f"{number:.3f}" for number in row.flatten()[:6].tolist())


def loss_oracle(scores: Tensor, places: Tensor, rewards: Tensor) -> Tensor:
    """Weigh the cross-entropy of the chosen places; the rewards are constants."""
    surprise = F.cross_entropy(scores, places, reduction="none")
    return torch.dot(surprise, rewards.detach()) / len(places) + 0 * rewards.sum()
