"""“Crop and flip, each image by itself”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_mask, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.lesson_17_training_a_vit.common import PICTURES
from course_lib.lessons.lesson_17_training_a_vit.mistakes.crop_and_flip import MISTAKES


def crop_cases() -> list[Case]:
    row = double([[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]])
    corners, flips = torch.tensor([[1, 2], [1, 1]]), torch.tensor([True, False])
    drawn = [
        _crop_case(f"padding {p}, seed {seed}", seed, b, c, h, w, p)
        for b, c, h, w, p, seed in ((5, 2, 3, 4, 1, 0), (7, 3, 4, 5, 2, 1), (6, 1, 5, 3, 2, 2))
    ]
    still = (noise(4, 3, 2, 4, 4), torch.zeros(3, 2).long(), torch.tensor([True, False, True]), 0)
    return [
        Case(label="two images of one row, (1, 2, 3) and (4, 5, 6)", args=(row, corners, flips, 1)),
        *drawn,
        Case(label="no padding", args=still, edge=True),
        Case(
            label="one image that stays as it is",
            args=(row[:1], corners[:1], ~flips[:1], 1),
            edge=True,
        ),
        Case(label="one image, mirrored", args=(row[1:], corners[1:], flips[:1], 1), edge=True),
        Case(
            label="windows that see the frame alone",
            args=(noise(5, 2, 1, 2, 2), 4 * corners[:1].new_tensor([[0, 1], [1, 0]]), ~flips, 2),
            edge=True,
            shows=("border",),
        ),
    ]


def _crop_case(label: str, seed: Seed, b: int, c: int, h: int, w: int, p: int) -> Case:
    rng = rng_of(seed)
    corners = draw_ids(rng, 2 * p + 1, b, 2)
    corners[0] = torch.tensor([2 * p, 0])
    flips = draw_mask(rng, b)
    flips[: min(b, 2)] = torch.tensor([True, False])[: min(b, 2)]
    return Case(
        label=f"{b} images of {c} channels, {h} × {w}, {label}",
        args=(noise(rng, b, c, h, w), corners, flips, p),
        gradients=True,
    )


def crop_oracle(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    """Place by place: where does this number come from, and is that inside the picture?"""
    _, _, height, width = images.shape
    out = torch.zeros_like(images)
    for b, (top, left) in enumerate(corners.tolist()):
        for i in range(height):
            for j in range(width):
                at = width - 1 - j if flips[b] else j
                row, column = top + i - padding, left + at - padding
                if 0 <= row < height and 0 <= column < width:
                    out[b, :, i, j] += images[b, :, row, column]
    return out


def crop_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = draw_sizes(rng, 3, 3, 3, 3)
    case = _crop_case("random", rng, b, c, h, w, pick(rng, range(3)))
    return Case(label="random", args=case.args)


EXERCISE = Exercise(
    name="crop_and_flip",
    title="Crop and flip, each image by itself",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="every image has its own window and its own mirror, with zeros where the window leaves the picture",
    passed="Agrees with a search place by place, gradients too.",
    cases=crop_cases,
    sample=crop_sample,
    oracle=crop_oracle,
    reference=f"{PICTURES}.crop_and_flip",
    hints=(
        "Put a frame of zeros around all images first. Then every result is a window of the same size, cut at a place of its "
        "own: a loop over the images will do, indexing does it at once.",
        "frame the images with `padding` zeros on every side\nfor each image b:\n    window of H rows and W columns from "
        "its corner on\n    mirrored in its last axis where flips[b]\nstack the windows",
        "framed = F.pad(images, (padding,) * 4); framed[b, :, top : top + H, left : left + W]; .flip(-1) mirrors; "
        "torch.stack(windows) ends it.",
    ),
    kinds=("front", "gaps", "empty", "batch_of_one", "border"),
    never={
        "hidden_nan": "Pixels are finite; flips choose between two of them and hide none.",
    },
    wrong_answers=MISTAKES,
)
