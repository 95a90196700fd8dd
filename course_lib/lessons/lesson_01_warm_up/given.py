"""What the exercises of lesson 01 are held against."""

import torch
from torch import Tensor


def autograd(
    x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int, *, clear: bool = True
) -> Tensor:
    """Plain gradient descent by autograd; without `clear`, gradients pile up as in `w.grad`."""
    kept = torch.zeros_like(w)
    with torch.enable_grad():
        for _ in range(steps):
            w = w.detach().requires_grad_()
            (slope,) = torch.autograd.grad(((x @ w - y) ** 2).mean(), w)
            kept = slope if clear else kept + slope
            w = w - rate * kept
    return w.detach()
