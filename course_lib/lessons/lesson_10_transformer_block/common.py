"""What several exercises of lesson 10 share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.shared import block_state

B, H, T, S, D, D_FF = 2, 3, 5, 7, 12, 17


def norm_args(seed: Seed, *shape: int, scale: float = 1.0, bias: bool = True) -> tuple[Tensor, ...]:
    """Rows that are not centred, a gain, and perhaps a bias."""
    rng = rng_of(seed)
    rows = (noise(rng, *shape) + 0.5 * noise(rng, 1)) * scale
    return (rows, noise(rng, shape[-1]), *((noise(rng, shape[-1]),) if bias else ()))


def norm_cases(bias: bool) -> list[Case]:
    drawn = [((3, 7), 1.0, 1e-5, 0), ((B, T, D), 1.0, 1e-3, 1), ((2, 3, 4, 5), 3.0, 1e-5, 2)]
    small = [((4, 6), 0.02, 1e-3, 3), ((3, 4, 8), 0.1, 0.05, 4)]
    return [
        Case(
            label=f"{' × '.join(map(str, shape))}, spread near {scale:g}, eps {eps:g}, seed {seed}",
            args=(*norm_args(seed, *shape, scale=scale, bias=bias), eps),
            gradients=True,
        )
        for shape, scale, eps, seed in drawn + small
    ]


def norm_sample(rng: np.random.Generator, bias: bool) -> Case:
    shape = tuple(pick(rng, range(1, 5)) for _ in range(pick(rng, (1, 2, 3))))
    scale, eps = pick(rng, (0.1, 1.0, 5.0)), pick(rng, (1e-5, 1e-3, 0.1))
    return Case(label="random", args=(*norm_args(rng, *shape, scale=scale, bias=bias), eps))


def rows_are_normal(call: Any, case: Case, value: Any) -> str | None:
    """Without gain and bias, rows have the mean square that eps leaves them, and the mean asked for."""
    x, gain, *bias, eps = case.args
    rows = (value - bias[0] if bias else value) / gain
    centred = x - x.mean(-1, keepdim=True) if bias else x
    due = centred.square().mean(-1)
    due = due / (due + eps)
    mean, square = rows.mean(-1).flatten()[0], rows.square().mean(-1).flatten()[0]
    if bias and abs(mean) > 1e-3:
        return (
            f"Without gain and bias every row must have mean 0. Yours has {mean:.3f} in the first row of the case "
            f"“{case.label}”: what was subtracted is not the row's own mean."
        )
    if abs(square - due.flatten()[0]) > 1e-3:
        what = "Without gain and bias" if bias else "Without gain"
        return (
            f"{what} the mean of a row's squares must be 1, or a little less for eps: {due.flatten()[0]:.3f} in the first "
            f"row of the case “{case.label}”. Yours is {square:.3f}: what you divide by is not the right size."
        )
    return None


def constant_state(d_ff: int, cross: bool = False) -> dict[str, Tensor]:
    """Sub-layers of width 2 that answer the same whatever they read: (1, 3), (10, 0), (100, 200)."""
    state = {
        name: torch.zeros_like(t).float() for name, t in block_state(0, 2, d_ff, cross).items()
    }
    for name in ("norm1", "norm2", "norm3")[: 2 + cross]:
        state[f"{name}.weight"] += 1
    state["attn.w_o.bias"] += torch.tensor([1.0, 3])
    state["ff.w_out.bias"] += torch.tensor([100.0, 200])
    if cross:
        state["cross.w_o.bias"] += torch.tensor([10.0, 0])
    return state
