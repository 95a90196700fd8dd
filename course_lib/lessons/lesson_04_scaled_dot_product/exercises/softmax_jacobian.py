"""“How weights move when scores do”: its cases, its oracle, its hints."""

from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_04_scaled_dot_product.common import S
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.softmax_jacobian import MISTAKES


def jacobian_cases() -> list[Case]:
    tidy = [
        Case(
            label="weights 0.2, 0.3, 0.5",
            args=(double([0.2, 0.3, 0.5]),),
        )
    ]
    drawn = [
        Case(label=f"{n} weights, seed {seed}", args=(noise(seed, n).softmax(0),))
        for n, seed in ((2, 0), (S, 0), (S, 1), (4, 2))
    ]
    sure = Case(
        label="one weight is 1",
        args=(double([0.0, 1, 0, 0]),),
        edge=True,
    )
    alone = Case(label="a single weight", args=(double([1.0]),), edge=True)
    even = Case(label="four equal weights", args=(double([0.25] * 4),), edge=True)
    return [*tidy, *drawn, sure, alone, even]


def jacobian_oracle(w: Tensor) -> Tensor:
    """Entry by entry: ∂w_i/∂s_j = w_i (1[i = j] − w_j)."""
    rows = [[w[i] * (float(i == j) - w[j]) for j in range(len(w))] for i in range(len(w))]
    return torch.stack([torch.stack(row) for row in rows])


def jacobian_rows_vanish(call: Any, case: Case, value: Any) -> str | None:
    """Weights sum to 1 whatever the scores, so every column of the Jacobian sums to 0."""
    sums = value.sum(0)
    if torch.allclose(sums, torch.zeros_like(sums), atol=1e-9):
        return None
    return (
        "Each column must sum to 0: when one score moves, the weights still sum to 1, so what one gains the "
        f"others lose. On the case “{case.label}” the first column of yours sums to {sums[0].item():.3f}."
    )


EXERCISE = Exercise(
    name="softmax_jacobian",
    title="How weights move when scores do",
    minutes=6,
    difficulty=2,
    proves="your matrix holds every derivative ∂w_i/∂s_j of the softmax",
    passed="Agrees with the derivatives written out one by one, from 2 weights to 7.",
    cases=jacobian_cases,
    sample=lambda rng: Case(label="random", args=(noise(rng, pick(rng, range(1, 9))).softmax(0),)),
    oracle=jacobian_oracle,
    properties=(Property(id="columns_sum_to_zero", holds=jacobian_rows_vanish),),
    kinds=(
        "one_place",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.softmax_jacobian",
    forbidden=("jacobian", "jacrev"),
    hints=(
        "The formula stands above the exercise: diag(w) − w wᵀ. Two matrices, one minus the other.",
        "a square matrix with w on its diagonal\nminus the matrix whose entry [i, j] is w[i] times w[j]",
        "torch.diag(w) builds the first, torch.outer(w, w) the second.",
    ),
    wrong_answers=MISTAKES,
)
