"""“Top-k”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_13_generating.common import B, V
from course_lib.lessons.lesson_13_generating.mistakes.keep_top_k import MISTAKES


def top_k_cases() -> list[Case]:
    drawn = [
        Case(label=f"{b} rows of {v} logits, k = {k}, seed {seed}", args=(noise(seed, b, v), k))
        for b, v, k, seed in ((B, V, 2, 0), (5, 11, 4, 1), (4, 6, 1, 2), (2, 9, 8, 3))
    ]
    return [
        Case(label="four logits, k = 2", args=(double([[0, 3, -1, 2], [5, 1, 2, 4]]), 2)),
        *drawn,
        Case(
            label="a tie at the border",
            args=(double([[4, 1, 2, 2, 2], [0, 1, 2, 3, 4], [5, 3, 5, 1, 4]]), 2),
            edge=True,
        ),
        Case(label="one row, nothing above zero", args=(double([[-3, -1, -2, -5]]), 2), edge=True),
        Case(label="k larger than the vocabulary", args=(noise(4, 2, 3), 5), edge=True),
    ]


def top_k_oracle(logits: Tensor, k: int) -> Tensor:
    """Keep an entry when fewer than k of its row are larger."""
    rows = [
        [z if sum(other > z for other in row) < k else -np.inf for z in row]
        for row in logits.tolist()
    ]
    return torch.tensor(rows, dtype=logits.dtype)


def top_k_sample(rng: np.random.Generator) -> Case:
    b, v = draw_sizes(rng, 4, 8)
    logits = noise(rng, b, v)
    if coin(rng, 0.3):
        logits = logits.round()  # ties
    return Case(label="random", args=(logits, pick(rng, range(1, v + 2))))


EXERCISE = Exercise(
    name="keep_top_k",
    title="Top-k",
    minutes=6,
    difficulty=2,
    proves="the k largest logits of each row stay as they are, with all that tie with the last of them",
    passed="Agrees with counting larger logits one by one; ties stay, and k may exceed the vocabulary.",
    cases=top_k_cases,
    sample=top_k_sample,
    oracle=top_k_oracle,
    kinds=(
        "batch_of_one",
        "ties",
        "negative",
        "zero",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.keep_top_k",
    hints=(
        "How large must a logit be in order to stay? Find that bar for each row, then compare every logit with it.",
        "the k largest logits of each row, in order\nthe last of them is the bar\nwhat is below the bar becomes −∞",
        "logits.topk(k, dim=-1).values[:, -1:] is the bar with its axis kept; min(k, V) guards a k that is too large; "
        "logits.masked_fill(logits < bar, -torch.inf).",
    ),
    wrong_answers=MISTAKES,
)
