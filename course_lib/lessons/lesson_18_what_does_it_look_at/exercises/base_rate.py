"""“What chance would hit”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.base_rate import MISTAKES


def _boxes(rng: np.random.Generator, count: int, height: int, width: int) -> Tensor:
    top, left = rng.integers(0, height, count), rng.integers(0, width, count)
    bottom = top + 1 + rng.integers(0, height - top)
    right = left + 1 + rng.integers(0, width - left)
    return torch.from_numpy(np.stack([top, left, bottom, right], axis=1))


def base_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{count} boxes on {h} × {w} pixels, seed {seed}",
            args=(_boxes(np.random.default_rng(seed), count, h, w), h, w),
        )
        for count, h, w, seed in ((5, 8, 12, 0), (7, 10, 6, 1), (3, 9, 20, 2))
    ]
    return [
        Case(
            label="boxes of 1 × 2 and 2 × 4 on 4 × 5 pixels",
            args=(torch.tensor([[0, 1, 1, 3], [2, 1, 4, 5]]), 4, 5),
        ),
        *drawn,
        Case(label="the same box twice", args=(torch.tensor([[1, 0, 3, 2]] * 2), 5, 3), edge=True),
        Case(label="a box of one pixel", args=(torch.tensor([[2, 3, 3, 4]]), 3, 4), edge=True),
        Case(label="a box that is the image", args=(torch.tensor([[0, 0, 3, 4]]), 3, 4), edge=True),
    ]


def base_sample(rng: np.random.Generator) -> Case:
    count, h, w = draw_sizes(rng, 5, 8, 8)
    return Case(label="random", args=(_boxes(rng, count, h, w), h, w))


def base_oracle(boxes: Tensor, height: int, width: int) -> float:
    """Count pixels one by one."""
    found = 0
    for top, left, bottom, right in boxes.tolist():
        found += sum(
            top <= row < bottom and left <= column < right
            for row in range(height)
            for column in range(width)
        )
    return found / (len(boxes) * height * width)


def is_plain(call: Any, case: Case, value: Any) -> str | None:
    """What comes back is a number, no tensor."""
    if isinstance(value, Tensor):
        return f"A number is due, not a tensor (case: {case.label}). End with .item()."
    return None


EXERCISE = Exercise(
    name="base_rate",
    title="What chance would hit",
    minutes=3,
    difficulty=1,
    proves="your number is the chance that a pixel drawn at random lies in its image's box",
    passed="Agrees with counting pixels one by one.",
    cases=base_cases,
    sample=base_sample,
    oracle=base_oracle,
    properties=(Property(id="plain_number", holds=is_plain),),
    reference="course_lib.attention.maps.base_rate",
    device="any",
    hints=(
        "On one image, a random pixel lies in the box with the chance of the box's area over the image's. And over "
        "several images?",
        "height of each box: bottom − top; width: right − left\nmean of the areas, divided by height · width",
        "top, left, bottom, right = boxes.T takes the columns apart; integers need .double() before .mean(), and .item() "
        "makes a number of a tensor.",
    ),
    kinds=("repeats", "whole_numbers", "batch_of_one"),
    wrong_answers=MISTAKES,
)
