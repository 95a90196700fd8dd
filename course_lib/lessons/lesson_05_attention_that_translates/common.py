"""What several exercises of lesson 05 share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.noise import Seed, noise, rng_of

ADDITIVE = "course_lib.attention.additive"
TRANSLATOR = "course_lib.models.recurrent"
SIZES = range(1, 6)


def gru_weights(rng: Seed, d_in: int, d: int) -> tuple[Tensor, ...]:
    """Return noise for w_ih, w_hh, b_ih, b_hh."""
    rng = rng_of(rng)
    return noise(rng, 3 * d, d_in), noise(rng, 3 * d, d), noise(rng, 3 * d), noise(rng, 3 * d)


def sum_of_units(q: Tensor, keys: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    units = [
        v[a] * torch.tanh((w_q[:, a] * q).sum() + (w_k[:, a] * keys).sum(-1)) for a in range(len(v))
    ]
    return torch.stack(units).sum(0)


def a_reader(rng: np.random.Generator, b: int, s: int, d: int, d_m: int) -> Callable[..., Any]:
    """Return an `attend` over noise: bilinear scores, so that it owes nothing to 5.4."""
    memory, w = noise(rng, b, s, d_m), noise(rng, d, d_m)

    def attend(state: Tensor) -> tuple[Tensor, Tensor]:
        weights = torch.einsum("bd,dm,bsm->bs", state, w, memory).softmax(-1)
        return torch.einsum("bs,bsm->bm", weights, memory), weights

    return attend


def a_cell(rng: np.random.Generator, d_in: int, d: int) -> Callable[[Tensor, Tensor], Tensor]:
    weights = gru_weights(rng, d_in, d)
    return lambda x, h: torch.gru_cell(x, h, *weights)


def wired(seed: Any, sizes: tuple[int, ...], late: bool, **more: Any) -> Case:
    """Return a case of 5.5, or of 5.9 when `late`."""
    b, s, d_y, d, d_m, d_out = sizes
    rng = rng_of(seed)
    attend = a_reader(rng, b, s, d, d_m)
    cell = a_cell(rng, d_y if late else d_y + d_m, d)
    y, h = noise(rng, b, d_y), noise(rng, b, d)
    tail = (noise(rng, d_m + d, d_out, scale=0.5),) if late else ()
    return Case(args=(y, h, attend, cell, *tail), **more)


def wiring_cases(late: bool) -> list[Case]:
    return [
        wired(0, (1, 2, 1, 1, 1, 1), late, label="one sentence of two words, all one wide"),
        *(
            wired(
                seed,
                sizes,
                late,
                gradients=True,
                label=f"{sizes[0]} sentences of {sizes[1]} words, word {sizes[2]} wide, state "
                f"{sizes[3]} wide, seed {seed}",
            )
            for seed, sizes in enumerate(
                ((2, 7, 3, 4, 5, 6), (3, 4, 5, 2, 6, 7), (4, 5, 3, 3, 3, 3)), start=1
            )
        ),
    ]
