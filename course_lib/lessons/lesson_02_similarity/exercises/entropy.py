"""“How spread out are the weights?”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_02_similarity.common import SIZES, B, S, T
from course_lib.lessons.lesson_02_similarity.mistakes.entropy import MISTAKES


def entropy_cases() -> list[Case]:
    halves = double([0.5, 0.25, 0.25])
    sure = double([[0.0, 1, 0, 0], [0.5, 0, 0.5, 0]])
    return [
        Case(label="weights 1/2, 1/4, 1/4", args=(halves,), gradients=True),
        Case(
            label=f"{T} rows of {S} weights, seed 0",
            args=(draw_weights(0, T, S),),
            gradients=True,
        ),
        Case(label="3 rows of 3 weights, seed 2", args=(draw_weights(2, 3, 3),), gradients=True),
        Case(
            label=f"{B} × {T} rows of {S} weights, seed 1",
            args=(draw_weights(1, B, T, S, spread=2.0),),
            gradients=True,
        ),
        Case(label="rows that hold zeros", args=(sure,)),
        Case(label="a batch of one row", args=(double([[0.25, 0.75]]),), edge=True),
        Case(label="a single weight", args=(torch.ones(1, dtype=torch.float64),), edge=True),
    ]


def entropy_sample(rng: np.random.Generator) -> Case:
    lead = pick(rng, [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))])
    scores = noise(rng, *lead, pick(rng, SIZES), scale=2.0)
    if coin(rng):
        hidden = scores < scores.amax(-1, keepdim=True) - 1.0
        scores = scores.masked_fill(hidden, -torch.inf)
    return Case(label="random", args=(scores.softmax(-1),))


def entropy_oracle(weights: Tensor) -> Tensor:
    return torch.special.entr(weights).sum(-1)


def even_weights_give_log(call: Any, case: Case, value: Any) -> str | None:
    """N equal weights have entropy ln N."""
    found = float(call(torch.full((4,), 0.25, dtype=torch.float64)))
    if abs(found - math.log(4)) < 1e-6:
        return None
    return f"Four equal weights have entropy ln 4 = 1.386294; yours gives {found:.6f} for them."


EXERCISE = Exercise(
    name="entropy",
    title="How spread out are the weights?",
    minutes=5,
    difficulty=2,
    proves="every row has its own entropy in nats, rows with weights of 0 included",
    passed="Agrees with PyTorch's torch.special.entr, gradients too, and survives weights of 0.",
    cases=entropy_cases,
    sample=entropy_sample,
    oracle=entropy_oracle,
    properties=(Property(id="even_weights_give_log", holds=even_weights_give_log),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
        "ties",
    ),
    reference="course_lib.attention.similarity.entropy",
    forbidden=("Categorical",),
    hints=(
        "Follow the formula: a term for each weight, one sum for each row, a minus sign. Then ask "
        "what the "
        "logarithm of a weight of 0 is, and what the term ought to be.",
        "terms = each weight times its natural logarithm, 0 where the weight is 0\n"
        "return minus the sum of the terms along the last axis",
        "torch.xlogy(a, b) is a · log(b), and 0 where a is 0.\n    return -torch.xlogy(weights, "
        "...).sum(dim=...)",
    ),
    wrong_answers=MISTAKES,
)
