"""“Precision, recall and F1”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids, draw_uniform
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, pick, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.class_scores import MISTAKES


def score_cases() -> list[Case]:
    by_hand = torch.tensor([1, 1, 1, 0]), torch.tensor([1, 1, 0, 0]), 2
    drawn = [
        Case(label=f"{n} texts, {c} classes, seed {seed}", args=_score_args(seed, n, c))
        for n, c, seed in ((13, 3, 0), (21, 4, 1), (17, 2, 2))
    ]
    never_said = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([0, 1, 2, 1, 1]), 3
    never_true = torch.tensor([0, 2, 1, 0, 2]), torch.tensor([0, 1, 1, 0, 0]), 3
    neither = torch.tensor([0, 1, 0]), torch.tensor([0, 0, 1]), 4
    return [
        Case(label="four texts, pleased (1) said three times", args=by_hand),
        *drawn,
        Case(label="a class that is never said", args=never_said),
        Case(label="a class that is never true", args=never_true),
        Case(
            label="one text, rightly told",
            args=(torch.tensor([1]), torch.tensor([1]), 2),
            edge=True,
        ),
        Case(
            label="nothing is right",
            args=(torch.tensor([1, 0, 2]), torch.tensor([0, 2, 1]), 3),
            edge=True,
        ),
        Case(label="classes that do not occur", args=neither, edge=True),
    ]


def _score_args(seed: Seed, n: int, c: int) -> tuple[Tensor, Tensor, int]:
    rng = rng_of(seed)
    labels = (draw_uniform(rng, n) ** 1.7 * c).long()
    said = torch.where(draw_uniform(rng, n) < 0.5, labels, draw_ids(rng, c, n))
    labels[:c], said[:c] = torch.arange(c)[:n], torch.arange(c)[:n]
    return said, labels, c


def score_sample(rng: np.random.Generator) -> Case:
    n, c = pick(rng, range(1, 12)), pick(rng, range(2, 5))
    return Case(label="random", args=(draw_ids(rng, c, n), draw_ids(rng, c, n), c))


def score_oracle(predicted: Tensor, labels: Tensor, n_classes: int) -> tuple[Tensor, ...]:
    """Count text by text in plain Python."""
    pairs = list(zip(predicted.tolist(), labels.tolist(), strict=True))
    rows = []
    for one in range(n_classes):
        right = sum(said == one == true for said, true in pairs)
        said, true = sum(s == one for s, _ in pairs), sum(t == one for _, t in pairs)
        p, r = right / said if said else 0.0, right / true if true else 0.0
        rows.append((p, r, 2 * p * r / (p + r) if p + r else 0.0))
    table = torch.tensor(rows)
    return (*table.unbind(1), table[:, 2].mean())


EXERCISE = Exercise(
    name="class_scores",
    title="Precision, recall and F1",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="each class has its precision, recall and F1, and the macro F1 is the mean of the F1s",
    passed="Agrees with counting text by text, classes that never occur included.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    reference="course_lib.lessons.lesson_14_bert.reference.class_scores",
    parts=("precision", "recall", "F1", "macro F1"),
    device="any",
    hints=(
        "Three counts for each class are enough: how often it was said, how often it is true, and how often both at once. "
        "Which of them is divided by which?",
        "for each class: right = said and true at once\nprecision = right / said, recall = right / true, 0 where nothing is below\n"
        "f1 = 2 right / (said + true), which is 2pr / (p + r)\nmacro = mean of the f1s",
        "said = predicted == torch.arange(n_classes)[:, None] is a table with a row for each class, and labels alike; "
        "(said & true).sum(1) counts. clamp(min=1) keeps a denominator from 0.",
    ),
    kinds=("repeats", "one_place", "whole_numbers"),
    wrong_answers=MISTAKES,
)
