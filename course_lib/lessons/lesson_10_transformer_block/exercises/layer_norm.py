"""“Layer norm”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_10_transformer_block.common import (
    norm_args,
    norm_cases,
    norm_sample,
    rows_are_normal,
)
from course_lib.lessons.lesson_10_transformer_block.mistakes.layer_norm import MISTAKES


def layer_norm_cases() -> list[Case]:
    row = torch.tensor([1.0, 1, 5, 5])
    ones, zeros = torch.ones(4), torch.zeros(4)
    equal = torch.full((2, 3), 4.0, dtype=torch.float64)
    return [
        Case(label="one row (1, 1, 5, 5), eps 0", args=(row, ones, zeros, 0.0)),
        *norm_cases(bias=True),
        Case(label="a batch of one row", args=(*norm_args(9, 1, 5), 1e-5), edge=True),
        Case(label="rows of equal numbers", args=(equal, *norm_args(8, 2, 3)[1:], 1e-5), edge=True),
    ]


def layer_norm_sample(rng: np.random.Generator) -> Case:
    return norm_sample(rng, True)


def layer_norm_oracle(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    return F.layer_norm(x, (x.shape[-1],), gain, bias, eps)


EXERCISE = Exercise(
    name="layer_norm",
    title="Layer norm",
    minutes=6,
    difficulty=1,
    proves="every row is centred and scaled by itself, with the variance and the eps that PyTorch uses",
    passed="Agrees with PyTorch's layer_norm in float64, gradients too, also where the variance is small.",
    cases=layer_norm_cases,
    sample=layer_norm_sample,
    oracle=layer_norm_oracle,
    properties=(Property(id="rows_are_normal", holds=rows_are_normal),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.layer_norm",
    forbidden=("layer_norm", "LayerNorm"),
    hints=(
        "Four steps for every row: take away its mean, find its variance, divide, and then use the two learned "
        "vectors. Which axis is a row, and what must happen so that its mean lines up with it again?",
        "centred = x minus the mean of its last axis, kept as an axis of size 1\n"
        "variance = mean of the squares of centred, kept alike\n"
        "centred divided by the root of (variance plus eps)\ntimes gain, plus bias",
        "centred = x - x.mean(-1, keepdim=True), then variance = centred.square().mean(-1, keepdim=True), and "
        "centred / (variance + eps).sqrt() is what gain and bias act on.",
    ),
    wrong_answers=MISTAKES,
)
