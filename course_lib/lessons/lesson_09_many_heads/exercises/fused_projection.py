"""“One product for three”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_09_many_heads.common import D_HEAD, D_IN, B, H, S, T
from course_lib.lessons.lesson_09_many_heads.mistakes.fused_projection import MISTAKES


def fused_cases() -> list[Case]:
    weight = torch.tensor([[1.0, 0], [0, 1], [10, 0], [0, 10], [100, 0], [0, 100]])
    by_hand = Case(
        label="one token (1, 2), two heads of width 1",
        args=(torch.tensor([[[1.0, 2]]]), weight, torch.tensor([0.0, 0, 0, 0, 0, 7]), 2),
    )
    drawn = [
        Case(
            label=f"{B} sentences, {t} tokens, {d_in} to 3 × {h * d} wide, {h} heads, seed {seed}",
            args=(
                noise(seed, B, t, d_in),
                noise(seed + 10, 3 * h * d, d_in),
                noise(seed + 20, 3 * h * d),
                h,
            ),
            gradients=True,
        )
        for t, d_in, h, d, seed in (
            (T, D_IN, H, D_HEAD, 0),
            (S, 12, H, D_HEAD, 1),
            (T, D_IN, 4, 2, 2),
        )
    ]
    return [by_hand, *drawn]


def fused_sample(rng: np.random.Generator) -> Case:
    b, t, d_in, h, d = draw_sizes(rng, 4, 4, 4, 4, 4)
    wide = 3 * h * d
    return Case(
        label="random", args=(noise(rng, b, t, d_in), noise(rng, wide, d_in), noise(rng, wide), h)
    )


def fused_oracle(x: Tensor, weight: Tensor, bias: Tensor, n_heads: int) -> tuple[Tensor, ...]:
    """Three products, head by head."""
    d_model = len(weight) // 3
    width = d_model // n_heads
    parts = []
    for start in (0, d_model, 2 * d_model):
        rows = [slice(start + h * width, start + (h + 1) * width) for h in range(n_heads)]
        parts.append(torch.stack([F.linear(x, weight[r], bias[r]) for r in rows], dim=1))
    return tuple(parts)


EXERCISE = Exercise(
    name="fused_projection",
    title="One product for three",
    minutes=6,
    difficulty=2,
    proves="one matrix product gives the queries, keys and values of every head",
    passed="Agrees with three products taken head by head, gradients too.",
    cases=fused_cases,
    sample=fused_sample,
    oracle=fused_oracle,
    parts=("q", "k", "v"),
    kinds=(
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_09_many_heads.reference.fused_projection",
    hints=(
        "Project once. The last axis of what comes out is three times too wide: where do the cuts go, and what is "
        "still to do with each part?",
        "rows = x times weight transposed, plus bias: (B, T, 3 d_model)\ncut the last axis into three equal parts\n"
        "split each part into heads",
        "(x @ weight.T + bias).chunk(3, dim=-1) gives the three parts in order; split_heads(part, n_heads) each.",
    ),
    wrong_answers=MISTAKES,
)
