"""Lesson 00 as data: exercises, a prediction, quiz; wrong answers stand in `wrong/lesson_00.py`."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_00_start_here import mistakes as wrong

# ---------------------------------------------------------------- 0.1 one weighted mean


def _double(*rows: Any) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(row, dtype=torch.float64) for row in rows)


def mean_cases() -> list[Case]:
    by_hand = Case(
        label="weights ½, ¼, ¼ and values 8, 4, 0",
        args=_double([0.5, 0.25, 0.25], [8.0, 4, 0]),
    )
    drawn = [
        Case(
            label=f"{n} values, seed {seed}",
            args=(noise(seed, n).softmax(0), noise(seed + 10, n)),
        )
        for n, seed in ((7, 0), (5, 1))
    ]
    return [
        by_hand,
        *drawn,
        Case(label="a single value", args=_double([1.0], [3.0]), edge=True),
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


WEIGHTED_MEAN = Exercise(
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
    reference="course_lib.lessons.lesson_00_start_here.reference.weighted_mean",
    hints=(
        "With weights ½, ¼, ¼ and values 8, 4, 0 the answer is 5. Which numbers did you multiply to get it?",
        "multiply each value by its weight\nadd the products",
        "weights * values multiplies entry by entry; .sum() adds. Return their combination, nothing else.",
    ),
    wrong_answers=wrong.WEIGHTED_MEAN,
)

# ---------------------------------------------------------------- 0.2 many weighted means


def means_cases() -> list[Case]:
    by_hand = Case(
        label="two rows of weights, three values of width 2",
        args=_double([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]], [[8.0, 0], [4, 4], [0, 2]]),
    )
    drawn = [
        Case(
            label=f"{t} rows of weights, {s} values of width {d}, seed {seed}",
            args=(noise(seed, t, s).softmax(-1), noise(seed + 10, s, d)),
        )
        for t, s, d, seed in ((5, 7, 11, 0), (7, 3, 2, 1))
    ]
    return [by_hand, *drawn]


def means_sample(rng: np.random.Generator) -> Case:
    t, s, d = (pick(rng, range(1, 9)) for _ in range(3))
    return Case(label="random", args=(noise(rng, t, s).softmax(-1), noise(rng, s, d)))


def means_oracle(weights: Tensor, values: Tensor) -> Tensor:
    rows = [sum(w * v for w, v in zip(row, values, strict=True)) for row in weights]
    return torch.stack(rows)  # type: ignore[arg-type]


WEIGHTED_MEANS = Exercise(
    name="weighted_means",
    title="Many at once",
    minutes=4,
    difficulty=1,
    proves="each row of weights gives its own mean of the rows of values",
    passed="Agrees with a loop over rows. This is the last step of attention.",
    cases=means_cases,
    sample=means_sample,
    oracle=means_oracle,
    reference="course_lib.lessons.lesson_00_start_here.reference.weighted_means",
    hints=(
        "One row of weights times the matrix of values is one weighted mean. What does a matrix product do with many "
        "rows?",
        "the matrix of weights times the matrix of values",
        "The operator of the matrix product is @: its left side has the rows, its right side the values.",
    ),
    wrong_answers=wrong.WEIGHTED_MEANS,
)

LESSON = LessonSpec(
    number="00",
    slug="start_here",
    title="Start here",
    minutes=15,
    exercises=(WEIGHTED_MEAN, WEIGHTED_MEANS),
    predictions=(
        Prediction(
            id="mean",
            question="Weights ½, ¼, ¼ and values 8, 4, 0: what is the weighted mean?",
            options=("4", "5", "12"),
            answer="5",
            because="½ · 8 + ¼ · 4 + ¼ · 0 = 4 + 1 + 0.",
        ),
    ),
    quiz=(
        Question(
            text="Your check fails. What do later cells use?",
            options=(
                Option(
                    text="Your function, as it is.",
                    why="They would fail too. The check hands out the course's version so that you can read on.",
                ),
                Option(
                    text="The course's version, until yours passes.",
                    why="Nobody is stuck: the line reads f = lesson.check(f), and f is then the course's function.",
                    right=True,
                ),
                Option(
                    text="Nothing: the notebook stops.",
                    why="Every notebook runs to its end, solved or not.",
                ),
            ),
        ),
        Question(
            text="You take all three hints of an exercise. What does it cost?",
            options=(
                Option(
                    text="A point for each.",
                    why="No points are taken: a hint is there to be used.",
                ),
                Option(
                    text="Nothing.",
                    why="Your progress shows how many you took, so that you know what to come back to.",
                    right=True,
                ),
                Option(
                    text="The exercise counts as failed.",
                    why="It counts as passed once it passes.",
                ),
            ),
        ),
        Question(
            text="Why guess before you run a cell?",
            options=(
                Option(text="To be graded.", why="Guesses are kept for you alone."),
                Option(
                    text="Because a guess that proves wrong shows you what to look at.",
                    why="A number that surprises you is worth more than a number that you read.",
                    right=True,
                ),
                Option(text="To save time.", why="It takes time, and is worth it."),
            ),
        ),
    ),
)
