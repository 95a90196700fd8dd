"""What mistakes in several exercises of lesson 08 share."""

import math
from typing import Any

import torch
from torch import Tensor

BASE = 10_000.0


def turned(positions: Tensor, d: int, base: float = BASE, shift: int = 0, two: float = 2) -> Tensor:
    """Angles with switches for classic mistakes; all off, they are right."""
    i = torch.arange(d // 2, dtype=positions.dtype, device=positions.device) + shift
    return positions[:, None] * base ** (-two * i / d)


def woven(first: Tensor, second: Tensor) -> Tensor:
    """Columns of two tensors in turn."""
    return torch.stack([first, second], -1).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v


def spin(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    cos, sin = angle.cos(), angle.sin()
    return first * cos - second * sin, first * sin + second * cos


def spin_halves(x: Tensor, positions: Tensor, **faults: Any) -> Tensor:
    """Rotate halves, with the faults of `turned`."""
    angle = turned(positions.to(x.dtype), x.shape[-1], **faults)
    return torch.cat(spin(*x.chunk(2, -1), angle), -1)


def spin_pairs(x: Tensor, positions: Tensor) -> Tensor:
    """Rotate neighbouring columns, as in the paper."""
    angle = turned(positions.to(x.dtype), x.shape[-1])
    return woven(*spin(x[..., 0::2], x[..., 1::2], angle))


def slopes(n: int) -> list[float]:
    """The right ones."""
    power = 2 ** int(math.log2(n))
    first = [2.0 ** (-8 * h / power) for h in range(1, power + 1)]
    return first + [2.0 ** (-4 * h / power) for h in range(1, 2 * (n - power), 2)]
