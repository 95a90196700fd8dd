"""“Temperature, in torch”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_02_similarity.common import (
    SIZES,
    B,
    S,
    T,
    no_negative_weight,
    rows_sum_to_one,
)
from course_lib.lessons.lesson_02_similarity.mistakes.softmax import MISTAKES


def softmax_cases() -> list[Case]:
    tidy = double([2.0, 1.0, 0.0])
    far = double([[60.0, 59.9, 0], [-60, -59.9, -61]])
    return [
        Case(label="scores 2, 1 and 0 at temperature 2", args=(tidy, 2.0), gradients=True),
        Case(label="the same, no temperature given", args=(tidy,), gradients=True),
        Case(
            label=f"{T} rows of {S} scores at 0.5, seed 0",
            args=(noise(0, T, S), 0.5),
            gradients=True,
        ),
        Case(
            label=f"{B} × {T} rows of {S} scores at 3, seed 1",
            args=(noise(1, B, T, S),),
            kwargs={"temperature": 3.0},
            gradients=True,
        ),
        Case(label="scores up to 60 at 0.05", args=(far, 0.05)),
        Case(
            label="a batch of one row, two scores alike",
            args=(double([[2.0, 2.0, -1.0]]), 0.5),
            edge=True,
        ),
        Case(label="a single score", args=(tidy[:1], 0.7), edge=True),
    ]


def softmax_sample(rng: np.random.Generator) -> Case:
    lead = pick(rng, [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))])
    scale = pick(rng, (1.0, 5.0, 60.0))
    scores = noise(rng, *lead, pick(rng, SIZES), scale=scale)
    return Case(label="random", args=(scores, float(rng.choice([0.05, 0.3, 1.0, 2.0, 7.5]))))


def softmax_oracle(scores: Tensor, temperature: float = 1.0) -> Tensor:
    return torch.softmax(scores / temperature, dim=-1)


EXERCISE = Exercise(
    name="softmax",
    title="Temperature, in torch",
    minutes=5,
    difficulty=1,
    proves="the temperature divides the scores, gradients included, and nothing overflows",
    passed="Agrees with PyTorch's softmax at five temperatures, gradients too.",
    cases=softmax_cases,
    sample=softmax_sample,
    oracle=softmax_oracle,
    properties=(
        Property(id="no_negative_weight", holds=no_negative_weight),
        Property(id="rows_sum_to_one", holds=rows_sum_to_one),
    ),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "zero",
    ),
    reference="course_lib.attention.similarity.softmax",
    hints=(
        "High temperature, even weights. Which operation on the scores brings them closer "
        "together, and must "
        "it come before or after the softmax?",
        "divide the scores by the temperature\nthen what 2.6 does, or torch's own softmax",
        "torch.softmax(…, dim=-1) is the 2.6 of torch, stable and with gradients.\n"
        "    return torch.softmax(scores / ..., dim=-1)",
    ),
    wrong_answers=MISTAKES,
)
