"""“The bigram baseline”: its cases, its oracle, its hints."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.checking.properties import all_one, numbers
from course_lib.lessons.lesson_12_language_model.mistakes.bigram_log_probs import MISTAKES


def bigram_cases() -> list[Case]:
    def drawn(n: int, v: int, smoothing: float, seed: int) -> Case:
        tokens = draw_ids(seed, v, n)
        label = f"{n} tokens of {v} kinds, smoothing {smoothing:g}, seed {seed}"
        return Case(label=label, args=(tokens, v, smoothing))

    return [
        Case(
            label="a text of five tokens, two kinds, smoothing 1",
            args=(torch.tensor([0, 1, 0, 1, 1]), 2, 1.0),
        ),
        drawn(40, 5, 0.1, 0),
        drawn(23, 7, 2.0, 1),
        Case(
            label="kinds that never occur",
            args=(torch.tensor([3, 1, 1, 3, 3, 1]), 6, 0.5),
            edge=True,
        ),
        Case(
            label="a single token, so no pair at all",
            args=(torch.tensor([1]), 3, 0.5),
            edge=True,
        ),
    ]


def bigram_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(1, 6))
    tokens = draw_ids(rng, v, pick(rng, range(1, 20)))
    return Case(label="random", args=(tokens, v, float(rng.choice([0.01, 0.5, 1.0, 3.0]))))


def bigram_oracle(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    """Pair by pair, in NumPy."""
    counts = np.full((vocab_size, vocab_size), smoothing)
    places = tokens.tolist()
    for current, following in pairwise(places):
        counts[current, following] += 1
    return torch.from_numpy(np.log(counts / counts.sum(1, keepdims=True))).float()


def rows_sum_to_one(call: Any, case: Case, out: Tensor) -> str | None:
    sums = out.double().exp().sum(-1)
    if all_one(sums, atol=1e-4):
        return None
    return f"The probabilities of each row must sum to 1. Yours sum to {numbers(sums, most=4)}."


EXERCISE = Exercise(
    name="bigram_log_probs",
    title="The bigram baseline",
    minutes=7,
    difficulty=2,
    proves="each row is a distribution over next tokens, counted with smoothing",
    passed="Agrees with counts made pair by pair.",
    cases=bigram_cases,
    sample=bigram_sample,
    oracle=bigram_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.bigram_log_probs",
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    device="any",
    hints=(
        "The same pair occurs many times, and each time has to count. Which kinds of indexing add up, and which overwrite?",
        "counts = a table (V, V), rows: current, columns: next, filled with the smoothing\nadd 1 for every neighbouring pair\n"
        "divide each row by its sum, take the logarithm",
        "counts = torch.full((vocab_size, vocab_size), smoothing), then counts.index_put_((tokens[:-1], tokens[1:]), "
        "torch.tensor(1.0), accumulate=True). A loop does as well.",
    ),
    kinds=("one_place", "repeats", "whole_numbers"),
    wrong_answers=MISTAKES,
)
