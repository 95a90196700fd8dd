"""“Split into heads”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_09_many_heads.common import (
    D_HEAD,
    D_IN,
    D_MODEL,
    LIBRARY,
    B,
    H,
    S,
    T,
)
from course_lib.lessons.lesson_09_many_heads.mistakes.split_heads import MISTAKES


def split_cases() -> list[Case]:
    rows = torch.tensor([[[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]])
    by_hand = Case(label="one sentence of three tokens, width 4, 2 heads", args=(rows, 2))
    drawn = [
        Case(
            label=f"{b} sentences, {t} tokens, width {h * d}, {h} heads, seed {seed}",
            args=(noise(seed, b, t, h * d), h),
            gradients=True,
        )
        for b, t, h, d, seed in ((B, T, H, D_HEAD, 0), (B, S, H, 5, 1), (3, 5, 2, 7, 2))
    ]
    turned = noise(3, B, D_MODEL, T).mT
    return [
        by_hand,
        *drawn,
        Case(label="rows that do not lie in order in memory", args=(turned, H), edge=True),
        Case(label="a batch of one, one token of zeros", args=(torch.zeros(1, 1, 6), 3), edge=True),
        Case(label="a single head", args=(noise(4, B, T, D_IN), 1), edge=True),
    ]


def split_sample(rng: np.random.Generator) -> Case:
    b, t, h, d = draw_sizes(rng, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, t, h * d), h))


def split_oracle(x: Tensor, n_heads: int) -> Tensor:
    """Slice by slice."""
    width = x.shape[-1] // n_heads
    return torch.stack([x[..., h * width : (h + 1) * width] for h in range(n_heads)], dim=-3)


EXERCISE = Exercise(
    name="split_heads",
    title="Split into heads",
    minutes=5,
    difficulty=1,
    proves="head h gets its own slice of every token, whatever the sizes",
    passed="Agrees with slices taken one by one, gradients too.",
    cases=split_cases,
    sample=split_sample,
    oracle=split_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "zero",
    ),
    never={
        "no_lead": "The text gives every shape with a batch in front.",
    },
    reference=f"{LIBRARY}.split_heads",
    hints=(
        "Two steps: cut the last axis into two, then let the heads and the tokens swap places. Which of the two new "
        "axes comes first when slices are neighbours?",
        "cut the last axis: (B, T, d_model) becomes (B, T, H, d_head)\nswap axes 1 and 2: (B, H, T, d_head)",
        "x.unflatten(-1, (n_heads, -1)) cuts the last axis (x.view with four sizes does, too). Then .transpose(1, 2).",
    ),
    wrong_answers=MISTAKES,
)
