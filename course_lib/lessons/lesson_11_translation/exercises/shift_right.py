"""“What the decoder reads”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_11_translation.common import SIZES, sentences, some_lengths
from course_lib.lessons.lesson_11_translation.mistakes.shift_right import MISTAKES


def shift_case(rng: Any, lengths: tuple[int, ...], start: int, **more: Any) -> Case:
    labels = sentences(rng, list(lengths), max(lengths), 9, 0)
    return Case(args=(labels, start), **more)


def shift_cases() -> list[Case]:
    return [
        Case(label="one sentence, 5 6 and end", args=(torch.tensor([[5, 6, 2]]), 1)),
        shift_case(1, (4, 2), 1, label="2 sentences, 4 places"),
        shift_case(2, (6, 5, 3), 8, label="3 sentences, 6 places, start is 8"),
        shift_case(3, (1, 1), 7, label="one place, start is 7", edge=True),
    ]


def shift_sample(rng: np.random.Generator) -> Case:
    b, t = pick(rng, SIZES), pick(rng, SIZES)
    return shift_case(rng, tuple(some_lengths(rng, b, t)), pick(rng, range(9)), label="random")


def shift_oracle(labels: Tensor, start: int) -> Tensor:
    return torch.tensor([[start, *row[:-1]] for row in labels.tolist()])


EXERCISE = Exercise(
    name="shift_right",
    title="What the decoder reads",
    minutes=4,
    difficulty=1,
    proves="each place reads the word before the one it predicts, and the labels stay as they are",
    passed="Each place reads the word before its own, the first reads start.",
    cases=shift_cases,
    sample=shift_sample,
    oracle=shift_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
        "whole_numbers",
    ),
    reference="course_lib.lessons.lesson_11_translation.reference.shift_right",
    fresh=True,
    hints=(
        "Write the labels in one line and the inputs below them. Which column falls off, and what "
        "comes in?",
        "a column (B, 1) full of start\nbeside it all columns of labels but the last",
        "torch.full_like(labels[:, :1], start) is the column.\n"
        "    torch.cat([first, ...], dim=1) puts columns side by side.",
    ),
    wrong_answers=MISTAKES,
)
