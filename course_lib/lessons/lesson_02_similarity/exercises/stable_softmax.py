"""“Softmax that survives 1000”: its cases, its oracle, its hints."""

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise_array, pick
from course_lib.lessons.lesson_02_similarity.common import (
    SIZES,
    B,
    S,
    T,
    no_negative_weight,
    rows_sum_to_one,
)
from course_lib.lessons.lesson_02_similarity.mistakes.stable_softmax import MISTAKES


def stable_cases() -> list[Case]:
    far = np.array([[1000.0, 1001, 999], [-1000, -1001, -999]])
    return [
        Case(label="scores 2, 1 and 0", args=(np.array([2.0, 1.0, 0.0]),)),
        Case(label="3 rows of 4 scores, seed 0", args=(noise_array(0, 3, 4),)),
        Case(label=f"{T} rows of {S} scores, seed 1", args=(noise_array(1, T, S, scale=2.0),)),
        Case(label=f"{B} × {T} rows of {S} scores, seed 2", args=(noise_array(2, B, T, S),)),
        Case(label="a row near 1000 and a row near −1000", args=(far,)),
        Case(label="two scores, 1000 apart", args=(np.array([1000.0, 0]),)),
        Case(label="one score of 1000 among zeros", args=(np.array([1000.0, 0, 0, 0, 0]),)),
        Case(label="a batch of one row, scores alike", args=(np.full((1, 4), 5.0),), edge=True),
        Case(label="a single score", args=(np.array([3.0]),), edge=True),
    ]


def stable_sample(rng: np.random.Generator) -> Case:
    lead = pick(rng, [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))])
    scale = pick(rng, (1.0, 10.0, 1000.0))
    return Case(label="random", args=(noise_array(rng, *lead, pick(rng, SIZES), scale=scale),))


EXERCISE = Exercise(
    name="stable_softmax",
    title="Softmax that survives 1000",
    minutes=6,
    difficulty=2,
    proves="every row sums to 1, along the last axis, at scores of 1000 and −1000 too",
    passed="Agrees with PyTorch's softmax, at scores of 1000 and −1000 too.",
    cases=stable_cases,
    sample=stable_sample,
    oracle=lambda scores: torch.softmax(torch.from_numpy(scores), dim=-1).numpy(),
    properties=(
        Property(id="no_negative_weight", holds=no_negative_weight),
        Property(id="rows_sum_to_one", holds=rows_sum_to_one),
    ),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "large",
        "far_rows",
        "ties",
        "negative",
        "zero",
    ),
    reference="course_lib.lessons.lesson_02_similarity.reference.stable_softmax",
    forbidden=("softmax", "log_softmax", "logsumexp"),
    hints=(
        "You saw that the same number added to every score changes no weight. Which number, taken "
        "from each "
        "row, makes sure that no exponential can be larger than 1?",
        "take each row's largest score from that row\nexponentials of what is left\n"
        "divide each row by its sum",
        "Along the last axis, keepdims=True keeps a column that broadcasts back over the row.\n"
        "    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))\n    return powers / ...",
    ),
    wrong_answers=MISTAKES,
)
