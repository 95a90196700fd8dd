"""“Turn queries and keys”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_08_order.common import (
    POSITIONS,
    B,
    H,
    T,
    any_places,
    places,
    rotate_oracle,
)
from course_lib.lessons.lesson_08_order.mistakes.rotate_halves import MISTAKES


def rotate_cases() -> list[Case]:
    quarter = Case(
        label="(1, 2, 3, 4) at positions 0 and π/2",
        args=(double([[1.0, 2, 3, 4]] * 2), places(0, math.pi / 2)),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)} of {len(at)} rows from {at[0]:g} on, width {d}",
            args=(noise(seed, *lead, len(at), d), at),
            gradients=True,
        )
        for lead, d, at, seed in (
            ((), 6, places(*range(T)), 0),
            ((B,), 8, places(*range(T)), 1),
            ((B, H), 10, places(17, 18, 19, 23), 2),
            ((B, H), 12, places(*range(7)), 3),
        )
    ]
    unusual = [
        Case(label="one row, one pair", args=(noise(4, 1, 2), places(3)), edge=True),
        Case(label="float32", args=(noise(5, 4, 6).float(), places(0, 1, 2, 9).float()), edge=True),
    ]
    unusual += [
        Case(
            label="a batch of one, whole numbers as positions",
            args=(noise(6, 1, 3, 4).float(), torch.tensor([2, 2, 0])),
            edge=True,
        ),
        Case(label="positions below 0", args=(noise(7, 2, 4), places(-1, -3)), edge=True),
    ]
    return [quarter, *drawn, *unusual]


def rotate_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    n, d = pick(rng, range(1, 8)), 2 * pick(rng, range(1, 8))
    return Case(label="random", args=(noise(rng, *lead, n, d), any_places(rng, n)))


def score_by_distance_alone(call: Any, case: Case, value: Any) -> str | None:
    """The defining property: moving query and key by the same steps leaves their score."""
    x = case.args[0].double().reshape(-1, case.args[0].shape[-1])
    q, k = x[:1], x[-1:] + 1
    scores = [
        float((call(q, places(t)) * call(k, places(s))).sum()) for t, s in ((5, 9), (105, 109))
    ]
    if abs(scores[0] - scores[1]) < 1e-4 * (1 + abs(scores[0])):
        return None
    return (
        "A score must depend on distance alone: query 5 and key 9 are as far apart as query 105 and key 109. With one and "
        f"the same query and key yours gives {scores[0]:.3f} and {scores[1]:.3f}."
    )


def length_is_kept(call: Any, case: Case, value: Any) -> str | None:
    """A rotation changes no length."""
    before, after = case.args[0].norm(dim=-1), value.norm(dim=-1)
    if torch.allclose(before, after, rtol=1e-4, atol=1e-5):
        return None
    place = int((before - after).abs().flatten().argmax())
    return (
        f"A rotation keeps every vector's length. On the case “{case.label}” one of length "
        f"{before.flatten()[place].item():.3f} comes back with {after.flatten()[place].item():.3f}."
    )


EXERCISE = Exercise(
    name="rotate_halves",
    title="Turn queries and keys",
    minutes=10,
    difficulty=3,
    proves="scores depend on distance alone, and column i turns with column i + d/2 by angle i",
    passed="Scores depend on distance alone, and every number agrees with a product of complex numbers, gradients too.",
    cases=rotate_cases,
    sample=rotate_sample,
    oracle=rotate_oracle,
    properties=(
        Property(id="score_by_distance_alone", holds=score_by_distance_alone),
        Property(id="length_is_kept", holds=length_is_kept),
    ),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "whole_numbers",
        "zero",
        "negative",
        "repeats",
    ),
    reference=f"{POSITIONS}.rotate_halves",
    hints=(
        "A column i and its partner i + d/2 are a point of the plane. Write the turned point down once for a single pair, "
        "from the formula above: the same line does all pairs at once.",
        "turned = angles(positions, d)\nfirst, second = the two halves of the columns\n"
        "first half of the result: first · cos − second · sin\nsecond half: first · sin + second · cos\njoin them",
        "first, second = x.chunk(2, dim=-1) cuts; torch.cat([..., ...], dim=-1) joins. cos = turned.cos() has shape "
        "(T, d/2) and broadcasts over the leading axes.",
    ),
    wrong_answers=MISTAKES,
)
