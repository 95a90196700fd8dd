"""“Positions advance”: its cases, its oracle, its hints."""

from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_13_generating.common import B, D, T, V
from course_lib.lessons.lesson_13_generating.mistakes.embed_next import MISTAKES


def embed_cases() -> list[Case]:
    by_hand = Case(
        label="one new token behind two",
        args=(
            torch.tensor([[1]]),
            double([[5, 5], [7, 8]]),
            double([[0, 0.1], [0, 0.2], [0, 0.3], [0, 0.4]]),
            2,
        ),
    )
    drawn = [
        _embed_case(seed, b, t, n_cached, f"{t} new tokens behind {n_cached}, seed {seed}")
        for seed, b, t, n_cached in ((0, B, T, 2), (1, 2, 4, 5), (2, 4, 1, 3))
    ]
    nothing = _embed_case(3, 2, 3, 0, "an empty cache", edge=True)
    return [by_hand, *drawn, nothing]


def _embed_case(
    seed: Any, b: int, t: int, n_cached: int, label: str = "random", edge: bool = False
) -> Case:
    rng = rng_of(seed)
    tokens = draw_ids(rng, V, b, t)
    args = (tokens, noise(rng, V, D), noise(rng, n_cached + t + 2, D), n_cached)
    return Case(label=label, args=args, gradients=label != "random", edge=edge)


def embed_oracle(tokens: Tensor, embed: Tensor, positions: Tensor, n_cached: int) -> Tensor:
    rows = [
        torch.stack([embed[token] + positions[n_cached + t] for t, token in enumerate(row)])
        for row in tokens.tolist()
    ]
    return torch.stack(rows)


EXERCISE = Exercise(
    name="embed_next",
    title="Positions advance",
    minutes=4,
    difficulty=1,
    proves="a token gets the position that it has in the whole text, however many were read before",
    passed="Agrees with adding the rows one by one, gradients too, behind 0, 2, 3 and 5 tokens.",
    cases=embed_cases,
    sample=lambda rng: _embed_case(
        rng, pick(rng, range(1, 4)), pick(rng, range(1, 5)), pick(rng, range(6))
    ),
    oracle=embed_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
        "zero",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.embed_next",
    hints=(
        "The model sees only the new tokens. At which place of the whole text does the first of them stand?",
        "rows of the embedding table for the tokens\nplus rows of the position table, from n_cached on, one for each new token",
        "T = tokens.shape[1]; positions[n_cached : n_cached + T] are the rows, and they broadcast over the batch.",
    ),
    wrong_answers=MISTAKES,
)
