"""“Draw a token”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes, draw_uniform, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_13_generating.common import B, V
from course_lib.lessons.lesson_13_generating.mistakes.draw import MISTAKES


def draw_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{b} rows of {v} probabilities, seed {seed}",
            args=(draw_weights(seed, b, v), draw_uniform(seed, b)),
        )
        for b, v, seed in ((B, V, 0), (5, 11, 1), (8, 4, 2))
    ]
    tidy = double([*[[0.5, 0.25, 0.25]] * 4])
    borders = double([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    short = double([[0.333, 0.333, 0.333], [0.2, 0.3, 0.499]])
    return [
        Case(
            label="½, ¼, ¼ four times",
            args=(tidy, double([0.3, 0.6, 0.9, 0.1])),
        ),
        *drawn,
        Case(
            label="numbers on a border, tokens of probability 0",
            args=(borders, double([0, 0.5, 0.5])),
            edge=True,
            shows=("border",),
        ),
        Case(label="a single row", args=(double([[0.25, 0.75]]), double([0.3])), edge=True),
        Case(
            label="rounded rows that sum to 0.999",
            args=(short, double([0.9995, 0.5])),
            edge=True,
        ),
    ]


def draw_oracle(probabilities: Tensor, uniforms: Tensor) -> Tensor:
    """Walk along each row, taking probability away from the number until it is used up."""
    chosen = []
    for row, u in zip(probabilities.tolist(), uniforms.tolist(), strict=True):
        total, at = 0.0, len(row) - 1
        for token, share in enumerate(row):
            total += share
            if total > u:
                at = token
                break
        chosen.append(at)
    return torch.tensor(chosen)


def draw_frequencies(call: Any, case: Case, value: Any) -> str | None:
    """A thousand evenly spread numbers give each token in proportion to its probability."""
    if case.edge:
        return None
    row = case.args[0][0]
    spread = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    came = torch.bincount(call(row.expand(1000, len(row)).clone(), spread), minlength=len(row))
    off = (came - 1000 * row).abs()
    at = int(off.argmax())
    if off[at] <= 1.01:
        return None
    return (
        f"With a thousand numbers spread evenly from 0 to 1, a token of probability {row[at].item():.3f} should come "
        f"{1000 * row[at].item():.0f} times; yours comes {int(came[at])} times (token {at}, case “{case.label}”)."
    )


def draw_sample(rng: np.random.Generator) -> Case:
    b, v = draw_sizes(rng, 5, 8)
    return Case(label="random", args=(draw_weights(rng, b, v), draw_uniform(rng, b)))


EXERCISE = Exercise(
    name="draw",
    title="Draw a token",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="every token comes as often as its probability says, and each row listens to its own number",
    passed="Agrees with a walk along each row; a thousand evenly spread numbers give the exact frequencies.",
    cases=draw_cases,
    sample=draw_sample,
    oracle=draw_oracle,
    properties=(Property(id="frequencies", holds=draw_frequencies),),
    kinds=(
        "batch_of_one",
        "ties",
        "border",
        "zero",
        "loose_rows",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.draw",
    hints=(
        "Lay the probabilities end to end on a stick of length 1. The number points at a place on it: how many tokens "
        "end at or before that place?",
        "running totals along each row: where each token ends\ncount the ends that the row's number has passed\n"
        "that count is the token; never beyond the last one",
        "probabilities.cumsum(-1) <= uniforms[:, None] marks the ends that were passed; .sum(-1) counts them and "
        ".clamp(max=V - 1) guards totals that rounding left below 1.",
    ),
    wrong_answers=MISTAKES,
)
