"""What several exercises of lesson 09 share."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes, draw_weights
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.shared import linears

LIBRARY = "course_lib.attention.multi_head"
B, H, T, S, D_HEAD, D_IN, D_KEY, D_VALUE, D_OUT = 2, 3, 5, 7, 4, 11, 13, 17, 19
D_MODEL = H * D_HEAD
BY_LIBRARY = ("MultiheadAttention", "multi_head_attention_forward")


def some_state(
    seed: Seed, d_model: int, d_query: int, d_key: int, d_value: int
) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = rng_of(seed)
    widths = {"w_q": d_query, "w_k": d_key, "w_v": d_value, "w_o": d_model}
    return linears(rng, widths, d_model)


def tidy_state(d_in: int, d_model: int) -> dict[str, Tensor]:
    """Projections that copy: what comes out can be followed by hand."""
    state = {}
    for name in ("w_q", "w_k", "w_v", "w_o"):
        state[f"{name}.weight"] = torch.eye(d_model, d_model if name == "w_o" else d_in)
        state[f"{name}.bias"] = torch.zeros(d_model)
    return state


def parts_of(
    seed: Seed, b: int, h: int, t: int, s: int, d: int, d_out: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights of every head, values, and W_o."""
    rng = rng_of(seed)
    weights = draw_weights(rng, b, h, t, s)
    return weights, noise(rng, b, h, s, d), noise(rng, d_out, h * d)


def part_cases() -> list[Case]:
    by_hand = Case(
        label="one query, two keys, two heads of width 1",
        args=(
            torch.tensor([[[[0.5, 0.5]], [[0.0, 1]]]]),
            torch.tensor([[[[2.0], [4]], [[1], [3]]]]),
            torch.tensor([[1.0, 2], [0, 1], [3, 4]]),
        ),
    )
    drawn = [
        Case(
            label=f"{B} sentences, {h} heads, {t} queries, {s} keys, {h * d} to {d_out} wide, seed {seed}",
            args=parts_of(seed, B, h, t, s, d, d_out),
            gradients=True,
        )
        for h, t, s, d, d_out, seed in (
            (H, T, S, D_HEAD, D_OUT, 0),
            (H, S, T, D_HEAD, D_OUT, 1),
            (H, T, S, D_HEAD, D_MODEL, 2),
        )
    ]
    return [by_hand, *drawn]


def part_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=parts_of(rng, *draw_sizes(rng, 4, 4, 4, 4, 4, 4)))
