"""“Words and their places”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_11_translation.mistakes.embed import MISTAKES


def embed_case(rng: Any, sizes: tuple[int, ...], **more: Any) -> Case:
    b, t, v, n, d = sizes
    rng = rng_of(rng)
    ids = draw_ids(rng, v, b, t)
    return Case(args=(ids, noise(rng, v, d), noise(rng, n, d)), **more)


def embed_cases() -> list[Case]:
    table = double([[0.0, 0, 0, 0], [0.5, 0, 0, 0]])
    places = double([[0.0, 1, 0, 1], [1, 0, 1, 0]])
    return [
        Case(label="two words, four wide", args=(torch.tensor([[1, 1]]), table, places)),
        embed_case(1, (2, 3, 7, 5, 6), label="2 sentences of 3 words, seed 1", gradients=True),
        embed_case(2, (3, 5, 4, 9, 2), label="3 sentences of 5 words, seed 2", gradients=True),
        embed_case(3, (2, 4, 6, 4, 3), label="as many positions as places", gradients=True),
        embed_case(4, (1, 1, 3, 4, 2), label="one sentence of one word", edge=True),
    ]


def embed_sample(rng: np.random.Generator) -> Case:
    b, t, v, d = draw_sizes(rng, 5, 5, 5, 5)
    return embed_case(rng, (b, t, v, t + pick(rng, range(4)), d), label="random")


def embed_oracle(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    """One word at a time, with a one-hot product."""
    rows = F.one_hot(ids, len(table)).to(table.dtype) @ table
    places = torch.stack([positions[t] for t in range(ids.shape[1])])
    return math.sqrt(table.shape[1]) * rows + places.expand_as(rows)


EXERCISE = Exercise(
    name="embed",
    title="Words and their places",
    minutes=5,
    difficulty=1,
    proves="words are scaled by √d before places are added, gradients of both tables too",
    passed="Agrees with a one-hot product in float64, gradients of both tables too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
        "zero",
    ),
    reference="course_lib.lessons.lesson_11_translation.reference.embed",
    hints=(
        "Which of the two is multiplied? And how many rows of the positions does a sentence of T "
        "words need?",
        "rows of the table for ids: (B, T, d)\ntimes the root of d\nplus the first T positions",
        "table[ids] looks all words up at once; table.shape[1] is d.\n"
        "    positions[: ids.shape[1]] broadcasts over the batch.",
    ),
    wrong_answers=MISTAKES,
)
