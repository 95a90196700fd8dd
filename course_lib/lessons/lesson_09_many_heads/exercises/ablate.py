"""“Silence a head”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_09_many_heads.common import LIBRARY
from course_lib.lessons.lesson_09_many_heads.mistakes.ablate import MISTAKES


def ablate_cases() -> list[Case]:
    tidy = torch.tensor([[1.0, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
    drawn = [
        Case(
            label=f"{rows} × {h * d}, {h} heads, without {heads}, seed {seed}",
            args=(noise(seed, rows, h * d), heads, h),
            gradients=True,
        )
        for rows, h, d, heads, seed in (
            (13, 4, 3, [2, 0], 0),
            (12, 4, 3, [1, 2], 1),
            (5, 5, 2, [4, 1], 2),
        )
    ]
    return [
        Case(label="2 × 6, three heads of width 2, without the second", args=(tidy, [1], 3)),
        *drawn,
        Case(label="a head that is named twice", args=(noise(5, 5, 6), [1, 1], 3), edge=True),
        Case(label="nobody is silenced", args=(noise(3, 5, 6), [], 3), edge=True),
        Case(label="all are silenced", args=(noise(4, 5, 6), [0, 1, 2], 3), edge=True),
    ]


def ablate_sample(rng: np.random.Generator) -> Case:
    rows, h, d = draw_sizes(rng, 4, 4, 4)
    heads = [i for i in range(h) if coin(rng)]
    return Case(label="random", args=(noise(rng, rows, h * d), heads, h))


def ablate_oracle(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    width = w_o.shape[1] // n_heads
    keep = [float(column // width not in heads) for column in range(w_o.shape[1])]
    return w_o * torch.tensor(keep, dtype=w_o.dtype)


EXERCISE = Exercise(
    name="ablate",
    title="Silence a head",
    minutes=5,
    difficulty=2,
    proves="exactly the named heads add nothing, and the matrix you were given is left as it was",
    passed="Right for one head, several, none and all; w_o is left as it was.",
    cases=ablate_cases,
    sample=ablate_sample,
    oracle=ablate_oracle,
    kinds=(
        "zero",
        "repeats",
    ),
    reference=f"{LIBRARY}.ablate",
    hints=(
        "A head adds its numbers times its own part of W_o. Which part must become 0? And what if you want the head "
        "back afterwards?",
        "copy w_o\nfor each head of the list: its columns, h·d_head to (h+1)·d_head, become 0\nreturn the copy",
        "d_head = w_o.shape[1] // n_heads; out = w_o.clone(); out[:, h * d_head : (h + 1) * d_head] = 0 in a loop "
        "over heads.",
    ),
    wrong_answers=MISTAKES,
)
