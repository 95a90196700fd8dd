"""“SwiGLU”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_10_transformer_block.common import B, T
from course_lib.lessons.lesson_10_transformer_block.mistakes.swiglu import MISTAKES


def swiglu_args(seed: Seed, shape: tuple[int, ...], d_ff: int) -> tuple[Tensor, ...]:
    rng = rng_of(seed)
    d = shape[-1]
    return noise(rng, *shape), noise(rng, d_ff, d), noise(rng, d_ff, d), noise(rng, d, d_ff)


def swiglu_cases() -> list[Case]:
    by_hand = Case(
        label="x = (ln 3, 4), one number in between",
        args=(
            torch.tensor([[1.0986123, 4.0]]),
            torch.tensor([[1.0, 0]]),
            torch.tensor([[0.0, 1]]),
            torch.tensor([[1.0], [2]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, {d_ff} in between, seed {seed}",
            args=swiglu_args(seed, shape, d_ff),
            gradients=True,
        )
        for shape, d_ff, seed in (((B, T, 6), 11, 0), ((4, 5), 3, 1), ((2, 3, 4, 7), 13, 2))
    ]
    alone = Case(label="a single position without a batch", args=swiglu_args(3, (4,), 3), edge=True)
    return [by_hand, *drawn, alone]


def swiglu_sample(rng: np.random.Generator) -> Case:
    b, t, d, d_ff = draw_sizes(rng, 4, 4, 4, 4)
    return Case(label="random", args=swiglu_args(rng, (b, t, d), d_ff))


def swiglu_oracle(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return F.linear(F.silu(F.linear(x, w_gate)) * F.linear(x, w_up), w_down)


EXERCISE = Exercise(
    name="swiglu",
    title="SwiGLU",
    minutes=5,
    difficulty=1,
    proves="a gate bent by SiLU multiplies the other half, and the product is narrowed again",
    passed="Agrees with PyTorch's silu and linear layers, gradients of all weights too.",
    cases=swiglu_cases,
    sample=swiglu_sample,
    oracle=swiglu_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "zero",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.swiglu",
    hints=(
        "Three products. Two of them read x, and one of these is a gate: which of the three gets the activation, and "
        "where do the two meet?",
        "g = x times w_gate transposed\nopened = g times sigmoid of g\nup = x times w_up transposed\n"
        "opened times up, entry by entry; then times w_down transposed",
        "gate = x @ w_gate.T; gate * torch.sigmoid(gate) is SiLU. Multiply by x @ w_up.T, then @ w_down.T.",
    ),
    wrong_answers=MISTAKES,
)
