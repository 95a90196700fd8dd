"""“Greedy”: its cases, its oracle, its hints."""

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_13_generating.common import B, V
from course_lib.lessons.lesson_13_generating.mistakes.greedy import MISTAKES


def greedy_cases() -> list[Case]:
    drawn = [
        Case(label=f"{b} rows of {v} logits, seed {seed}", args=(noise(seed, b, v),))
        for b, v, seed in ((B, V, 0), (5, 11, 1), (4, 3, 2))
    ]
    return [
        Case(label="three logits, then three others", args=(double([[0, 2, 1], [3, -1, 0]]),)),
        *drawn,
        Case(label="one row, nothing above zero", args=(double([[-3, -1, -2]]),), edge=True),
        Case(
            label="two equal largest logits",
            args=(double([[1, 4, 4, 0], [0, 0, 0, 0]]),),
            edge=True,
        ),
    ]


def greedy_oracle(logits: Tensor) -> Tensor:
    """Look at every entry in a loop; a later one wins only when it is larger."""
    best = []
    for row in logits.tolist():
        at = 0
        for place, score in enumerate(row):
            if score > row[at]:
                at = place
        best.append(at)
    return torch.tensor(best)


EXERCISE = Exercise(
    name="greedy",
    title="Greedy",
    minutes=3,
    difficulty=1,
    proves="each row answers with the place of its own largest logit, the first of equals",
    passed="Agrees with a search entry by entry, equal logits included.",
    cases=greedy_cases,
    sample=lambda rng: Case(
        label="random", args=(noise(rng, pick(rng, range(1, 6)), pick(rng, range(1, 9))),)
    ),
    oracle=greedy_oracle,
    kinds=(
        "batch_of_one",
        "ties",
        "negative",
        "zero",
    ),
    reference="course_lib.models.generation.greedy",
    hints=(
        "Which place holds the largest number of a row? Tensors have a method that gives places, not numbers.",
        "the place of the largest logit\nalong the last axis: one for each row",
        "logits.max gives numbers, logits.argmax gives places; dim=-1 makes it look along each row.",
    ),
    wrong_answers=MISTAKES,
)
