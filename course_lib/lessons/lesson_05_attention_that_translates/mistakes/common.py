"""What mistakes in several exercises of lesson 05 share."""

from collections.abc import Callable

import torch
from torch import Tensor


def gru(fault: str) -> Callable[..., Tensor]:
    """Return a GRU step with one fault."""

    def gru_step(
        x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        x_r, x_z, x_n = (x @ w_ih.mT + b_ih).chunk(3, -1)
        h_r, h_z, h_n = (h @ w_hh.mT + (0 if fault == "no b_hh" else b_hh)).chunk(3, -1)
        if fault == "gates swapped":
            x_r, x_z, h_r, h_z = x_z, x_r, h_z, h_r
        gate = torch.tanh if fault == "tanh gates" else torch.sigmoid
        r, z = gate(x_r + h_r), gate(x_z + (0 * h_z if fault == "z from x" else h_z))
        if fault == "reset first":
            h_n = (r * h) @ w_hh.chunk(3)[2].mT + b_hh.chunk(3)[2]
        if fault == "bias outside":
            c = b_hh.chunk(3)[2]
            h_n = h_n - c + c / r
        if fault == "reset on all":
            n = torch.tanh(r * (x_n + h_n))
        elif fault == "reset last":
            n = r * torch.tanh(x_n + h_n)
        else:
            n = (torch.sigmoid if fault == "sigmoid" else torch.tanh)(
                x_n + (h_n if fault == "no reset" else r * h_n)
            )
        if fault == "turned":
            return (1 - z) * h + z * n
        return n if fault == "no update" else (1 - z) * n + z * h

    return gru_step
