"""“From places to words”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_lead, draw_sizes, draw_weights, many
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.properties import all_one
from course_lib.lessons.lesson_07_self_attention.common import (
    MECHANISMS,
    B,
    H,
)
from course_lib.lessons.lesson_07_self_attention.mistakes.copy_distribution import MISTAKES


def copy_cases() -> list[Case]:
    by_hand = Case(
        label="word 2 stands at two places",
        args=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([2, 0, 2]), 4),
    )
    drawn = [
        Case(
            label=f"{many(lead)} of {t} places, {v} words, seed {seed}",
            args=(draw_weights(seed, *lead, t), draw_ids(seed + 10, v, *lead, t), v),
            gradients=True,
        )
        for lead, t, v, seed in (
            ((), 7, 5, 0),
            ((B,), 5, 11, 1),
            ((B, H), 7, 4, 2),
            ((B,), 9, 3, 3),
        )
    ]
    alone = Case(
        label="one place, one word",
        args=(torch.ones(1).double(), torch.zeros(1, dtype=torch.int64), 1),
        edge=True,
    )
    twins = Case(
        label="a batch of one, the same word everywhere",
        args=(double([[0.5, 0.25, 0.25]]), torch.tensor([[1, 1, 1]]), 3),
        edge=True,
    )
    return [by_hand, *drawn, alone, twins]


def copy_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, v = draw_sizes(rng, 8, 8)
    return Case(label="random", args=(draw_weights(rng, *lead, t), draw_ids(rng, v, *lead, t), v))


def copy_oracle(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    """Word by word: where does it stand, and what do these places weigh?"""
    shares = [(weights * (tokens == word)).sum(-1) for word in range(vocab_size)]
    return torch.stack(shares, dim=-1)


def sums_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Probabilities of words sum to 1, as the weights do."""
    totals = value.sum(-1)
    if all_one(totals):
        return None
    worst = totals.flatten()[(totals - 1).abs().argmax()].item()
    return (
        "The weights of the places sum to 1, so the probabilities of the words do. On the case "
        f"“{case.label}” yours sum to {worst:.3f}."
    )


def absent_words_get_nothing(call: Any, case: Case, value: Any) -> str | None:
    """What does not stand there cannot be copied."""
    _, tokens, vocab_size = case.args
    there = (tokens[..., None] == torch.arange(vocab_size)).any(-2)
    stray = ((value != 0) & ~there).nonzero()
    if len(stray) == 0:
        return None
    word = int(stray[0, -1])
    return (
        f"A pointer copies only what stands there. On the case “{case.label}” word {word} does not, and yours "
        f"gets {value[tuple(stray[0].tolist())].item():.3f}."
    )


EXERCISE = Exercise(
    name="copy_distribution",
    title="From places to words",
    minutes=6,
    difficulty=2,
    proves="a word's probability is the sum of the weights at all its places",
    passed="Agrees with a loop over all words in float64, gradients too, where words repeat and where they do not.",
    cases=copy_cases,
    sample=copy_sample,
    oracle=copy_oracle,
    properties=(
        Property(id="absent_words", holds=absent_words_get_nothing),
        Property(id="sums_to_one", holds=sums_to_one),
    ),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "repeats",
    ),
    reference=f"{MECHANISMS}.copy_distribution",
    hints=(
        "Begin with zeros, one for each word of the vocabulary. Each place then adds its weight to the word "
        "that stands there. What happens where two places name the same word?",
        "out: zeros, shaped like the weights but vocab_size wide\n"
        "add every weight at the index that its token names, along the last axis",
        "weights.new_zeros(*weights.shape[:-1], vocab_size) keeps dtype and device; "
        "scatter_add(-1, tokens, weights) adds where scatter would overwrite.",
    ),
    wrong_answers=MISTAKES,
)
