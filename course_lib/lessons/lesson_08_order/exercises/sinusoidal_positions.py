"""“Sinusoidal positions”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_08_order.common import BASE, POSITIONS, T, any_places, places
from course_lib.lessons.lesson_08_order.mistakes.sinusoidal_positions import MISTAKES


def table_cases() -> list[Case]:
    by_hand = Case(label="positions 0 and 1 at width 4", args=(places(0, 1), 4))
    drawn = [
        Case(
            label=f"{len(at)} positions from {at[0]:g} on, width {d}", args=(at, d), gradients=True
        )
        for d, at in (
            (6, places(*range(T))),
            (10, places(*range(7))),
            (8, places(40, 41, 45)),
            (12, places(-2.5, 0.5, 1, 9)),
        )
    ]
    pair = Case(label="one position, one pair", args=(places(3), 2), edge=True)
    unusual = [
        Case(label="whole numbers: positions 0, 1, 2", args=(torch.arange(3), 6), edge=True),
        Case(label="positions below 0, one of them twice", args=(places(-2, -2, -5), 4), edge=True),
    ]
    return [by_hand, *drawn, pair, *unusual]


def table_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, range(1, 9)), 2 * pick(rng, range(1, 9))
    return Case(label="random", args=(any_places(rng, n), d))


def table_oracle(positions: Tensor, d: int) -> Tensor:
    """Column by column: even ones are sines, odd ones cosines of the same angle."""
    angle = [positions * math.exp(-math.log(BASE) * (c - c % 2) / d) for c in range(d)]
    return torch.stack([a.cos() if c % 2 else a.sin() for c, a in enumerate(angle)], -1)


def rows_of_one_length(call: Any, case: Case, value: Any) -> str | None:
    """Each of d/2 pairs is a point on the unit circle, so a row's squares sum to d/2."""
    sums, due = value.square().sum(-1), value.shape[-1] / 2
    if torch.allclose(sums, torch.full_like(sums, due), atol=1e-5):
        return None
    worst = sums[(sums - due).abs().argmax()].item()
    return (
        "A sine and a cosine of one angle are a point on a circle of radius 1, so the squares of a row sum to half the "
        f"width, {due:g} here. On the case “{case.label}” those of one of your rows sum to {worst:.3f}."
    )


EXERCISE = Exercise(
    name="sinusoidal_positions",
    title="Sinusoidal positions",
    minutes=5,
    difficulty=1,
    proves="column 2i holds the sine and column 2i + 1 the cosine of angle i",
    passed="Agrees with the paper's formula column by column; all your rows have the same length.",
    cases=table_cases,
    sample=table_sample,
    oracle=table_oracle,
    properties=(Property(id="rows_of_one_length", holds=rows_of_one_length),),
    kinds=(
        "one_place",
        "whole_numbers",
        "zero",
        "negative",
        "repeats",
    ),
    reference=f"{POSITIONS}.sinusoidal_positions",
    hints=(
        "You have the angles. Take both functions of all of them, then let the columns of the two tables take turns.",
        "turned = angles(positions, d)\nput sin(turned) and cos(turned) side by side on a new last axis\n"
        "join the last two axes into one",
        "torch.stack([turned.sin(), turned.cos()], dim=-1) has shape (T, d/2, 2); .flatten(...) joins axes. Or fill an "
        "empty table: table[:, 0::2] = ... and table[:, 1::2] = ...",
    ),
    wrong_answers=MISTAKES,
)
