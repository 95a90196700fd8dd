"""“Every value, weighted”: its cases, its oracle, its hints."""

import math
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
    H,
    S,
    T,
    soften,
    weights_sum_to_one,
)
from course_lib.lessons.lesson_03_soft_lookup.mistakes.weighted_mean import MISTAKES


def mean_cases() -> list[Case]:
    scores = double([[0, math.log(2), 0], [0, 0, 0]])
    by_hand = Case(
        label="weights 1/4, 1/2, 1/4, then three equal ones", args=(scores, double([[4], [8], [0]]))
    )
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, seed {seed}",
            args=(noise(seed, *lead, t, s), noise(seed + 10, *lead, s, DV)),
            gradients=True,
        )
        for (name, lead), (t, s, seed) in zip(
            LEADS.items(), ((T, S, 0), (S, T, 1), (T, S, 2)), strict=True
        )
    ]
    steep = double([[1000, 999, 0], [-1000, -1001, -1002]])
    return [
        by_hand,
        *drawn,
        Case(label="a batch of one", args=(noise(5, 1, T, S), noise(6, 1, S, DV)), edge=True),
        Case(label="a single key", args=(noise(3, T, 1), noise(4, 1, DV)), edge=True),
        Case(label="scores of 1000 and −1000", args=(steep, double([[4], [8], [0]])), edge=True),
    ]


def mean_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, width) = draw_lead(rng, B, H), draw_sizes(rng, 6, 6, 6)
    scale = float(rng.choice([1.0, 1.0, 300.0]))
    args = (noise(rng, *lead, t, s, scale=scale), noise(rng, *lead, s, width))
    return Case(label="random", args=args)


def mean_oracle(scores: Tensor, values: Tensor) -> Tensor:
    if scores.ndim > 2:
        return torch.stack([mean_oracle(s, v) for s, v in zip(scores, values, strict=True)])
    return soften(scores, values)


def mean_of_ones(call: Any, case: Case, value: Any) -> str | None:
    scores, values = case.args
    return weights_sum_to_one(call, torch.ones_like(values), scores, label=case.label)


EXERCISE = Exercise(
    name="weighted_mean",
    title="Every value, weighted",
    minutes=5,
    difficulty=1,
    proves="each query gets a mean of all values, whatever the size of its scores",
    passed="Agrees with a loop over the queries, gradients too, and survives scores of 1000.",
    cases=mean_cases,
    sample=mean_sample,
    oracle=mean_oracle,
    properties=(Property(id="mean_of_ones", holds=mean_of_ones),),
    reference=f"{MECHANISM}.weighted_mean",
    kinds=("no_lead", "batch_of_one", "one_place", "ties", "zero", "large", "far_rows"),
    hints=(
        "In 3.1 the weights were 0 or 1. Now they come from scores: which function of lesson 02 turns any "
        "row of numbers into positive ones with a sum of 1?",
        "weights = softmax of the scores, along the keys\nweights times values",
        "The keys are the last axis of scores.\n    weights = scores.softmax(dim=...)\n    return weights @ ...",
    ),
    wrong_answers=MISTAKES,
)
