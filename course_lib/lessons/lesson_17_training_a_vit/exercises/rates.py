"""“Warm-up and cosine, step by step”: its cases, its oracle, its hints."""

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_17_training_a_vit.mistakes.rates import MISTAKES


def rate_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{epochs} epochs of {n} steps, {warmup} of warm-up, peak {peak}",
            args=(epochs, n, warmup, peak),
        )
        for epochs, n, warmup, peak in ((4, 5, 3, 0.01), (3, 7, 8, 2.0), (5, 3, 4, 0.3))
    ]
    return [
        Case(label="2 epochs of 3 steps, 2 of warm-up, peak 1", args=(2, 3, 2, 1.0)),
        *drawn,
        Case(label="no warm-up", args=(2, 4, 0, 0.5), edge=True),
        Case(label="warm-up to the last step", args=(2, 3, 6, 1.0), edge=True, shows=("border",)),
        Case(label="one step an epoch", args=(5, 1, 2, 0.5), edge=True),
        Case(label="one step in all", args=(1, 1, 0, 2.0), edge=True),
    ]


def rate_oracle(epochs: int, per_epoch: int, warmup: int, peak: float) -> list[float]:
    """cos² of half the angle is (1 + cos) / 2."""
    found = []
    for step in range(epochs * per_epoch):
        if step < warmup:
            found.append(peak * (step + 1) / warmup)
        else:
            angle = np.pi * (step - warmup) / (epochs * per_epoch - warmup)
            found.append(float(peak * np.cos(angle / 2) ** 2))
    return found


def rate_sample(rng: np.random.Generator) -> Case:
    epochs, n = draw_sizes(rng, 4, 6)
    warmup = pick(rng, range(epochs * n + 1))
    return Case(label="random", args=(epochs, n, warmup, float(rng.uniform(0.1, 2))))


EXERCISE = Exercise(
    name="rates",
    title="Warm-up and cosine, step by step",
    minutes=7,
    difficulty=2,
    proves="the rate of every single step follows the line up and half a cosine down",
    passed="Agrees with the schedule written as a squared cosine, without warm-up too.",
    cases=rate_cases,
    sample=rate_sample,
    oracle=rate_oracle,
    reference="course_lib.lessons.lesson_17_training_a_vit.reference.rates",
    hints=(
        "Two stretches that meet at the peak. In each of them: which share of this stretch lies behind a step?",
        "for each step of epochs · per_epoch:\n    while warming up: peak · (step + 1) / warmup\n    afterwards: "
        "done = (step − warmup) / (steps − warmup), peak · (1 + cos(π · done)) / 2",
        "steps = epochs * per_epoch counts steps; math.cos(math.pi * done) goes from 1 to −1. If warmup is 0, the first "
        "branch is never reached.",
    ),
    kinds=("zero", "border", "whole_numbers"),
    wrong_answers=MISTAKES,
)
