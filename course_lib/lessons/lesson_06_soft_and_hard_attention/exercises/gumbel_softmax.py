"""“A choice, softened”: its cases, its oracle, its hints."""

import math

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.checking.properties import rows_sum_to_one
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    LEADS,
    MECHANISM,
    N,
    leading,
    uniform,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.gumbel_softmax import MISTAKES


def gumbel_cases() -> list[Case]:
    u = math.exp(-1)  # −log(−log u) = 0
    v = math.exp(-1 / math.e)  # = 1
    return [
        Case(
            label="two scores alike, Gumbel noise 0 and 1, τ = 1",
            args=(double([0, 0]), double([u, v]), 1.0),
        ),
        Case(
            label="two scores alike, Gumbel noise 0 and 1, τ = 0.5",
            args=(double([0, 0]), double([u, v]), 0.5),
        ),
        *(
            Case(
                label=f"{name}, {N} places, τ = {t}, seed {seed}",
                args=(noise(seed, *lead, N), uniform(seed + 10, *lead, N), t),
                gradients=True,
            )
            for seed, ((name, lead), t) in enumerate(
                zip(LEADS.items(), (0.7, 1.5, 0.4), strict=True)
            )
        ),
        Case(
            label="a batch of one, scores below 0",
            args=(double([[-1, -2, -2]]), double([[0.9, 0.5, 0.1]]), 2.0),
            gradients=True,
            edge=True,
        ),
        Case(label="one place", args=(double([3]), double([0.2]), 0.5), gradients=True, edge=True),
    ]


def gumbel_sample(rng: np.random.Generator) -> Case:
    shape = (*leading(rng), *draw_sizes(rng, 8))
    drawn = (noise(rng, *shape), uniform(rng, *shape), float(rng.uniform(0.3, 3.0)))
    return Case(label="random", args=drawn)


def gumbel_oracle(scores: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """Exponentials of each shifted score, over their sum."""
    shifted = (scores - torch.log(torch.log(1 / noise))) / temperature
    powers = torch.exp(shifted - shifted.amax(-1, keepdim=True))
    return powers / torch.einsum("...n->...", powers).unsqueeze(-1)


ROWS = rows_sum_to_one(
    "Each row must sum to 1; on the case “{label}” the first of yours sums to {first}."
)

EXERCISE = Exercise(
    name="gumbel_softmax",
    title="A choice, softened",
    minutes=6,
    difficulty=2,
    proves="your noise is Gumbel noise, added to the scores, and the temperature divides both",
    passed="Agrees for given noise, gradients too, at every temperature and for any leading axes.",
    cases=gumbel_cases,
    sample=gumbel_sample,
    oracle=gumbel_oracle,
    properties=(Property(id="rows_sum_to_one", holds=ROWS),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "negative",
        "zero",
    ),
    reference=f"{MECHANISM}.gumbel_softmax",
    hints=(
        "Three steps in this order: make Gumbel noise of uniform noise, shift the scores by it, then a "
        "softmax at a temperature as in lesson 02.",
        "gumbel = minus log of (minus log of noise)\nsoftmax of (scores plus gumbel) divided by the temperature",
        "gumbel = -torch.log(-torch.log(noise)); divide the sum by the temperature, in brackets.\n"
        "    return ((scores + ...) / ...).softmax(-1)",
    ),
    wrong_answers=MISTAKES,
)
