"""Weights in a byte each: a matrix keeps, for every row, the size of one step."""

from collections.abc import Mapping

import torch
from torch import Tensor

#: Ends the name under which the steps of a matrix's rows are kept.
_STEP = ".step"


def pack(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights as bytes: each row of a matrix as `round(w / step)`, −127 to 127.

    Vectors are few and stay in half precision.

    Args:
        state: a `state_dict` of floating-point tensors.

    >>> packed = pack({"w": torch.tensor([[0.5, -1.27], [0.0, 0.0]])})
    >>> packed["w"].tolist()
    [[50, -127], [0, 0]]
    >>> unpack(packed)["w"].tolist()[0]  # doctest: +ELLIPSIS
    [0.5, -1.26...]
    """
    packed = {}
    for name, weight in state.items():
        if weight.dim() < 2:
            packed[name] = weight.half()
            continue
        step = weight.float().flatten(1).abs().amax(1).clamp(min=1e-12) / 127
        packed[name + _STEP] = step
        by_row = step.view(-1, *[1] * (weight.dim() - 1))
        packed[name] = (weight / by_row).round().to(torch.int8)
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return float32 weights from what `pack` made: off by half a step of their row at most."""
    state = {}
    for name, weight in packed.items():
        if name.endswith(_STEP):
            continue
        step = packed.get(name + _STEP)
        by_row = 1.0 if step is None else step.view(-1, *[1] * (weight.dim() - 1))
        state[name] = weight.float() * by_row
    return state
