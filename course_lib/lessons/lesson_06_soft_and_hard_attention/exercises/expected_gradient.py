"""“The truth, by enumeration”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.checking.properties import numbers
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    LEADS,
    MECHANISM,
    N,
    leading,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.expected_gradient import MISTAKES


def expected_cases() -> list[Case]:
    return [
        Case(
            label="two places alike, rewards 10 and 11", args=(double([0.5, 0.5]), double([10, 11]))
        ),
        Case(label="weights 0.2, 0.3, 0.5", args=(double([0.2, 0.3, 0.5]), double([1, 0, 2]))),
        *(
            Case(
                label=f"{name}, {N} places, seed {seed}",
                args=(draw_weights(seed, *lead, N), noise(seed + 10, *lead, N)),
                gradients=True,
            )
            for seed, (name, lead) in enumerate(LEADS.items())
        ),
        Case(
            label="a batch of one, a place of weight 0 with the best reward",
            args=(double([[0, 0.5, 0.5]]), double([[-1, -2, -2]])),
            gradients=True,
            edge=True,
        ),
        Case(label="one place", args=(double([1]), double([3])), gradients=True, edge=True),
    ]


def expected_sample(rng: np.random.Generator) -> Case:
    shape = (*leading(rng), *draw_sizes(rng, 8))
    return Case(
        label="random", args=(draw_weights(rng, *shape), noise(rng, *shape)), gradients=True
    )


def expected_oracle(weights: Tensor, rewards: Tensor) -> Tensor:
    """Average the score-function estimate over every place, one place at a time."""
    total = torch.zeros_like(weights)
    for place in range(weights.shape[-1]):
        onehot = torch.zeros_like(weights)
        onehot[..., place] = 1
        chance, reward = weights[..., place, None], rewards[..., place, None]
        total = total + chance * reward * (onehot - weights)
    return total


def entries_cancel(call: Any, case: Case, value: Any) -> str | None:
    total = value.sum(-1).abs().max().item()
    if total < 1e-6:
        return None
    return (
        "The entries must sum to 0: raising all scores alike changes no weight. On the case "
        f"“{case.label}” yours ({numbers(value)}) sum to {value.sum(-1).flatten()[0].item():.3f}."
    )


EXERCISE = Exercise(
    name="expected_gradient",
    title="The truth, by enumeration",
    minutes=6,
    difficulty=2,
    proves="your gradient is the score-function estimate averaged over every choice",
    passed="Agrees with the estimate averaged over all places one by one, for any leading axes.",
    cases=expected_cases,
    sample=expected_sample,
    oracle=expected_oracle,
    properties=(Property(id="entries_cancel", holds=entries_cancel),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "zero",
        "negative",
    ),
    reference=f"{MECHANISM}.expected_gradient",
    hints=(
        "A score is worth raising when its place brings more than a draw gets on average. How often "
        "that matters depends on the place's weight.",
        "mean = weights times rewards, added up along the places, kept as a column\n"
        "weights times (rewards minus mean)",
        "(weights * rewards).sum(-1, keepdim=True) is the expected reward of each row.\n"
        "    return weights * (rewards - ...)",
    ),
    wrong_answers=MISTAKES,
)
