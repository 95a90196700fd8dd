"""“From patches to pixels”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.upsample import MISTAKES


def upsample_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))} numbers, patches of {p}, seed {seed}",
            args=(noise(seed, *shape), p),
            gradients=True,
        )
        for shape, p, seed in (((4, 2, 3), 5, 0), ((3, 2), 4, 1), ((2, 3, 4, 5), 2, 2))
    ]
    return [
        Case(label="1 × 2 numbers, patches of 2", args=(double([[1, 2]]), 2)),
        *drawn,
        Case(label="whole numbers", args=(torch.tensor([[1, 2], [3, 4]]), 3), edge=True),
        Case(label="a batch of one", args=(noise(4, 1, 2, 3), 2), edge=True),
        Case(label="one number", args=(noise(5, 1, 1), 3), edge=True),
        Case(label="patches of one pixel", args=(noise(3, 2, 3, 4), 1), edge=True),
    ]


def upsample_sample(rng: np.random.Generator) -> Case:
    b, r, c, p = draw_sizes(rng, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, r, c), p))


def upsample_oracle(maps: Tensor, patch: int) -> Tensor:
    """The Kronecker product with a patch of ones."""
    return torch.kron(maps, torch.ones(patch, patch, dtype=maps.dtype))


EXERCISE = Exercise(
    name="upsample",
    title="From patches to pixels",
    minutes=3,
    difficulty=1,
    proves="every pixel carries the number of the patch it lies in",
    passed="Agrees with the Kronecker product with a patch of ones, gradients too.",
    cases=upsample_cases,
    sample=upsample_sample,
    oracle=upsample_oracle,
    reference="course_lib.attention.maps.upsample",
    hints=(
        "Each number becomes a square of equal numbers. Do rows first, then columns.",
        "repeat each row `patch` times, in place\nrepeat each column `patch` times, in place",
        "maps.repeat_interleave(patch, dim=-2) repeats the rows; the same with dim=-1 the columns.",
    ),
    kinds=("no_lead", "batch_of_one", "whole_numbers"),
    wrong_answers=MISTAKES,
)
