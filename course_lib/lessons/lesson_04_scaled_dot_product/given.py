"""Attentions with planted faults, which the bug clinic of lesson 04 is asked about."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def faulty(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    axis: int = -1,
    fill: float = -math.inf,
    after: bool = False,
    flip: bool = False,
    swap: bool = False,
    empty: bool = True,
) -> Tensor:
    """Attention with switches for its classic mistakes; all off, it is right."""
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    keep = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask ^ flip
    if not after:
        scores = scores.masked_fill(~keep, fill)
    weights = scores.softmax(axis)
    if after:
        weights = weights * keep
    if empty:
        weights = weights.masked_fill(~keep.any(-1, keepdim=True), 0.0)
    return weights @ (k if swap else v)


def variant(**switches: Any) -> Callable[..., Tensor]:
    return lambda q, k, v, mask=None: faulty(q, k, v, mask, **switches)
