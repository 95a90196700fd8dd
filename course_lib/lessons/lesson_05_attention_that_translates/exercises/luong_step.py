"""“A step that attends last”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_05_attention_that_translates.common import (
    TRANSLATOR,
    wired,
    wiring_cases,
)
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.luong_step import MISTAKES


def luong_step_sample(rng: np.random.Generator) -> Case:
    return wired(rng, draw_sizes(rng, 5, 5, 5, 5, 5, 5), late=True, label="random")


def luong_step_oracle(
    y: Tensor, h: Tensor, attend: Any, cell: Any, w_c: Tensor
) -> tuple[Tensor, ...]:
    new = cell(y.clone(), h.clone())
    context, weights = attend(new)
    d_m = context.shape[1]
    mixed = torch.einsum("bm,mo->bo", context, w_c[:d_m]) + torch.einsum(
        "bd,do->bo", new, w_c[d_m:]
    )
    return torch.tanh(mixed), new, weights


EXERCISE = Exercise(
    name="luong_step",
    title="A step that attends last",
    minutes=5,
    difficulty=1,
    proves="your step attends with the state after it, and mixes both into one vector",
    passed="The state after the step attends; context and state are mixed by W_c and a tanh.",
    cases=lambda: wiring_cases(late=True),
    sample=luong_step_sample,
    oracle=luong_step_oracle,
    parts=("out", "state", "weights"),
    kinds=("batch_of_one",),
    reference=f"{TRANSLATOR}.luong_step",
    device="any",
    hints=(
        "The same parts as in 5.5 in another order: step, read, mix.",
        "h = the cell, on y alone, from h\ncontext, weights = what the new h reads\n"
        "out = tanh of context and h side by side, times w_c",
        "h = cell(y, h) comes first.\n    context, weights = attend(h)\n"
        "    out = torch.tanh(torch.cat([...], dim=-1) @ w_c)",
    ),
    wrong_answers=MISTAKES,
)
