"""“A weighted mean”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_00_start_here.mistakes.weighted_mean import MISTAKES


def mean_cases() -> list[Case]:
    by_hand = Case(
        label="weights ½, ¼, ¼ and values 8, 4, 0",
        args=(double([0.5, 0.25, 0.25]), double([8.0, 4, 0])),
    )
    drawn = [
        Case(
            label=f"{n} values, seed {seed}",
            args=(noise(seed, n).softmax(0), noise(seed + 10, n)),
        )
        for n, seed in ((7, 0), (5, 1))
    ]
    last = Case(
        label="weights ¼, ¼, ½ and values 4, 0, 8",
        args=(double([0.25, 0.25, 0.5]), double([4.0, 0, 8])),
    )
    below = Case(
        label="nothing above zero, two values alike",
        args=(double([0.5, 0.25, 0.25]), double([-4.0, -2, -2])),
        edge=True,
    )
    return [
        by_hand,
        last,
        *drawn,
        below,
        Case(label="a single value", args=(double([1.0]), double([3.0])), edge=True),
    ]


def mean_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 9))
    return Case(label="random", args=(noise(rng, n).softmax(0), noise(rng, n)))


def mean_oracle(weights: Tensor, values: Tensor) -> Tensor:
    total = torch.zeros((), dtype=values.dtype)
    for weight, value in zip(weights, values, strict=True):
        total = total + weight * value
    return total


def between_smallest_and_largest(call: Any, case: Case, value: Any) -> str | None:
    """A weighted mean lies between the smallest and the largest value."""
    low, high = case.args[1].min().item(), case.args[1].max().item()
    if low - 1e-6 <= float(value) <= high + 1e-6:
        return None
    return (
        f"A weighted mean lies between the smallest and the largest value. On the case “{case.label}” these are "
        f"{low:.3f} and {high:.3f}; yours is {float(value):.3f}."
    )


EXERCISE = Exercise(
    name="weighted_mean",
    title="A weighted mean",
    minutes=3,
    difficulty=1,
    proves="every value counts as much as its weight says",
    passed="Agrees with a plain loop.",
    cases=mean_cases,
    sample=mean_sample,
    oracle=mean_oracle,
    properties=(Property(id="between", holds=between_smallest_and_largest),),
    kinds=(
        "one_place",
        "negative",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_00_start_here.reference.weighted_mean",
    hints=(
        "With weights ½, ¼, ¼ and values 8, 4, 0 the answer is 5. Which numbers did you multiply to get it?",
        "multiply each value by its weight\nadd the products",
        "weights * values multiplies entry by entry; .sum() adds. Return their combination, nothing else.",
    ),
    wrong_answers=MISTAKES,
)
