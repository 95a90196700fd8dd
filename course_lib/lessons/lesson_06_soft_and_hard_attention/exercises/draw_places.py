"""“Draw a place”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    MECHANISM,
    B,
    N,
    uniform,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.draw_places import MISTAKES


def draw_cases() -> list[Case]:
    quarters = double([[0.25, 0.5, 0.25]]).repeat(3, 1)
    return [
        Case(label="weights 1/4, 1/2, 1/4, three draws", args=(quarters, double([0.1, 0.7, 0.8]))),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(draw_weights(seed, rows, n), uniform(seed + 10, rows)),
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (24, 25, 2))
        ),
        Case(
            label="noise of exactly 0, first weight 0",
            args=(double([[0, 0.5, 0.5], [0.5, 0, 0.5]]), double([0.0, 0.5])),
            edge=True,
            shows=("border",),
        ),
        Case(label="one row, one place", args=(double([[1]]), double([0.3])), edge=True),
        Case(
            label="weight 0 between two others, noise on the border",
            args=(double([[0.5, 0, 0.5]]), double([0.5])),
            edge=True,
            shows=("border",),
        ),
        Case(
            label="ten weights of 0.1, noise next to 1",
            args=(double([[0.1] * 10]), double([math.nextafter(1.0, 0.0)])),
            edge=True,
        ),
    ]


def draw_sample(rng: np.random.Generator) -> Case:
    rows, n = draw_sizes(rng, 6, 8)
    if pick(rng, range(5)) == 0:
        # Dyadic weights: sums are exact, and the noise may lie on one of them.
        counts = torch.from_numpy(rng.multinomial(8, [1 / n] * n, size=rows)).double()
        return Case(
            label="random",
            args=(counts / 8, draw_ids(rng, 8, rows).double() / 8),
            edge=True,
        )
    return Case(label="random", args=(draw_weights(rng, rows, n), uniform(rng, rows)))


def draw_oracle(weights: Tensor, noise: Tensor) -> Tensor:
    """Walk along each row until the weights passed exceed the noise."""
    places = []
    for row, u in zip(weights.tolist(), noise.tolist(), strict=True):
        passed, place = 0.0, 0
        for place, weight in enumerate(row):  # noqa: B007
            passed += weight
            if passed > u:
                break
        places.append(place)
    return torch.tensor(places)


def possible_place(call: Any, case: Case, value: Any) -> str | None:
    weights, u = case.args
    rows = list(zip(weights, u.tolist(), value.tolist(), strict=True))
    for row, at, place in rows:
        if not 0 <= place < len(row):
            return f"A place is one of 0 to {len(row) - 1}; for noise {at:.3f} yours is {place}."
        if row[place] == 0:
            return f"A place with weight 0 is never chosen; for noise {at:.3f} you chose place {place}."
    return None


EXERCISE = Exercise(
    name="draw_places",
    title="Draw a place",
    minutes=6,
    difficulty=2,
    proves="each row draws its own place, as often as its weight says",
    passed="Agrees with a walk along every row, noise of 0 and sums a hair below 1 included.",
    cases=draw_cases,
    sample=draw_sample,
    oracle=draw_oracle,
    properties=(Property(id="possible_place", holds=possible_place),),
    kinds=(
        "border",
        "zero",
        "ties",
        "repeats",
        "batch_of_one",
        "one_place",
    ),
    reference=f"{MECHANISM}.draw_places",
    hints=(
        "Lay the weights end to end on the line from 0 to 1. Where does each stretch end, and how many of "
        "those ends has the noise passed?",
        "ends = running sums of the weights, along the places\npassed = ends that are at most the noise, "
        "which stands in a column\nplace = how many are passed in each row, N − 1 at most",
        "weights.cumsum(-1) has the ends; noise[:, None] is a column. Compare with <=, add up the Trues along "
        "the last axis, then clamp(max=...).\n    return (... <= ...).sum(-1).clamp(max=...)",
    ),
    wrong_answers=MISTAKES,
)
