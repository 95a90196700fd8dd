"""“Batches by length”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_11_translation.mistakes.batches_by_length import MISTAKES


def batch_cases() -> list[Case]:
    return [
        Case(label="lengths 5, 2, 3 and room for 6", args=([5, 2, 3], 6)),
        Case(label="seven sentences, room for 12", args=([4, 9, 3, 4, 2, 6, 3], 12)),
        Case(label="all of length 3, room for 7", args=([3, 3, 3, 3, 3], 7)),
        Case(label="nine sentences, room for 20", args=([7, 1, 5, 10, 5, 2, 8, 1, 5], 20)),
        Case(label="room for all", args=([2, 4, 3], 40)),
        Case(
            label="six sentences, two batches filled to the last place",
            args=([2, 4, 2, 4, 2, 3], 8),
            shows=("border",),
        ),
        Case(label="one sentence", args=([4], 4), edge=True),
    ]


def batch_sample(rng: np.random.Generator) -> Case:
    lengths = [pick(rng, range(1, 10)) for _ in range(pick(rng, range(1, 9)))]
    return Case(label="random", args=(lengths, max(lengths) + pick(rng, range(20))))


def batch_oracle(lengths: list[int], budget: int) -> list[list[int]]:
    """The longest runs of the sorted sentences that fit, found with NumPy."""
    order = np.argsort(lengths, kind="stable")
    batches = []
    while len(order):
        sizes = np.arange(1, len(order) + 1) * np.asarray(lengths)[order]
        count = int(np.searchsorted(sizes, budget, side="right"))
        batches.append(order[:count].tolist())
        order = order[count:]
    return batches


def all_are_there(call: Any, case: Case, value: Any) -> str | None:
    """Every sentence is in one batch, and none runs over the budget."""
    lengths, budget = case.args
    found = sorted(place for batch in value for place in batch)
    if found != list(range(len(lengths))):
        return (
            f"Each of the {len(lengths)} sentences belongs to one batch, named by its place from 0. "
            f"On the case “{case.label}” your batches hold {found}."
        )
    for batch in value:
        size = max(lengths[place] for place in batch) * len(batch) if batch else 0
        if size > budget:
            return (
                f"A batch takes its longest sentence times its sentences. On the case "
                f"“{case.label}” your batch {batch} takes {size}, and there is room for {budget}."
            )
    return None


EXERCISE = Exercise(
    name="batches_by_length",
    title="Batches by length",
    minutes=7,
    difficulty=2,
    proves="every sentence is in one batch, no batch is too large, and none could take one more",
    passed="Every sentence once, every batch as full as it may be, the shortest sentences first.",
    cases=batch_cases,
    sample=batch_sample,
    oracle=batch_oracle,
    properties=(Property(id="all_are_there", holds=all_are_there),),
    kinds=(
        "repeats",
        "border",
    ),
    reference="course_lib.training.translation.batches_by_length",
    device="any",
    hints=(
        "Once the sentences are sorted, the one added last is the longest of its batch. So what does "
        "a batch cost with one more?",
        "places sorted by their length\nfor each place:\n"
        "    with it, the open batch would take (sentences + 1) · this length\n"
        "    fits: add it; else: open a new batch with it",
        "sorted(range(len(lengths)), key=lambda place: lengths[place]) keeps ties in order.\n"
        "    if batches and (len(batches[-1]) + 1) * lengths[place] <= budget:\n"
        "        batches[-1].append(place)",
    ),
    wrong_answers=MISTAKES,
)
