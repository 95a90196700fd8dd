"""“A step that attends first”: its cases, its oracle, its hints."""

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
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.bahdanau_step import MISTAKES


def bahdanau_sample(rng: np.random.Generator) -> Case:
    return wired(rng, draw_sizes(rng, 5, 5, 5, 5, 5, 5), late=False, label="random")


def bahdanau_oracle(y: Tensor, s: Tensor, attend: Any, cell: Any) -> tuple[Tensor, ...]:
    """Sentence after sentence is no use here (the reader holds the batch): spell the wiring out."""
    read = attend(s.clone())
    x = torch.zeros(len(y), y.shape[1] + read[0].shape[1], dtype=y.dtype)
    x = x.index_add(1, torch.arange(y.shape[1]), y)
    x = x.index_add(1, torch.arange(y.shape[1], x.shape[1]), read[0])
    return cell(x, s.clone()), read[0], read[1]


EXERCISE = Exercise(
    name="bahdanau_step",
    title="A step that attends first",
    minutes=5,
    difficulty=1,
    proves="your step attends with the state before it, and feeds the cell what was read",
    passed="The state before the step attends, the cell gets word and context, the new state comes out.",
    cases=lambda: wiring_cases(late=False),
    sample=bahdanau_sample,
    oracle=bahdanau_oracle,
    parts=("state", "context", "weights"),
    kinds=("batch_of_one",),
    reference=f"{TRANSLATOR}.bahdanau_step",
    device="any",
    hints=(
        "Three lines: read, step, return. The cell cannot run before something has been read.",
        "context, weights = what s reads\nnew state = the cell, on word and context side by side, "
        "from s\nreturn the new state, the context, the weights",
        "torch.cat([y, context], dim=-1) puts them side by side.\n"
        "    context, weights = attend(s)\n    s = cell(..., s)",
    ),
    wrong_answers=MISTAKES,
)
