"""“Leave one out”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_03_soft_lookup.common import (
    DV,
    MECHANISM,
    D,
    S,
    T,
    score_oracle,
    soften,
    some_bandwidth,
)
from course_lib.lessons.lesson_03_soft_lookup.mistakes.leave_one_out_error import MISTAKES


def error_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{s} keys of width {d}, values of width {width}, h = {h}, seed {seed}",
            args=(noise(seed, s, d), noise(seed + 10, s, width), torch.tensor(h).double()),
            gradients=True,
        )
        for s, d, width, h, seed in ((S, 2, DV, 0.8, 0), (T, 3, 2, 1.5, 1), (D, 1, 3, 0.6, 2))
    ]
    lonely = Case(
        label="one key 2000 bandwidths from the others",
        args=(double([[0], [1], [1000]]), double([[1], [2], [4]]), 0.5),
        edge=True,
    )
    return [
        Case(
            label="two keys, each answered by the other",
            args=(double([[0], [1]]), double([[10], [20]]), 1.0),
        ),
        Case(
            label="three keys, h = 1", args=(double([[0], [1], [2]]), double([[0], [3], [6]]), 1.0)
        ),
        *drawn,
        lonely,
        Case(
            label="two measurements at the same place, h = 1",
            args=(double([[0], [0], [1]]), double([[1], [3], [6]]), 1.0),
            edge=True,
        ),
    ]


def error_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, range(2, 7))
    d, width = draw_sizes(rng, 4, 4)
    far = float(rng.choice([1.0, 1.0, 100.0]))
    keys = noise(rng, s, d, scale=far)
    if s > 2 and coin(rng, 0.3):
        keys[1] = keys[0]
    args = (keys, noise(rng, s, width), some_bandwidth(rng))
    return Case(label="random", args=args)


def error_oracle(keys: Tensor, values: Tensor, bandwidth: float | Tensor) -> Tensor:
    """Take one key out, answer it from the rest, put it back."""
    errors = []
    for place in range(len(keys)):
        rest = [other for other in range(len(keys)) if other != place]
        scores = score_oracle(keys[place : place + 1], keys[rest], bandwidth)
        errors.append(((soften(scores, values[rest])[0] - values[place]) ** 2).mean())
    return torch.stack(errors).sum() / len(errors)


def points_do_not_find_themselves(call: Any, case: Case, value: Any) -> str | None:
    """A tiny bandwidth must not drive the error to 0."""
    keys, values, h = case.args
    small = float(call(keys, values, h / 100))
    if not small < 1e-9:  # NaN is dealt with elsewhere
        return None
    return (
        f"With the bandwidth divided by 100, your error on the case “{case.label}” is {small:.1g}. Each key "
        "then answers itself: it must be left out of its own lookup."
    )


EXERCISE = Exercise(
    name="leave_one_out_error",
    title="Leave one out",
    minutes=8,
    difficulty=2,
    proves="each value is predicted from all others and never from itself",
    passed="Agrees with a loop that takes the keys out one by one, gradients too.",
    cases=error_cases,
    sample=error_sample,
    oracle=error_oracle,
    properties=(Property(id="does_not_find_itself", holds=points_do_not_find_themselves),),
    reference=f"{MECHANISM}.leave_one_out_error",
    kinds=("repeats", "zero", "far_rows"),
    never={"one_place": "A single key has no others that could answer for it."},
    hints=(
        "Ask with the keys themselves as queries: every key meets every key. Which entries of that square "
        "table are a key meeting itself, and what score gives a weight of exactly 0?",
        "scores = gaussian_scores of keys against keys\n−inf on the diagonal of the scores\n"
        "predictions = weighted_mean of scores and values\nmean of the squared differences",
        "torch.eye(len(keys), dtype=torch.bool, device=keys.device) is True on the diagonal, and "
        "scores.masked_fill(that, -torch.inf) blocks it.\n"
        "    return (weighted_mean(..., values) - values).square().mean()",
    ),
    wrong_answers=MISTAKES,
)
