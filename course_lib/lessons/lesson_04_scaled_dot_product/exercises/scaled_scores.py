"""“Scores, scaled”: its cases, its oracle, its hints."""

import itertools

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_04_scaled_dot_product.common import B, D, H, S, T
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.scaled_scores import MISTAKES


def score_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 4",
        args=(
            torch.tensor([[1.0, 0, 2, 0], [0, 1, 0, 3]]),
            torch.tensor([[1.0, 1, 0, 0], [0, 2, 1, 0], [3, 0, 0, 1]]),
        ),
    )
    shapes = {"one sequence": (), f"{B} sequences": (B,), f"{B} sequences, {H} heads": (B, H)}
    drawn = [
        Case(
            label=f"{name}, {T} queries, {S} keys, width {D}, seed {seed}",
            args=(noise(seed, *lead, T, D), noise(seed + 10, *lead, S, D)),
            gradients=True,
        )
        for (name, lead), seed in itertools.product(shapes.items(), (0, 1))
    ]
    alone = Case(
        label="a batch of one, one query, one key of zeros",
        args=(noise(4, 1, 1, 3), torch.zeros(1, 1, 3, dtype=torch.float64)),
        edge=True,
    )
    return [by_hand, *drawn, alone]


def score_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, s, d = draw_sizes(rng, 8, 8, 8)
    return Case(
        label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d)), edge=t == s
    )


def score_oracle(q: Tensor, k: Tensor) -> Tensor:
    return torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5


EXERCISE = Exercise(
    name="scaled_scores",
    title="Scores, scaled",
    minutes=4,
    difficulty=1,
    proves="every query meets every key, at a scale that does not depend on the width",
    passed="Agrees with an einsum in float64, gradients too, for one sequence, a batch, and a batch of heads.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.attention.scaled_dot_product.scaled_scores",
    hints=(
        "Row t of the result holds the dot products of query t with every key. Which of the two matrices has "
        "to be turned so that rows of q meet rows of k?",
        "scores = q times k, with k transposed in its last two axes only\nscores divided by the square root of d",
        "k.transpose(-2, -1) swaps the last two axes and leaves batch and heads alone. The width d is "
        "q.shape[-1]; math.sqrt(d) is its root.\n    return q @ ... / math.sqrt(...)",
    ),
    wrong_answers=MISTAKES,
)
