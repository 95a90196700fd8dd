"""“What the decoder reads”: its cases, its oracle, its hints."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.shift_right import MISTAKES


def shift_cases() -> list[Case]:
    def ids(*rows: Sequence[int]) -> Tensor:
        return torch.tensor(rows)

    drawn = [
        _shift_case(np.random.default_rng(seed), b, t) for seed, b, t in ((0, 3, 7), (1, 5, 4))
    ]
    return [
        Case(label="one row of three", args=(ids([7, 8, 1]), 0, 0)),
        Case(
            label="two rows, −100 behind",
            args=(ids([7, 8, 9, 1], [5, 1, -100, -100]), 0, 0),
            shows=("early_end",),
        ),
        Case(
            label="BART's ids: start 2, padding 1", args=(ids([4, 6, 2, -100], [9, 3, 8, 2]), 2, 1)
        ),
        *(Case(label=f"drawn, seed {seed}", args=case.args) for seed, case in enumerate(drawn)),
        Case(
            label="−100 in front and between", args=(ids([-100, 5, -100, 6], [7, -100, 8, 9]), 2, 1)
        ),
        Case(
            label="labels equal to start and to padding", args=(ids([2, 0, 1, 2]), 2, 1), edge=True
        ),
        Case(label="one place", args=(ids([6], [4]), 3, 0), edge=True),
    ]


def _shift_case(rng: np.random.Generator, b: int, t: int) -> Case:
    labels = torch.from_numpy(rng.integers(4, 20, size=(b, t)))
    for row in labels:
        n = pick(rng, range(t + 1))
        row[t - n :] = -100 if n < t else row[t - n :]
        row[rng.integers(t)] = pick(rng, (-100, 0, 2, 7))
    return Case(label="random", args=(labels, pick(rng, (0, 2, 3)), pick(rng, (0, 1))))


def shift_oracle(labels: Tensor, start: int, pad: int) -> Tensor:
    rows = [[start, *(pad if one == -100 else one for one in row)][:-1] for row in labels.tolist()]
    return torch.tensor(rows, dtype=labels.dtype).view(labels.shape)


EXERCISE = Exercise(
    name="shift_right",
    title="What the decoder reads",
    minutes=5,
    difficulty=1,
    proves="at each place the decoder reads what was written one place before, and the start token first",
    passed="Agrees with lists moved by hand; T5's start token and BART's, −100 turned into padding.",
    cases=shift_cases,
    sample=lambda rng: _shift_case(rng, pick(rng, range(1, 5)), pick(rng, range(1, 7))),
    oracle=shift_oracle,
    reference="course_lib.lessons.lesson_15_text_to_text.reference.shift_right",
    hints=(
        "The row to be written is 7, 8, end. What has been written when 7 is due? When 8 is? When the end is?",
        "−100 becomes pad\na column of start\nthen every column but the last",
        "read = labels.masked_fill(labels == -100, pad); torch.cat([torch.full_like(read[:, :1], start), read[:, :-1]], dim=1).",
    ),
    kinds=("batch_of_one", "one_place", "early_end", "repeats", "whole_numbers"),
    wrong_answers=MISTAKES,
)
