"""“Occlusion”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_18_what_does_it_look_at.common import Weighed, total
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.occlusion import MISTAKES


def _occlusion_case(seed: int, rows: int, columns: int, patch: int) -> Case:
    height, width = rows * patch, columns * patch
    return Case(
        label=f"{rows} × {columns} patches of {patch}, seed {seed}",
        args=(Weighed(seed, height, width), noise(seed + 1, height, width), patch, 0.3),
    )


def occlusion_cases() -> list[Case]:
    score, image, patch, _ = _occlusion_case(0, 2, 3, 4).args
    return [
        Case(
            label="two patches of one pixel, the sum as score",
            args=(total, double([[1, 3]]), 1, 0.5),
        ),
        _occlusion_case(0, 2, 3, 4),
        _occlusion_case(10, 3, 2, 5),
        _occlusion_case(20, 4, 5, 2),
        Case(label="a fill of zero", args=(score, image, patch, 0.0), edge=True),
        Case(label="a score that rises", args=(total, -image.exp(), patch, 0.5), edge=True),
        Case(label="one patch", args=_occlusion_case(30, 1, 1, 3).args, edge=True),
    ]


def occlusion_sample(rng: np.random.Generator) -> Case:
    rows, columns, patch = draw_sizes(rng, 3, 3, 3)
    return _occlusion_case(pick(rng, range(10**6)), rows, columns, patch)


def occlusion_oracle(score: Any, image: Tensor, patch: int, fill: float) -> Tensor:
    """Hide the patch that each pixel lies in, one image at a time, and read one pixel a patch."""
    height, width = image.shape
    falls = torch.empty(height, width, dtype=image.dtype)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    for i in range(0, height, patch):
        for j in range(0, width, patch):
            same = (rows // patch == i // patch) & (columns // patch == j // patch)
            hidden = image.masked_fill(same, fill)
            falls[same] = (score(image[None]) - score(hidden[None])).item()
    return falls[::patch, ::patch]


EXERCISE = Exercise(
    name="occlusion",
    title="Occlusion",
    minutes=6,
    difficulty=2,
    proves="each patch alone is replaced, and what counts is how far the score falls",
    passed="Agrees with a loop that hides the patch of every pixel, one image at a time.",
    cases=occlusion_cases,
    sample=occlusion_sample,
    oracle=occlusion_oracle,
    reference="course_lib.attention.maps.occlusion",
    device="any",
    hints=(
        "How many images must the model see for a grid of 2 × 3 patches, and what is the same in all of them?",
        "whole = score of the image\nfor each row and column of patches: a copy of the image, the patch set to fill\n"
        "fall = whole − score of that copy\nfalls, laid out as the patches lie",
        "hidden = image.clone(); hidden[i : i + patch, j : j + patch] = fill, for i in range(0, height, patch) and j likewise; "
        "score(torch.stack(copies)) asks all at once, and .view(rows, columns) lays the falls out.",
    ),
    kinds=("negative", "zero"),
    wrong_answers=MISTAKES,
)
