"""What several exercises of lesson 07 share."""

from typing import Any

from torch import Tensor

from course_lib.checking.case import Case

B, H, T, D, DH = 2, 3, 5, 7, 11
MECHANISMS = "course_lib.attention.self_attention"


def in_range(value: Tensor, low: Tensor, high: Tensor) -> bool:
    return bool(((value >= low - 1e-6) & (value <= high + 1e-6)).all())


def layer_case(
    label: str,
    x: Tensor,
    state: dict[str, Tensor],
    mask: Tensor | None = None,
    **more: Any,
) -> Case:
    d_head, d_model = state["w_v.weight"].shape
    args = (x,) if mask is None else (x, mask)
    init = {"d_model": d_model, "d_head": d_head}
    return Case(label=label, args=args, init=init, state=state, **more)
