"""What several exercises of lesson 07 share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.noise import Seed, noise, pick

B, H, T, D, DH = 2, 3, 5, 7, 11


MECHANISMS = "course_lib.attention.self_attention"


LEADS: tuple[tuple[int, ...], ...] = ((), (B,), (B, H))


def many(lead: tuple[int, ...], what: str = "sequence") -> str:
    """Return how a leading shape reads: "2 × 3 sequences"."""
    return f"{' × '.join(map(str, lead)) or 'one'} {what}{'s' * bool(lead)}"


def draw_lead(rng: np.random.Generator) -> tuple[int, ...]:
    return LEADS[pick(rng, range(len(LEADS)))]


def coin(rng: np.random.Generator, *shape: int, share: float = 0.6) -> Tensor:
    """Return random truth values."""
    return torch.from_numpy(np.asarray(rng.random(shape) < share))


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


def some_weights(rng: Seed, *shape: int) -> Tensor:
    return noise(rng, *shape).softmax(-1)
