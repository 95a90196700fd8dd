"""“Distances in buckets”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.common import bucket_oracle
from course_lib.lessons.lesson_15_text_to_text.mistakes.relative_buckets import MISTAKES


def bucket_cases() -> list[Case]:
    def row(*steps: int) -> Tensor:
        return torch.tensor(steps)

    def grid(t: int, s: int) -> Tensor:
        return torch.arange(s) - torch.arange(t)[:, None]

    borders = row(
        -200, -128, -127, -91, -90, -64, -46, -45, -32, -16, -15, 0, 7, 8, 16, 32, 64, 128
    )
    return [
        Case(
            label="eight buckets, both ways",
            args=(row(-40, -3, -2, -1, 0, 1, 2, 3, 40), 8, 20, True),
        ),
        Case(
            label="eight buckets, a decoder", args=(row(-40, -9, -4, -3, -1, 0, 1, 3), 8, 20, False)
        ),
        Case(label="T5's 32 buckets, both ways", args=(torch.arange(-150, 151), 32, 128, True)),
        Case(label="T5's 32 buckets, a decoder", args=(torch.arange(-150, 151), 32, 128, False)),
        Case(label="5 queries, 7 keys, 12 buckets", args=(grid(5, 7), 12, 11, True)),
        Case(
            label="borders of T5's buckets",
            args=(borders, 32, 128, True),
            edge=True,
            shows=("border",),
        ),
        Case(label="a single distance", args=(torch.tensor(-5), 8, 20, True), edge=True),
        Case(label="one query, a matrix of one row", args=(grid(1, 9) - 4, 8, 20, True), edge=True),
        Case(label="borders of a decoder's", args=(borders, 32, 128, False), edge=True),
    ]


def bucket_sample(rng: np.random.Generator) -> Case:
    n_buckets, both = 4 * pick(rng, range(1, 9)), coin(rng)
    most = n_buckets // 2 + pick(rng, (1, 3, 10, 40, 100))
    steps = torch.from_numpy(rng.integers(-2 * most, 2 * most, size=pick(rng, range(1, 12))))
    return Case(label="random", args=(steps, n_buckets, most, both))


EXERCISE = Exercise(
    name="relative_buckets",
    title="Distances in buckets",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="near distances have a bucket each, far ones share one, and before and after are kept apart",
    passed="Agrees with borders computed in whole numbers, at every distance up to 150 and at T5's own borders.",
    cases=bucket_cases,
    sample=bucket_sample,
    oracle=bucket_oracle,
    reference="course_lib.attention.relative_buckets.relative_buckets",
    hints=(
        "Three questions, one after another: which half, how far (a size without sign), and is it near enough for a bucket of its "
        "own?",
        "both ways: halve n; the second half for distance > 0; the size is |distance|\n"
        "a decoder: the size is −distance, at least 0\nexact = n // 2\n"
        "size < exact: bucket = size\nelse: exact + (log(size / exact) / log(max_distance / exact) · (n − exact)), cut off, at most n − 1",
        "share = torch.log(steps.clamp(min=1).float() / exact) / math.log(max_distance / exact); far = exact + (share * "
        "(n_buckets - exact)).long(), then .clamp(max=n_buckets - 1); torch.where(steps < exact, steps, far), plus "
        "the halved n_buckets where both ways and distance > 0.",
    ),
    kinds=("border", "no_lead", "batch_of_one", "whole_numbers"),
    wrong_answers=MISTAKES,
)
