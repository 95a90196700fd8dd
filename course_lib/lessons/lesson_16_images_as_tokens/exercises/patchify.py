"""“Patches by reshape”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_16_images_as_tokens.common import (
    COUNTED,
    GRIDS,
    patchify_oracle,
    size_of,
)
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.patchify import MISTAKES


def patchify_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{size_of(b, c, rows, columns, p)}, seed {seed}",
            args=(noise(seed, b, c, rows * p, columns * p), p),
            gradients=True,
        )
        for b, c, rows, columns, p, seed in GRIDS
    ]
    pixels = Case(label="patches of one pixel", args=(noise(7, 2, 3, 4, 5), 1), edge=True)
    whole = Case(label="one patch, the whole image", args=(noise(8, 2, 3, 4, 4), 4), edge=True)
    by_hand = Case(label="a 4 × 4 image of the numbers 0 to 15", args=(COUNTED, 2))
    column = Case(label="one image, a column of patches", args=(noise(9, 1, 2, 6, 2), 2), edge=True)
    return [by_hand, *drawn, pixels, whole, column]


def patchify_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p = draw_sizes(rng, 3, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, c, rows * p, columns * p), p))


def token_1_is_to_the_right(call: Any, case: Case, value: Any) -> str | None:
    """Token 1 begins where the second patch of the first row does."""
    images, p = case.args
    columns = images.shape[3] // p
    if columns < 2 or value.shape[:2] != (len(images), images[0, 0].numel() // p**2):
        return None
    due, found = images[0, 0, 0, p], value[0, 1, 0]
    if torch.isclose(due, found, atol=1e-6):
        return None
    return (
        f"Token 1 is the patch to the right of token 0, so it begins with the pixel images[0, 0, 0, {p}], "
        f"{due:.3f} in the case “{case.label}”. Yours begins with {found:.3f}."
    )


EXERCISE = Exercise(
    name="patchify",
    title="Patches by reshape",
    minutes=9,
    difficulty=2,
    proves="every pixel lands in the right token, at the right place in its row, whatever the shape of the picture",
    passed="Agrees with PyTorch's unfold on grids that are not square and with 1 to 4 channels, gradients too.",
    cases=patchify_cases,
    sample=patchify_sample,
    oracle=patchify_oracle,
    properties=(Property(id="token_1_is_to_the_right", holds=token_1_is_to_the_right),),
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.patchify",
    forbidden=("unfold", "Unfold", "conv2d", "Conv2d"),
    hints=(
        "Three moves: split the two long axes, bring the axes into the order of the answer, join them. Height is made of two "
        "axes: which of them moves slowly down the image?",
        "split: (B, C, H, W) to (B, C, rows, p, columns, p)\n"
        "move: to (B, rows, columns, C, p, p)\njoin: rows with columns, and the last three",
        "x = images.reshape(B, C, H // p, p, W // p, p); x.permute(0, 2, 4, 1, 3, 5) has the axes in order, and one more "
        "reshape joins them.",
    ),
    kinds=("batch_of_one",),
    wrong_answers=MISTAKES,
)
