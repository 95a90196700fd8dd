"""“Regression by soft lookup”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_03_soft_lookup.common import (
    DV,
    LEADS,
    MECHANISM,
    B,
    D,
    H,
    S,
    T,
    score_oracle,
    soften,
    some_bandwidth,
    weights_sum_to_one,
)
from course_lib.lessons.lesson_03_soft_lookup.mistakes.nadaraya_watson import MISTAKES


def regression_cases() -> list[Case]:
    keys, values = double([[0], [1]]), double([[10], [20]])
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, h = {h}, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                noise(seed + 20, *lead, s, DV),
                torch.tensor(h).double(),
            ),
            gradients=True,
        )
        for (name, lead), (t, s, d, h, seed) in zip(
            LEADS.items(), ((T, S, 2, 0.8, 0), (S, T, 3, 1.5, 1), (T, S, D, 2.5, 2)), strict=True
        )
    ]
    return [
        Case(
            label="halfway, then at the first of two keys, h = 0.5",
            args=(double([[0.5], [0]]), keys, values, 0.5),
        ),
        *drawn,
        *_unusual_regressions(keys, values),
    ]


def _unusual_regressions(keys: Tensor, values: Tensor) -> list[Case]:
    return [
        Case(
            label="a query 500 bandwidths away",
            args=(double([[250]]), keys, values, 0.5),
            edge=True,
        ),
        Case(
            label="a query far away beside one that is near",
            args=(double([[0.5], [1000]]), keys, values, 0.5),
            edge=True,
        ),
        Case(
            label="a single key",
            args=(double([[0.5], [3]]), keys[:1], values[:1], 0.5),
            edge=True,
        ),
        Case(
            label="two values of width 2 at one key",
            args=(double([[0.5]]), double([[0], [0]]), double([[4, 4], [8, 0]]), 0.5),
            edge=True,
        ),
        Case(
            label="a batch of one",
            args=(noise(5, 1, T, D), noise(6, 1, S, D), noise(7, 1, S, DV), 1.5),
            edge=True,
        ),
    ]


def regression_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, d, width) = draw_lead(rng, B, H), draw_sizes(rng, 6, 6, 6, 6)
    far = float(rng.choice([1.0, 1.0, 100.0]))
    drawn = (
        noise(rng, *lead, t, d, scale=far),
        noise(rng, *lead, s, d),
        noise(rng, *lead, s, width),
    )
    return Case(label="random", args=(*drawn, some_bandwidth(rng)))


def regression_oracle(
    queries: Tensor, keys: Tensor, values: Tensor, bandwidth: float | Tensor
) -> Tensor:
    """One query at a time."""
    if queries.ndim > 2:
        sets = zip(queries, keys, values, strict=True)
        return torch.stack([regression_oracle(q, k, v, bandwidth) for q, k, v in sets])
    return soften(score_oracle(queries, keys, bandwidth), values)


def regression_of_ones(call: Any, case: Case, value: Any) -> str | None:
    queries, keys, values, h = case.args
    return weights_sum_to_one(call, torch.ones_like(values), queries, keys, h, label=case.label)


EXERCISE = Exercise(
    name="nadaraya_watson",
    title="Regression by soft lookup",
    minutes=4,
    difficulty=1,
    proves="any query is answered, between the keys and far beyond them",
    passed="Agrees with a loop over the queries, gradients too, and answers 500 bandwidths away.",
    cases=regression_cases,
    sample=regression_sample,
    oracle=regression_oracle,
    properties=(Property(id="mean_of_ones", holds=regression_of_ones),),
    reference=f"{MECHANISM}.nadaraya_watson",
    kinds=("no_lead", "batch_of_one", "one_place", "ties", "zero", "far_rows"),
    hints=(
        "You have both halves: 3.3 scores the keys, 3.2 turns scores into a mean of the values.",
        "scores = gaussian_scores of queries, keys, bandwidth\nweighted_mean of scores and values",
        "One line is enough. The softmax inside weighted_mean takes the exponential, so hand it the scores "
        "as they are.\n    return weighted_mean(gaussian_scores(...), ...)",
    ),
    wrong_answers=MISTAKES,
)
