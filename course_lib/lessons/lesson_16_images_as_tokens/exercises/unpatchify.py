"""“And back again”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_16_images_as_tokens.common import GRIDS, size_of
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.unpatchify import MISTAKES

#: The patches of `COUNTED`, 2 × 2 pixels each.
CUT = torch.tensor([[[0.0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]])


def unpatchify_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{size_of(b, c, rows, columns, p)}, seed {seed}",
            args=(noise(seed, b, rows * columns, c * p * p), p, rows * p, columns * p),
            gradients=True,
        )
        for b, c, rows, columns, p, seed in GRIDS
    ]
    pixels = Case(label="patches of one pixel", args=(noise(7, 2, 20, 3), 1, 4, 5), edge=True)
    return [
        Case(label="the numbers 0 to 15, cut into 2 × 2", args=(CUT, 2, 4, 4)),
        *drawn,
        pixels,
        Case(label="one image, one patch", args=(noise(8, 1, 1, 12), 2, 2, 2), edge=True),
        Case(label="one image, a column of patches", args=(noise(9, 1, 3, 8), 2, 6, 2), edge=True),
    ]


def unpatchify_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p = draw_sizes(rng, 3, 4, 4, 4, 4)
    patches = noise(rng, b, rows * columns, c * p * p)
    return Case(label="random", args=(patches, p, rows * p, columns * p))


def unpatchify_oracle(patches: Tensor, patch_size: int, height: int, width: int) -> Tensor:
    """`torch.nn.functional.fold`, which takes patches from columns."""
    return F.fold(patches.transpose(1, 2), (height, width), patch_size, stride=patch_size)


EXERCISE = Exercise(
    name="unpatchify",
    title="And back again",
    minutes=7,
    difficulty=2,
    proves="your function undoes patchify: every pixel is back where it was",
    passed="Agrees with PyTorch's fold on grids that are not square and with 1 to 4 channels, gradients too.",
    cases=unpatchify_cases,
    sample=unpatchify_sample,
    oracle=unpatchify_oracle,
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.unpatchify",
    forbidden=("fold", "Fold"),
    hints=(
        "The same three moves, backwards. Which axes must stand side by side, so that joining them makes the height?",
        "split: (B, N, row) to (B, rows, columns, C, p, p)\n"
        "move: to (B, C, rows, p, columns, p)\njoin: rows with p, columns with p",
        "x = patches.reshape(B, height // p, width // p, -1, p, p); x.permute(0, 3, 1, 4, 2, 5), and one more reshape, to "
        "(B, -1, height, width).",
    ),
    kinds=("batch_of_one", "one_place", "whole_numbers"),
    wrong_answers=MISTAKES,
)
