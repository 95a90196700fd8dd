"""“How much of the map is there”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_lead, draw_weights, many
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import generator, pick
from course_lib.lessons.lesson_07_self_attention.common import (
    B,
    D,
    H,
    T,
)
from course_lib.lessons.lesson_07_self_attention.mistakes.map_overlap import MISTAKES


def _known(rng: np.random.Generator, *shape: int, idle: bool = True) -> Tensor:
    """Return rows that spread evenly over one or two places; now and then one that asks nothing."""
    n = shape[-1]
    rows = np.zeros((int(np.prod(shape[:-1])), n))
    for place, row in enumerate(rows):
        if not (idle and place and coin(rng, 0.3)):
            which = rng.permutation(n)[: 1 + int(rng.integers(2))]
            row[which] = 1 / len(which)
    return torch.from_numpy(rows.reshape(shape))


def overlap_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, two keys",
        args=(torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[1.0, 0], [0, 1]])),
    )
    drawn = [
        Case(
            label=f"{many(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(draw_weights(seed, *lead, t, s), _known(generator(seed + 10), *lead, t, s)),
        )
        for lead, t, s, seed in (((), T, D, 0), ((B,), T, 4, 1), ((B, H), 4, 5, 2))
    ]
    square = Case(
        label="one sequence of 5 tokens", args=(draw_weights(3, 5, 5), _known(generator(13), 5, 5))
    )
    same = _known(generator(14), B, T, D, idle=False)
    perfect = Case(label="the known map itself", args=(same, same), edge=True)
    loose = double([[0.5, 0.0], [0.0, 1.0]])
    half = Case(label="a known row that sums to one half", args=(loose, loose))
    alone = Case(
        label="a batch of one, one query, one key", args=(double([[[1.0]]]),) * 2, edge=True
    )
    return [by_hand, *drawn, square, perfect, half, alone]


def overlap_sample(rng: np.random.Generator) -> Case:
    lead, t, s = draw_lead(rng, B, H), pick(rng, range(1, 7)), pick(rng, range(1, 7))
    return Case(label="random", args=(draw_weights(rng, *lead, t, s), _known(rng, *lead, t, s)))


def overlap_oracle(weights: Tensor, known: Tensor) -> float:
    """Query by query, key by key, in plain Python."""
    rows = zip(weights.flatten(0, -2).tolist(), known.flatten(0, -2).tolist(), strict=True)
    shared = [
        sum(min(w, m) for w, m in zip(mine, due, strict=True)) for mine, due in rows if sum(due)
    ]
    return float(sum(shared) / len(shared))


def between_0_and_1(call: Any, case: Case, value: Any) -> str | None:
    """An overlap is a share."""
    if not isinstance(value, float | Tensor) or -1e-6 <= float(value) <= 1 + 1e-6:
        return None
    return (
        "An overlap is a share of the weights, between 0 and 1. On the case "
        f"“{case.label}” yours is {float(value):.3f}."
    )


EXERCISE = Exercise(
    name="map_overlap",
    title="How much of the map is there",
    minutes=5,
    difficulty=1,
    proves="your number is the share of its weight that a query spends where it should, on average",
    passed="Agrees with a plain loop over queries and keys, idle rows left out.",
    cases=overlap_cases,
    sample=overlap_sample,
    oracle=overlap_oracle,
    properties=(Property(id="a_share", holds=between_0_and_1),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "loose_rows",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_07_self_attention.reference.map_overlap",
    device="any",
    hints=(
        "Lay the two maps on each other. In every cell, only the smaller of the two numbers is shared. Add "
        "these along a row, then average over the rows that ask anything.",
        "shared: the smaller of both maps, cell by cell, summed over the keys\n"
        "asked: rows of the known map that do not sum to 0\n"
        "the mean of shared over asked",
        "torch.minimum(weights, known).sum(-1) gives one number for each query; known.sum(-1) > 0 says which "
        "rows to keep, as an index.",
    ),
    wrong_answers=MISTAKES,
)
