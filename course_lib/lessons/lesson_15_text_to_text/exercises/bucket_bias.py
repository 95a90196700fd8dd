"""“A bias for each bucket”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_15_text_to_text.common import bucket_oracle
from course_lib.lessons.lesson_15_text_to_text.mistakes.bucket_bias import MISTAKES


def bias_cases() -> list[Case]:
    by_hand = double([[0.0], [10.0], [20.0], [30.0]])
    drawn = [
        Case(
            label=f"{t} queries, {s} keys, {n} buckets, {h} heads, "
            + ("both ways" if both else "a decoder"),
            args=(noise(seed, n, h), t, s, most, both),
            gradients=True,
        )
        for t, s, n, h, most, both, seed in (
            (5, 7, 8, 3, 6, True, 0), (6, 9, 12, 2, 10, False, 1), (11, 4, 8, 5, 7, True, 2),
        )
    ]  # fmt: skip
    return [
        Case(label="two queries, three keys, one head", args=(by_hand, 2, 3, 4, True)),
        *drawn,
        Case(label="one query, six keys", args=(noise(4, 8, 2), 1, 6, 5, True), edge=True),
        Case(label="five queries, one key", args=(noise(5, 8, 2), 5, 1, 5, False), edge=True),
        Case(label="one query, one key", args=(noise(3, 4, 2), 1, 1, 9, True), edge=True),
    ]


def bias_sample(rng: np.random.Generator) -> Case:
    n, h = 4 * pick(rng, range(1, 5)), pick(rng, range(1, 4))
    t, s, most = pick(rng, range(1, 8)), pick(rng, range(1, 8)), n // 2 + pick(rng, range(1, 6))
    return Case(label="random", args=(noise(rng, n, h), t, s, most, coin(rng)))


def bias_oracle(
    table: Tensor, n_queries: int, n_keys: int, max_distance: int, both_ways: bool
) -> Tensor:
    """Look up every head, query and key for itself."""
    steps = torch.tensor([[s - t for s in range(n_keys)] for t in range(n_queries)])
    buckets = bucket_oracle(steps, len(table), max_distance, both_ways)
    return torch.stack([
        torch.stack([torch.stack([table[b, h] for b in row]) for row in buckets.tolist()])
        for h in range(table.shape[1])
    ])  # fmt: skip


def depends_on_distance(call: Any, case: Case, value: Any) -> str | None:
    """Moving query and key together changes nothing."""
    _, t, s, _, _ = case.args
    if value.shape[-2:] != (t, s) or min(t, s) < 2:
        return None
    if torch.equal(value[..., 1:, 1:], value[..., :-1, :-1]):
        return None
    return (
        f"The bias depends on the distance alone: query 1 and key 1 get what query 0 and key 0 get. On the case “{case.label}” "
        "yours does not."
    )


EXERCISE = Exercise(
    name="bucket_bias",
    title="A bias for each bucket",
    minutes=6,
    difficulty=2,
    proves="each head adds the number of the bucket that s − t falls into, whatever the places t and s",
    passed="Agrees with looking up every head, query and key, gradients too.",
    cases=bias_cases,
    sample=bias_sample,
    oracle=bias_oracle,
    properties=(Property(id="depends_on_distance", holds=depends_on_distance),),
    reference="course_lib.attention.relative_buckets.bucket_bias",
    hints=(
        "Make the matrix of distances s − t first. What does indexing the table with the matrix of its buckets give?",
        "distances: keys 0 … S−1 in a row, minus queries 0 … T−1 in a column\ntheir buckets; the number of buckets is the number of "
        "rows of the table\ntable[buckets] has shape (T, S, H): bring the heads to the front",
        "steps = torch.arange(n_keys) - torch.arange(n_queries)[:, None]; table[relative_buckets(steps, len(table), max_distance, "
        "both_ways)].permute(2, 0, 1). Make the ranges on table.device.",
    ),
    kinds=("zero", "whole_numbers"),
    wrong_answers=MISTAKES,
)
