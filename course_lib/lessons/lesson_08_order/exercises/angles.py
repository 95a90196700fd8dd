"""“A clock for every pair of columns”: its cases, its oracle, its hints."""

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import coin
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_08_order.common import (
    BASE,
    POSITIONS,
    angle_oracle,
    any_places,
    places,
)
from course_lib.lessons.lesson_08_order.mistakes.angles import MISTAKES


def angle_cases() -> list[Case]:
    by_hand = Case(label="positions 0, 1, 2 at width 4", args=(places(0, 1, 2), 4))
    tidy = Case(
        label="positions 0, 1, 2, 3, 4 at width 6, base 1000",
        args=(places(0, 1, 2, 3, 4), 6),
        kwargs={"base": 1000.0},
        gradients=True,
    )
    drawn = [
        Case(label=f"{n} positions from {at[0]:g} on, width {d}", args=(at, d), gradients=True)
        for n, d, at in (
            (7, 10, places(*range(7))),
            (5, 8, places(30, 31, 35, 36, 37)),
            (3, 12, places(-2.5, 0.5, 1)),
        )
    ]
    pair = Case(label="one position, one pair", args=(places(3), 2), edge=True)
    unusual = [
        Case(label="whole numbers: positions 0, 1, 2", args=(torch.arange(3), 4), edge=True),
        Case(label="positions below 0, one of them twice", args=(places(-2, -2, -5), 4), edge=True),
    ]
    return [by_hand, tidy, *drawn, pair, *unusual]


def angle_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, range(1, 9)), 2 * pick(rng, range(1, 9))
    base = pick(rng, (BASE, 100.0, 500_000.0))
    at = any_places(rng, n) if coin(rng, 0.8) else torch.arange(n)
    return Case(label="random", args=(at, d), kwargs={"base": base})


EXERCISE = Exercise(
    name="angles",
    title="A clock for every pair of columns",
    minutes=6,
    difficulty=2,
    proves="pair i has turned by p · base^(−2i/d) at position p, for any positions, width and base",
    passed="Agrees with the formula written out column by column, for positions of all kinds and two bases.",
    cases=angle_cases,
    sample=angle_sample,
    oracle=angle_oracle,
    device="rule",
    kinds=(
        "one_place",
        "whole_numbers",
        "zero",
        "negative",
        "repeats",
    ),
    reference=f"{POSITIONS}.angles",
    hints=(
        "One frequency for each pair makes a row, the positions make a column; a column times a row is a table.",
        "i = 0, 1, … d/2 − 1, as a tensor like positions\nfrequencies = base to the power −2i/d\n"
        "positions as a column times frequencies as a row",
        "torch.arange(0, d, 2, device=positions.device) holds 2i already. A number to the power of a tensor is a tensor: "
        "base ** (-... / d). positions[:, None] is the column.",
    ),
    wrong_answers=MISTAKES,
)
