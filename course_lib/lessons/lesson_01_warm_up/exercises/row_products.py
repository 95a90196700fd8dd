"""“Every pair of rows, in every batch entry”: its cases, its oracle, its hints."""

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_01_warm_up.common import B, D, H, S, T
from course_lib.lessons.lesson_01_warm_up.mistakes.row_products import MISTAKES


def product_cases() -> list[Case]:
    by_hand = Case(
        label="two rows, three rows, width 2",
        args=(torch.tensor([[1.0, 2], [0, 3]]), torch.tensor([[1.0, 0], [0, 1], [4, 1]])),
    )
    drawn = [
        Case(
            label=f"batch shape {lead}, {t} rows and {s}, width {D}, seed {seed}",
            args=(noise(seed, *lead, t, D), noise(seed + 10, *lead, s, D)),
            gradients=True,
        )
        for lead, t, s, seed in (((B,), T, S, 0), ((B,), S, T, 1), ((B, H), T, S, 2), ((), T, S, 3))
    ]
    one = Case(label="one row each", args=(noise(4, B, 1, 3), noise(5, B, 1, 3)), edge=True)
    single = Case(label="a batch of one", args=(noise(6, 1, 2, 3), noise(7, 1, 4, 3)), edge=True)
    return [by_hand, *drawn, one, single]


def product_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, s, d = draw_sizes(rng, 8, 8, 8)
    args = noise(rng, *lead, t, d), noise(rng, *lead, s, d)
    return Case(label="random", args=args, edge=t == s)


EXERCISE = Exercise(
    name="row_products",
    title="Every pair of rows, in every batch entry",
    minutes=4,
    difficulty=1,
    proves="each batch entry compares its own rows, and only those",
    passed="Agrees with an einsum, gradients too, for one pair of matrices, a batch, and a batch of batches.",
    cases=product_cases,
    sample=product_sample,
    oracle=lambda x, y: torch.einsum("...td,...sd->...ts", x, y),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.row_products",
    hints=(
        (
            "x @ y sums over the last axis of x and the second to last of y. Which two axes of y have to change "
            "places for the widths to meet?"
        ),
        "y transposed in its last two axes: (…, d, S)\nx times that: (…, T, d) @ (…, d, S)",
        (
            "y.transpose(-2, -1) (or y.mT) swaps the last two axes and leaves the batch alone. y.T would turn "
            "all axes round.\n    return x @ ..."
        ),
    ),
    wrong_answers=MISTAKES,
)
