"""“Additive scores”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, rng_of
from course_lib.lessons.lesson_05_attention_that_translates.common import (
    ADDITIVE,
    sum_of_units,
)
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.additive_scores import MISTAKES


def additive_args(rng: Any, lead: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
    t, s, d_q, d_k, d_a = sizes
    rng = rng_of(rng)
    return (
        noise(rng, *lead, t, d_q),
        noise(rng, *lead, s, d_k),
        noise(rng, d_q, d_a, scale=d_q**-0.5),
        noise(rng, d_k, d_a, scale=d_k**-0.5),
        noise(rng, d_a),
    )


def additive_cases() -> list[Case]:
    one = torch.ones(1, 1, dtype=torch.float64)
    keys = double([[-1.0], [0.0], [1.0]])
    drawn = [
        Case(
            label=f"{name}, {t} queries {d_q} wide, {s} keys {d_k} wide, seed {seed}",
            args=additive_args(seed, lead, (t, s, d_q, d_k, d_a)),
            gradients=True,
        )
        for name, lead, t, s, d_q, d_k, d_a, seed in (
            ("one sentence", (), 3, 5, 2, 4, 7, 0),
            ("2 sentences", (2,), 3, 5, 4, 7, 6, 1),
            ("2 × 3 sentences", (2, 3), 4, 5, 6, 7, 11, 2),
            ("2 sentences", (2,), 1, 4, 3, 3, 3, 3),
            ("a batch of one sentence", (1,), 2, 3, 2, 3, 4, 4),
        )
    ]
    by_hand = Case(label="one query, three keys, one wide", args=(one, keys, one, one, one[0]))
    return [by_hand, *drawn]


def additive_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, 2, 3)
    sizes = draw_sizes(rng, 5, 5, 5, 5, 5)
    return Case(label="random", args=additive_args(rng, lead, sizes))


def additive_oracle(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    """One pair at a time, one hidden unit at a time."""
    lead = q.shape[:-2]
    queries, keys = q.reshape(-1, *q.shape[-2:]), k.reshape(-1, *k.shape[-2:])
    each = [
        torch.stack([sum_of_units(a, keys[b], w_q, w_k, v) for a in queries[b]])
        for b in range(len(queries))
    ]
    return torch.stack(each).reshape(*lead, q.shape[-2], k.shape[-2])


def large_keys_saturate(call: Any, case: Case, value: Any) -> str | None:
    """No score can be larger than the sum of |v|."""
    most = case.args[-1].abs().sum().item()
    largest = value.abs().max().item()
    if largest <= most + 1e-9:
        return None
    return (
        f"tanh lies between −1 and 1, so no score can be larger than the sum of |v|, {most:.3f} on "
        f"the case “{case.label}”. Your largest is {largest:.3f}: where is the tanh?"
    )


EXERCISE = Exercise(
    name="additive_scores",
    title="Additive scores",
    minutes=6,
    difficulty=2,
    proves="every query meets every key inside the tanh, whatever their widths",
    passed="Agrees with a loop over pairs and hidden units in float64, gradients of all weights too.",
    cases=additive_cases,
    sample=additive_sample,
    oracle=additive_oracle,
    properties=(Property(id="tanh_is_bounded", holds=large_keys_saturate),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
    ),
    reference=f"{ADDITIVE}.additive_scores",
    hints=(
        "Carry queries and keys to the shared width first. Then every query has to be added to "
        "every key: which axis of 1 does each of the two need?",
        "queries times w_q: (…, T, d_a), with an axis for the keys: (…, T, 1, d_a)\n"
        "keys times w_k: (…, S, d_a), with an axis for the queries: (…, 1, S, d_a)\n"
        "tanh of their sum: (…, T, S, d_a)\ntimes v: (…, T, S)",
        "(q @ w_q).unsqueeze(-2) and (k @ w_k).unsqueeze(-3) broadcast against each other.\n"
        "    return torch.tanh(... + ...) @ v",
    ),
    wrong_answers=MISTAKES,
)
