"""“From one layout to the other”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_08_order.common import POSITIONS
from course_lib.lessons.lesson_08_order.mistakes.pairs_to_halves import MISTAKES


def layout_cases() -> list[Case]:
    by_hand = Case(label="columns 0 to 5", args=(torch.arange(6.0),))
    drawn = [
        Case(
            label=f"shape {shape}",
            args=(noise(seed, *shape),),
            gradients=True,
        )
        for shape, seed in (((5, 8), 0), ((2, 5, 10), 1), ((2, 3, 4, 6), 2))
    ]
    return [
        *[by_hand, *drawn],
        Case(
            label="a batch of one, whole numbers, some of them twice",
            args=(torch.tensor([[3, 1, 3, 0]]),),
            edge=True,
        ),
        Case(label="one pair", args=(torch.tensor([1.0, 2.0]),), edge=True),
    ]


def layout_sample(rng: np.random.Generator) -> Case:
    lead = pick(rng, [(), (3,), (2, 3)])
    return Case(label="random", args=(noise(rng, *lead, 2 * pick(rng, range(1, 8))),))


def layout_oracle(x: Tensor) -> Tensor:
    """One column after the other."""
    d = x.shape[-1]
    return torch.stack([x[..., c] for c in [*range(0, d, 2), *range(1, d, 2)]], -1)


EXERCISE = Exercise(
    name="pairs_to_halves",
    title="From one layout to the other",
    minutes=4,
    difficulty=1,
    proves="the partners 2i and 2i + 1 end up in columns i and i + d/2",
    passed="Every column lands where it should, at widths 2 to 10.",
    cases=layout_cases,
    sample=layout_sample,
    oracle=layout_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "whole_numbers",
        "repeats",
        "zero",
    ),
    reference=f"{POSITIONS}.pairs_to_halves",
    hints=(
        "The first partners of all pairs stand in the even columns. Where do they have to go, and where the others?",
        "even columns, in their order, then odd columns, in theirs",
        "x[..., 0::2] takes every second column from the first on. Join two such slices: torch.cat([..., ...], dim=-1).",
    ),
    wrong_answers=MISTAKES,
)
