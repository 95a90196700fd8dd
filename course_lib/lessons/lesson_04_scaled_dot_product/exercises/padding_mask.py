"""“Padding mask”: its cases, its oracle, its hints."""

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_04_scaled_dot_product.common import padding_sample
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.padding_mask import MISTAKES


def padding_cases() -> list[Case]:
    lengths = ([3, 1], [4, 2, 7], [1, 6, 3, 5], [5, 2])
    widths = (3, 7, 6, 9)
    drawn = [
        Case(label=f"lengths {row}, padded to {n}", args=(torch.tensor(row), n))
        for row, n in zip(lengths, widths, strict=True)
    ]
    return [
        *drawn,
        Case(label="two of the same length", args=(torch.tensor([2, 2]), 4), edge=True),
        Case(label="one sequence that fills its place", args=(torch.tensor([3]), 3), edge=True),
        Case(label="an empty sequence among others", args=(torch.tensor([2, 0, 4]), 5), edge=True),
    ]


def padding_oracle(lengths: Tensor, n_keys: int) -> Tensor:
    rows = [[s < length for s in range(n_keys)] for length in lengths.tolist()]
    return torch.tensor(rows, dtype=torch.bool)


EXERCISE = Exercise(
    name="padding_mask",
    title="Padding mask",
    minutes=5,
    difficulty=1,
    proves="exactly the real keys of every sequence are True",
    passed="Right for sequences of every length, the empty one included.",
    cases=padding_cases,
    sample=padding_sample,
    oracle=padding_oracle,
    device="rule",
    kinds=(
        "batch_of_one",
        "repeats",
        "whole_numbers",
    ),
    reference="course_lib.attention.masks.padding_mask",
    hints=(
        "Key s is real when its position is smaller than the length of its sequence. Compare positions with lengths.",
        "positions 0 … n_keys − 1 as a row, lengths as a column\ncompare: a row against a column gives a matrix",
        "torch.arange(n_keys, device=lengths.device) is the row, lengths[:, None] the column, < the comparison.",
    ),
    wrong_answers=MISTAKES,
)
