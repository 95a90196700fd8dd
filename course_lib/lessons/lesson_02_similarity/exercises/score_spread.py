"""“The spread of a dot product”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, pick
from course_lib.lessons.lesson_02_similarity.common import SIZES, D, T
from course_lib.lessons.lesson_02_similarity.mistakes.score_spread import MISTAKES


def covariance(seed: Seed, d: int, rank: int | None = None) -> Tensor:
    """Return the covariance of d entries mixed from `rank` independent ones."""
    mix = noise(seed, d, rank or d + 2)
    return mix @ mix.T / math.sqrt(d)


def spread_cases() -> list[Case]:
    pair = double([[1.0, 0.5], [0.5, 1.0]])
    against = double([[2.0, -1.5, 0], [-1.5, 2.0, 0], [0, 0, 3]])
    return [
        Case(label="two dimensions with correlation 0.5", args=(pair,), gradients=True),
        Case(
            label="4 independent dimensions of variance 1",
            args=(torch.eye(4, dtype=torch.float64),),
        ),
        Case(label="three dimensions, two against each other", args=(against,), gradients=True),
        *(
            Case(label=f"{d} dimensions, seed {seed}", args=(covariance(seed, d),), gradients=True)
            for d, seed in ((T, 0), (D, 1))
        ),
        Case(label="one dimension", args=(double([[2.5]]),), edge=True),
        Case(
            label="7 dimensions that are all the same one", args=(covariance(3, 7, 1),), edge=True
        ),
    ]


def spread_sample(rng: np.random.Generator) -> Case:
    d = pick(rng, SIZES)
    return Case(label="random", args=(covariance(rng, d, pick(rng, SIZES)),))


def independent_gives_root(call: Any, case: Case, value: Any) -> str | None:
    """d independent entries of variance 1 give √d."""
    found = float(call(torch.eye(9, dtype=torch.float64)))
    if abs(found - 3.0) < 1e-6:
        return None
    return (
        "Nine independent dimensions of variance 1 must give √9 = 3; yours gives "
        f"{found:.3f} for their covariance, the identity."
    )


EXERCISE = Exercise(
    name="score_spread",
    title="The spread of a dot product",
    minutes=6,
    difficulty=2,
    proves="you get √d for independent dimensions, and the right spread for any others",
    passed="Agrees with the trace of C · C for seven covariances, gradients too; independent ones "
    "give √d.",
    cases=spread_cases,
    sample=spread_sample,
    oracle=lambda covariance: torch.trace(covariance @ covariance).sqrt(),
    properties=(Property(id="independent_gives_root", holds=independent_gives_root),),
    kinds=(
        "zero",
        "ties",
    ),
    reference="course_lib.attention.similarity.score_spread",
    hints=(
        "The variance is a sum over all pairs of dimensions, and each pair contributes its "
        "covariance twice as "
        "a factor: once from the query, once from the key.",
        "square every entry of the matrix\nadd all of them up: that is the variance\n"
        "the spread is its root",
        "covariance.square() squares every entry, .sum() adds up all of them.\n"
        "    return covariance.square()....sqrt()",
    ),
    wrong_answers=MISTAKES,
)
