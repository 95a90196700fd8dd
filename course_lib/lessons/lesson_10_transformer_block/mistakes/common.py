"""What mistakes in several exercises of lesson 10 share."""

import math
from typing import Any

import torch
from torch import Tensor


def normalised(
    x: Tensor,
    eps: float,
    *,
    axis: int | tuple[int, ...] = -1,
    unbiased: bool = False,
    outside: bool = False,
    root: bool = True,
) -> Tensor:
    """Normalise; each switch makes one classic mistake, all off it is right."""
    centred = x - x.mean(axis, keepdim=True)
    variance = x.var(axis, keepdim=True, correction=int(unbiased))
    if outside:
        return centred / (variance.sqrt() + eps)
    return centred / ((variance + eps).sqrt() if root else variance + eps)


def phi(x: Tensor) -> Tensor:
    return (1 + torch.erf(x / math.sqrt(2))) / 2


def gelu(x: Tensor) -> Tensor:
    return x * phi(x)


def silu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def attend(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.attn(x, x, x, mask)
    return out
