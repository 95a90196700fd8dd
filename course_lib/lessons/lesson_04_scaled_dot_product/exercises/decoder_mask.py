"""“Both masks at once”: its cases, its oracle, its hints."""

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_04_scaled_dot_product.common import padding_sample
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.decoder_mask import MISTAKES


def decoder_cases() -> list[Case]:
    drawn = [
        Case(label=f"lengths {row}, padded to {n}", args=(torch.tensor(row), n))
        for row, n in (([2, 3], 3), ([5, 2, 4], 5), ([1, 7, 3, 4], 7))
    ]
    return [
        *drawn,
        Case(label="one sequence of one token", args=(torch.tensor([1]), 1), edge=True),
        Case(label="two of the same length", args=(torch.tensor([2, 2]), 3), edge=True),
        Case(label="an empty sequence among others", args=(torch.tensor([0, 3]), 4), edge=True),
    ]


def decoder_oracle(lengths: Tensor, n: int) -> Tensor:
    rows = [
        [[s <= t and s < length for s in range(n)] for t in range(n)] for length in lengths.tolist()
    ]
    return torch.tensor(rows, dtype=torch.bool)


EXERCISE = Exercise(
    name="decoder_mask",
    title="Both masks at once",
    minutes=5,
    difficulty=2,
    proves="key s is allowed to query t exactly when s ≤ t and s is no padding",
    passed="Right for batches of every length, the empty sequence included.",
    cases=decoder_cases,
    sample=padding_sample,
    oracle=decoder_oracle,
    kinds=(
        "batch_of_one",
        "repeats",
        "whole_numbers",
    ),
    reference="course_lib.attention.masks.decoder_mask",
    hints=(
        "A key is allowed when both masks allow it. Which operator says “both”, entry by entry?",
        "causal: (n, n), the same for all sequences\npadding: (B, n), to be given an axis for the queries\nboth: &",
        "padding_mask(lengths, n)[:, None, :] has shape (B, 1, n) and broadcasts against causal_mask(n). On a GPU "
        "the causal mask must move: .to(lengths.device).",
    ),
    wrong_answers=MISTAKES,
)
