"""“Near keys score higher”: its cases, its oracle, its hints."""

from typing import Any

import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_03_soft_lookup.common import (
    MECHANISM,
    D,
    S,
    T,
    score_cases,
    score_oracle,
    score_sample,
)
from course_lib.lessons.lesson_03_soft_lookup.mistakes.gaussian_scores import MISTAKES


def gaussian_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys on a line, h = 0.5",
        args=(double([[0], [3]]), double([[0], [1], [4]]), 0.5),
    )
    plane = Case(
        label="one query, two keys in a plane, h = 2",
        args=(double([[1, 1]]), double([[0, 1], [2, 3]]), 2.0),
    )
    drawn = score_cases((T, S, D, 1.5, 0), (S, T, D, 0.7, 1), (T, S, 2, 1.5, 2))
    single = Case(
        label="float32",
        args=(*(noise(n, n, D, dtype=torch.float32) for n in (T, S)), 1.5),
        edge=True,
    )
    far = Case(
        label="a key 500 bandwidths away",
        args=(double([[0]]), double([[1], [250]]), 0.5),
        edge=True,
    )
    one = Case(label="a batch of one", args=(noise(5, 1, T, D), noise(6, 1, S, D), 0.9), edge=True)
    return [by_hand, plane, *drawn, single, far, one]


def one_bandwidth_away(call: Any, case: Case, value: Any) -> str | None:
    """A key at distance h scores −1/2."""
    query, h = torch.zeros_like(case.args[0].reshape(-1, case.args[0].shape[-1])[:1]), case.args[2]
    key = query.clone()
    key[0, 0] = h
    score = float(call(query, key, h))
    if abs(score + 0.5) < 1e-4:
        return None
    return f"A key one bandwidth away must score −1/2. With h = {float(h):g} yours scores it {score:.3f}."


EXERCISE = Exercise(
    name="gaussian_scores",
    title="Near keys score higher",
    minutes=6,
    difficulty=1,
    proves="a score falls with the squared distance, measured in bandwidths",
    passed="Agrees with a loop over all pairs, gradients too, also with respect to the bandwidth.",
    cases=gaussian_cases,
    sample=score_sample,
    oracle=score_oracle,
    properties=(Property(id="one_bandwidth_away", holds=one_bandwidth_away),),
    reference=f"{MECHANISM}.gaussian_scores",
    kinds=("no_lead", "batch_of_one", "one_place", "ties", "zero"),
    hints=(
        "Every query meets every key, so differences need three axes: queries, keys, width. Where do the "
        "axes of size 1 go?",
        "differences = queries with an axis after its rows, minus keys with an axis before its rows\n"
        "squared distances = squares of the differences, summed over the width\n"
        "minus squared distances, divided by 2 times h squared",
        "queries.unsqueeze(-2) is (…, T, 1, d) and keys.unsqueeze(-3) is (…, 1, S, d); their difference is "
        "(…, T, S, d). Put brackets round the denominator.\n"
        "    return -(... - ...).square().sum(-1) / (2 * bandwidth**2)",
    ),
    wrong_answers=MISTAKES,
)
