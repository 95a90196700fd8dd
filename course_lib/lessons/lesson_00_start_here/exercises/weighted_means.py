"""“Many at once”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_00_start_here.mistakes.weighted_means import MISTAKES


def means_cases() -> list[Case]:
    by_hand = Case(
        label="two rows of weights, three values of width 2",
        args=(double([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]), double([[8.0, 0], [4, 4], [0, 2]])),
    )
    drawn = [
        Case(
            label=f"{t} rows of weights, {s} values of width {d}, seed {seed}",
            args=(draw_weights(seed, t, s), noise(seed + 10, s, d)),
        )
        for t, s, d, seed in ((5, 7, 11, 0), (7, 3, 2, 1))
    ]
    one = Case(
        label="one row of weights, one value",
        args=(double([[1.0]]), double([[3.0, -2]])),
        edge=True,
    )
    twins = Case(
        label="two rows of weights alike",
        args=(double([[0.25, 0.75], [0.25, 0.75]]), double([[4.0, -1], [8, -1]])),
        edge=True,
    )
    return [by_hand, *drawn, one, twins]


def means_sample(rng: np.random.Generator) -> Case:
    t, s, d = draw_sizes(rng, 8, 8, 8)
    return Case(label="random", args=(draw_weights(rng, t, s), noise(rng, s, d)))


def means_oracle(weights: Tensor, values: Tensor) -> Tensor:
    rows = [sum(w * v for w, v in zip(row, values, strict=True)) for row in weights]
    return torch.stack(rows)  # type: ignore[arg-type]


EXERCISE = Exercise(
    name="weighted_means",
    title="Many at once",
    minutes=4,
    difficulty=1,
    proves="each row of weights gives its own mean of the rows of values",
    passed="Agrees with a loop over rows. This is the last step of attention.",
    cases=means_cases,
    sample=means_sample,
    oracle=means_oracle,
    kinds=(
        "one_place",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_00_start_here.reference.weighted_means",
    hints=(
        "One row of weights times the matrix of values is one weighted mean. What does a matrix product do with many "
        "rows?",
        "the matrix of weights times the matrix of values",
        "The operator of the matrix product is @: its left side has the rows, its right side the values.",
    ),
    wrong_answers=MISTAKES,
)
