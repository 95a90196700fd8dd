"""“Every row minus every other”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_01_warm_up.common import D, S, T
from course_lib.lessons.lesson_01_warm_up.mistakes.pairwise_differences import MISTAKES


def difference_cases() -> list[Case]:
    by_hand = Case(
        label="two rows against three",
        args=(torch.tensor([[1.0, 2], [3, 5]]), torch.tensor([[0.0, 1], [1, 1], [2, 0]])),
    )
    drawn = [
        Case(
            label=f"{t} rows against {s}, width {d}, seed {seed}",
            args=(noise(seed, t, d), noise(seed + 10, s, d)),
            gradients=True,
        )
        for t, s, d, seed in ((T, S, D, 0), (S, T, D, 1), (3, 4, 2, 2))
    ]
    same = Case(
        label="as many rows on both sides", args=(noise(3, 4, 2), noise(4, 4, 2)), edge=True
    )
    alone = Case(label="one row against five", args=(noise(5, 1, 3), noise(6, 5, 3)), edge=True)
    twins = Case(
        label="rows that are alike",
        args=(torch.tensor([[1.0, 2], [1, 2]]), torch.tensor([[1.0, 2], [0, 5], [1, 2]])),
        edge=True,
    )
    return [by_hand, *drawn, same, alone, twins]


def difference_sample(rng: np.random.Generator) -> Case:
    t, s, d = draw_sizes(rng, 8, 8, 8)
    return Case(label="random", args=(noise(rng, t, d), noise(rng, s, d)), edge=t == s)


def difference_oracle(a: Tensor, b: Tensor) -> Tensor:
    """Row by row, pair by pair."""
    return torch.stack([torch.stack([row - other for other in b]) for row in a])


EXERCISE = Exercise(
    name="pairwise_differences",
    title="Every row minus every other",
    minutes=3,
    difficulty=1,
    proves="entry [t, s] of your result is row t of a minus row s of b",
    passed="Agrees with two loops over the rows, gradients too, also where both sides have equally many.",
    cases=difference_cases,
    sample=difference_sample,
    oracle=difference_oracle,
    kinds=(
        "one_place",
        "repeats",
        "zero",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.pairwise_differences",
    hints=(
        (
            "The result has three axes: rows of a, rows of b, width. a has the first and the third; "
            "b has the second and the third. Give each an axis of size 1 where it lacks one."
        ),
        "a becomes (T, 1, d)\nb becomes (1, S, d)\ntheir difference is (T, S, d)",
        (
            "a[:, None, :] puts an axis of size 1 in the middle of a, b[None, :, :] puts one in front of b. "
            "Subtract the second from the first."
        ),
    ),
    wrong_answers=MISTAKES,
)
