"""“Weights, then the weighted mean”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.checking.properties import all_one, numbers
from course_lib.lessons.lesson_04_scaled_dot_product.common import DV, B, D, H, S, T
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.attend import MISTAKES


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Weights over the keys sum to 1 for every query."""
    weights = value[1] if isinstance(value, tuple) else value
    rows, columns = weights.sum(-1), weights.sum(-2)
    if all_one(rows):
        return None
    said = f"Each query's weights must sum to 1. On the case “{case.label}” yours sum to {numbers(rows, most=3)} …"
    if all_one(columns):
        said += "; down the columns they sum to 1. The softmax ran over the queries (axis -2), not the keys."
    return said


def attend_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 2",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            torch.tensor([[1.0], [2], [4]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(
                noise(seed, *lead, t, D),
                noise(seed + 10, *lead, s, D),
                noise(seed + 20, *lead, s, DV),
            ),
            gradients=True,
        )
        for lead, t, s, seed in (
            ((), T, S, 0),
            ((B,), T, S, 1),
            ((B, H), S, T, 2),
            ((B, H), T, S, 3),
        )
    ]
    alone = Case(
        label="a single key",
        args=(noise(4, T, D), noise(5, 1, D), noise(6, 1, DV)),
        gradients=True,
        edge=True,
    )
    large = Case(
        label="a batch of one, scores of 1000 and of 0",
        args=(
            double([[[40.0, 0], [0, 1]]]),
            double([[[40.0, 0], [39, 0]]]),
            double([[[1.0], [5]]]),
        ),
        edge=True,
        shows=("large",),
    )
    return [by_hand, *drawn, alone, large]


def attend_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, s, d, dv = draw_sizes(rng, 8, 8, 8, 8)
    return Case(
        label="random",
        args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, dv)),
    )


def attend_oracle(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The fused call for the output; an identity as values makes it give away its weights."""
    eye = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-1], k.shape[-2])
    return F.scaled_dot_product_attention(q, k, v), F.scaled_dot_product_attention(q, k, eye)


EXERCISE = Exercise(
    name="attend",
    title="Weights, then the weighted mean",
    minutes=6,
    difficulty=1,
    proves="your output and your weights agree with PyTorch's fused attention, gradients too",
    passed="Output and weights agree with PyTorch's fused attention to 1e-10, gradients too.",
    cases=attend_cases,
    sample=attend_sample,
    oracle=attend_oracle,
    parts=("out", "weights"),
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "large",
        "zero",
    ),
    reference="course_lib.attention.scaled_dot_product.attend",
    hints=(
        "Three steps: scores, weights, mean. You wrote the first in 4.1; the softmax runs over the keys.",
        "weights = softmax of scaled_scores(q, k) along the last axis\nout = weights times v\nreturn out, weights",
        "weights = scaled_scores(q, k).softmax(dim=-1), and weights @ v mixes the values of all keys.",
    ),
    wrong_answers=MISTAKES,
)
