"""“An induction score”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_12_language_model.mistakes.induction_score import MISTAKES


def causal_weights(seed: Any, *shape: int) -> Tensor:
    scores = noise(seed, *shape, scale=2.0)
    keep = torch.ones(shape[-2:], dtype=torch.bool).tril()
    return scores.masked_fill(~keep, -math.inf).softmax(-1)


def induction_cases() -> list[Case]:
    def drawn(seed: int, period: int, *shape: int) -> Case:
        label = f"weights {shape}, period {period}, seed {seed}"
        return Case(label=label, args=(causal_weights(seed, *shape), period), gradients=True)

    by_hand = double([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.1, 0.8, 0.1, 0], [0.1, 0.2, 0.6, 0.1]])
    far = double([[1, 0, 0], [0.25, 0.75, 0], [0.5, 0.25, 0.25]])
    return [
        Case(label="a b a: three tokens, period 2, one query", args=(far, 2)),
        Case(label="a b a b: four tokens, period 2", args=(by_hand, 2)),
        drawn(0, 4, 3, 8, 8),
        drawn(1, 5, 2, 3, 10, 10),
        drawn(2, 3, 5, 7, 7),
        Case(label="one head alone", args=(causal_weights(5, 1, 6, 6), 2), edge=True),
        Case(label="three rounds", args=(causal_weights(3, 2, 9, 9), 3), edge=True),
        Case(
            label="period 1: the same token again and again",
            args=(causal_weights(4, 2, 5, 5), 1),
            edge=True,
        ),
    ]


def induction_sample(rng: np.random.Generator) -> Case:
    period = pick(rng, range(1, 6))
    n = period + pick(rng, range(1, 7))
    return Case(label="random", args=(causal_weights(rng, pick(rng, (1, 2, 3)), n, n), period))


def induction_oracle(weights: Tensor, period: int) -> Tensor:
    """The mean of a diagonal, found by PyTorch."""
    return torch.diagonal(weights, offset=1 - period, dim1=-2, dim2=-1)[..., 1:].mean(-1)


EXERCISE = Exercise(
    name="induction_score",
    title="An induction score",
    minutes=6,
    difficulty=2,
    proves="each repeated token is asked how much it looks at what came after it the last time",
    passed="Agrees with the mean of one diagonal of the weights.",
    cases=induction_cases,
    sample=induction_sample,
    oracle=induction_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.induction_score",
    hints=(
        "Write down a b a b with its places 0 to 3. The query at place 2 is the second a. At which place stands what followed the "
        "first one?",
        "queries: period … T − 1\nkeys: each query − period + 1\nread one weight for each query, then the mean over them",
        "t = torch.arange(period, weights.shape[-1]); weights[..., t, t - period + 1] takes one number for each t.",
    ),
    kinds=("no_lead", "batch_of_one", "ties", "zero"),
    never={"one_place": "A token comes again only where there are two or more."},
    wrong_answers=MISTAKES,
)
