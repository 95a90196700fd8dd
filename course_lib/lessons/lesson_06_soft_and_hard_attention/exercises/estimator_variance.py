"""“How noisy the estimate is”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    MECHANISM,
    B,
    N,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.estimator_variance import (
    MISTAKES,
)


def variance_cases() -> list[Case]:
    halves, rewards = double([0.5, 0.5]), double([10, 11])
    return [
        Case(label="rewards 10 and 11, no baseline", args=(halves, rewards, 0.0)),
        Case(label="rewards 10 and 11, baseline 10.5", args=(halves, rewards, 10.5)),
        *(
            Case(
                label=f"{n} places, baseline {b}, seed {seed}",
                args=(draw_weights(seed, n), noise(seed + 10, n), b),
            )
            for n, b, seed in ((3, 0.0, 0), (N, 0.4, 1), (B, -1.3, 2))
        ),
        Case(
            label="a place of weight 0, rewards below 0",
            args=(double([0, 0.5, 0.5]), double([-3, -1, -1]), -1.0),
            edge=True,
        ),
        Case(label="a single place", args=(double([1]), double([3]), 1.0), edge=True),
    ]


def variance_sample(rng: np.random.Generator) -> Case:
    (n,) = draw_sizes(rng, 8)
    baseline = float(rng.choice([0.0, 0.5, -1.0, 2.0]))
    return Case(label="random", args=(draw_weights(rng, n), noise(rng, n), baseline))


def variance_oracle(weights: Tensor, rewards: Tensor, baseline: float | Tensor = 0.0) -> Tensor:
    """Entry by entry: E g² − (E g)², with both expectations over all places."""
    n, total = len(weights), torch.zeros((), dtype=weights.dtype, device=weights.device)
    for entry in range(n):
        first = second = torch.zeros_like(total)
        for place in range(n):
            g = (rewards[place] - baseline) * (float(place == entry) - weights[entry])
            first, second = first + weights[place] * g, second + weights[place] * g**2
        total = total + second - first**2
    return total


def never_negative(call: Any, case: Case, value: Any) -> str | None:
    if float(value) > -1e-9:
        return None
    return f"A variance is never negative; on the case “{case.label}” yours is {float(value):.3f}."


EXERCISE = Exercise(
    name="estimator_variance",
    title="How noisy the estimate is",
    minutes=10,
    difficulty=3,
    proves="you know the estimate's variance exactly, with any baseline",
    passed="Agrees with E g² − (E g)², entry by entry, over all places.",
    cases=variance_cases,
    sample=variance_sample,
    oracle=variance_oracle,
    properties=(Property(id="never_negative", holds=never_negative),),
    kinds=(
        "one_place",
        "ties",
        "zero",
        "negative",
    ),
    reference=f"{MECHANISM}.estimator_variance",
    hints=(
        "There are only N choices, so there are only N estimates. Write them down as the rows of a matrix; "
        "each row comes up as often as its weight says.",
        "estimates = (rewards minus baseline, as a column) times (identity minus weights)\n"
        "mean = weights times estimates\n"
        "weights times the squared lengths of (estimates minus mean)",
        "torch.eye(len(weights), dtype=weights.dtype) - weights has onehot(a) − w in row a. The mean is "
        "weights @ estimates.\n    return weights @ (estimates - mean).square().sum(-1)",
    ),
    wrong_answers=MISTAKES,
)
