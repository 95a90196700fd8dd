"""“Patches by convolution”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_16_images_as_tokens.common import (
    COUNTED,
    GRIDS,
    patchify_oracle,
    size_of,
)
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.patches_by_convolution import MISTAKES


def convolution_args(
    seed: Seed, b: int, c: int, rows: int, columns: int, p: int, d: int
) -> tuple[Any, ...]:
    rng = rng_of(seed)
    weight = noise(rng, d, c * p * p, scale=(c * p * p) ** -0.5)
    return noise(rng, b, c, rows * p, columns * p), weight, noise(rng, d), p


def convolution_cases() -> list[Case]:
    picking = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]])
    by_hand = Case(
        label="numbers 0 to 15; one output picks a patch's upper left, one its lower left",
        args=(COUNTED, picking, torch.tensor([0.0, 100.0]), 2),
    )
    drawn = [
        Case(
            label=f"{size_of(b, c, rows, columns, p)}, width {d}, seed {seed}",
            args=convolution_args(seed, b, c, rows, columns, p, d),
            gradients=True,
        )
        for (b, c, rows, columns, p, seed), d in zip(GRIDS, (7, 11, 6, 5), strict=True)
    ]
    pixels = Case(
        label="patches of one pixel", args=convolution_args(7, 2, 3, 4, 5, 1, 6), edge=True
    )
    whole = Case(
        label="one image, one patch, one output",
        args=convolution_args(8, 1, 2, 1, 1, 3, 1),
        edge=True,
    )
    return [by_hand, *drawn, pixels, whole]


def convolution_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=convolution_args(rng, *draw_sizes(rng, 3, 3, 3, 3, 3, 4)))


def convolution_oracle(images: Tensor, weight: Tensor, bias: Tensor, patch_size: int) -> Tensor:
    """The other form: the linear layer on the patches."""
    return F.linear(patchify_oracle(images, patch_size), weight, bias)


EXERCISE = Exercise(
    name="patches_by_convolution",
    title="Patches by convolution",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="one convolution with the linear layer's own numbers gives the linear layer's outputs and gradients",
    passed="Agrees with a linear layer on patches of every shape; gradients of images, weight and bias too.",
    cases=convolution_cases,
    sample=convolution_sample,
    oracle=convolution_oracle,
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.patches_by_convolution",
    forbidden=("unfold", "linear"),
    hints=(
        "What shape has the weight of a convolution with d_model outputs, and in which order does a row of the linear layer list "
        "the numbers of a patch? How far must the window move?",
        "kernel = weight, its second axis split into (C, p, p)\n"
        "out = convolution of images, with bias and stride p: (B, d, rows, columns)\n"
        "join rows and columns; swap the last two axes",
        "kernel = weight.reshape(-1, C, patch_size, patch_size), then F.conv2d(images, kernel, bias, stride=patch_size), "
        "and .flatten(2) leaves (B, d_model, N).",
    ),
    kinds=("batch_of_one", "zero"),
    wrong_answers=MISTAKES,
)
