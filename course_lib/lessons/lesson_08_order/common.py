"""What several exercises of lesson 08 share."""

import math

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.draws import double
from course_lib.checking.noise import pick

POSITIONS = "course_lib.attention.positions"
B, H, T, S, D, DV = 2, 3, 5, 7, 6, 4
BASE = 10_000.0


def places(*numbers: float) -> Tensor:
    """Positions in float64."""
    return double(numbers)


def any_places(rng: np.random.Generator, n: int) -> Tensor:
    """Some positions in rising order, not always from 0 and not always whole."""
    start, step = pick(rng, range(20)), pick(rng, (1.0, 1.0, 2.0, 0.5))
    return start + step * torch.arange(n, dtype=torch.float64)


def angle_oracle(positions: Tensor, d: int, base: float = BASE) -> Tensor:
    """Column by column, each with its frequency as a Python float."""
    frequencies = [math.exp(-math.log(base) * 2 * i / d) for i in range(d // 2)]
    return torch.stack([positions * frequency for frequency in frequencies], -1)


def rotate_oracle(x: Tensor, positions: Tensor) -> Tensor:
    """Each pair as a complex number, times e^(i·angle)."""
    first, second = x.chunk(2, -1)
    angle = angle_oracle(positions, x.shape[-1])
    out = torch.complex(first, second) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([out.real, out.imag], -1)


def slope_oracle(n_heads: int) -> list[float]:
    """Exponents written out: −8h/P for h = 1 … P, then −4h/P for odd h, where P ≤ H is a power of 2."""
    power = max(2**e for e in range(n_heads) if 2**e <= n_heads)
    exponents = [8 * h / power for h in range(1, power + 1)]
    exponents += [4 * h / power for h in range(1, 2 * (n_heads - power), 2)]
    return [0.5**exponent for exponent in exponents]
