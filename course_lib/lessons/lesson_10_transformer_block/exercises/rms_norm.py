"""“RMSNorm”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_10_transformer_block.common import (
    norm_args,
    norm_cases,
    norm_sample,
    rows_are_normal,
)
from course_lib.lessons.lesson_10_transformer_block.mistakes.rms_norm import MISTAKES


def rms_norm_cases() -> list[Case]:
    row = torch.tensor([1.0, 7])
    zeros = torch.zeros(2, 3, dtype=torch.float64)
    return [
        Case(label="one row (1, 7), eps 0", args=(row, torch.ones(2), 0.0)),
        *norm_cases(bias=False),
        Case(label="a batch of one row", args=(*norm_args(9, 1, 5, bias=False), 1e-5), edge=True),
        Case(label="rows of zeros", args=(zeros, noise(8, 3), 1e-6), edge=True),
    ]


def rms_norm_sample(rng: np.random.Generator) -> Case:
    return norm_sample(rng, False)


def rms_norm_oracle(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), gain, eps)


EXERCISE = Exercise(
    name="rms_norm",
    title="RMSNorm",
    minutes=4,
    difficulty=1,
    proves="rows are divided by the root of their mean square, and nothing is centred",
    passed="Agrees with PyTorch's rms_norm in float64, gradients too.",
    cases=rms_norm_cases,
    sample=rms_norm_sample,
    oracle=rms_norm_oracle,
    properties=(Property(id="rows_are_normal", holds=rows_are_normal),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.rms_norm",
    forbidden=("rms_norm", "RMSNorm"),
    hints=(
        "Its name says what to divide by, read from right to left: a square, then a mean, then a root. Where does "
        "eps go, so that the root never sees 0?",
        "mean square = mean over the last axis of x squared, kept as an axis of size 1\n"
        "x divided by the root of (mean square plus eps)\ntimes gain",
        "x.square().mean(-1, keepdim=True) is the mean square; add eps, take .sqrt(), divide, and multiply by gain.",
    ),
    wrong_answers=MISTAKES,
)
