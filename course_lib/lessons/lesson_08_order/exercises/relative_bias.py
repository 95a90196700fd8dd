"""“A number for every distance”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_08_order.common import POSITIONS
from course_lib.lessons.lesson_08_order.mistakes.relative_bias import MISTAKES


def bias_cases() -> list[Case]:
    by_hand = Case(
        label="one head, reach 1, two queries, three keys",
        args=(torch.tensor([[10.0, 20, 30]]), 2, 3),
    )
    drawn = [
        Case(
            label=f"{heads} heads, reach {reach}, {t} queries, {s} keys",
            args=(noise(seed, heads, 2 * reach + 1), t, s),
            gradients=True,
        )
        for heads, reach, t, s, seed in ((2, 2, 4, 7, 0), (3, 2, 8, 6, 1), (4, 3, 9, 9, 2))
    ]
    unusual = [
        Case(label="every distance within reach", args=(noise(3, 2, 9), 3, 4), edge=True),
        Case(
            label="the farthest keys exactly at the reach",
            args=(noise(6, 2, 5), 3, 3),
            edge=True,
            shows=("border",),
        ),
        Case(label="reach 0: one number for all", args=(noise(4, 3, 1), 2, 4), edge=True),
        Case(label="one query, one key", args=(noise(5, 2, 5), 1, 1), edge=True),
    ]
    return [by_hand, *drawn, *unusual]


def bias_sample(rng: np.random.Generator) -> Case:
    heads, reach, t, s = draw_sizes(rng, 6, 6, 6, 6)
    return Case(label="random", args=(noise(rng, heads, 2 * reach + 1), t, s))


def bias_oracle(table: Tensor, n_queries: int, n_keys: int) -> Tensor:
    """Entry by entry."""
    reach = (table.shape[1] - 1) // 2
    column = [
        [min(max(s - t, -reach), reach) + reach for s in range(n_keys)] for t in range(n_queries)
    ]
    return torch.stack([torch.stack([table[:, c] for c in row], -1) for row in column], -2)


def one_number_for_a_distance(call: Any, case: Case, value: Any) -> str | None:
    """The bias is the same wherever s − t is."""
    if value.shape[-2] < 2 or value.shape[-1] < 2:
        return None
    here, next_one = value[:, :-1, :-1], value[:, 1:, 1:]
    apart = (here - next_one).abs() > 1e-6
    if not apart.any():
        return None
    h, t, s = (int(i) for i in apart.nonzero()[0])
    return (
        "The bias depends on the distance s − t alone, so it stays the same when query and key both move on by one. On the "
        f"case “{case.label}” head {h} has {here[h, t, s].item():.3f} for query {t}, key {s} and "
        f"{next_one[h, t, s].item():.3f} for query {t + 1}, key {s + 1}."
    )


EXERCISE = Exercise(
    name="relative_bias",
    title="A number for every distance",
    minutes=8,
    difficulty=2,
    proves="query t and key s get the number of their distance s − t, clipped to the reach of the table",
    passed="Agrees with a loop over heads, queries and keys; each number of the table gets its gradient.",
    cases=bias_cases,
    sample=bias_sample,
    oracle=bias_oracle,
    properties=(Property(id="one_number_for_a_distance", holds=one_number_for_a_distance),),
    kinds=(
        "border",
        "whole_numbers",
        "repeats",
    ),
    reference=f"{POSITIONS}.relative_bias",
    hints=(
        "First make the table of distances: keys count across, queries down. Then clip, then shift so that the smallest "
        "becomes 0, then look up.",
        "steps[t, s] = s − t\nclip steps to −r … r, and add r\ncolumns of table at steps, for all heads at once",
        "torch.arange(n_keys) - torch.arange(n_queries)[:, None] are the distances, .clamp(-r, r) clips, and "
        "table[:, index] looks an integer tensor of any shape up.",
    ),
    wrong_answers=MISTAKES,
)
