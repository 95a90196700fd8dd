"""“Share of the peak”: its cases, its oracle, its hints."""

from collections.abc import Sequence

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator, pick
from course_lib.lessons.lesson_17_training_a_vit.mistakes.share_of_peak import MISTAKES


def peak_cases() -> list[Case]:
    drawn = []
    for n, batch, skip, seed in ((9, 64, 2, 0), (12, 1024, 4, 1), (8, 7, 1, 2), (6, 30, 2, 3)):
        rng = generator(seed)
        times = rng.uniform(0.1, 0.3, n)
        times[:skip] *= 30
        times[-1] *= 3
        numbers = ([float(t) for t in times], batch, float(rng.uniform(1e8, 1e9)), 1e12, skip)
        drawn.append(
            Case(label=f"{n} steps, {skip} to skip, batches of {batch}, seed {seed}", args=numbers)
        )
    by_hand = Case(
        label="9, 2, 2, 5 seconds, the first to skip", args=([9.0, 2.0, 2.0, 5.0], 4, 5.0, 100.0, 1)
    )
    return [
        by_hand,
        *drawn,
        Case(
            label="two steps alike, none to skip",
            args=([3.0, 1.0, 1.0, 3.0], 2, 6.0, 80.0, 0),
            edge=True,
        ),
        Case(label="two steps left, the slower first", args=([9.0, 3.0, 1.0], 2, 4.0, 50.0, 1)),
        Case(label="one step left", args=([7.0, 8.0, 0.25], 3, 2.0, 60.0, 2), edge=True),
        Case(label="nothing to skip", args=([0.5], 2, 6.0, 80.0, 0), edge=True),
    ]


def peak_oracle(
    seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
) -> float:
    per_image = float(np.median(np.asarray(seconds)[skip:])) / batch
    return (forward + 2 * forward) / (peak * per_image)


def peak_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 8))
    seconds = [float(t) for t in rng.uniform(0.1, 2, n)]
    skip, batch = pick(rng, range(n)), pick(rng, range(1, 50))
    return Case(label="random", args=(seconds, batch, float(rng.uniform(1, 5)), 100.0, skip))


EXERCISE = Exercise(
    name="share_of_peak",
    title="Share of the peak",
    minutes=6,
    difficulty=2,
    proves="operations forward and backward, in the median step, are set against what the device can do",
    passed="Agrees with NumPy's median and the count of three products.",
    cases=peak_cases,
    sample=peak_sample,
    oracle=peak_oracle,
    reference="course_lib.training.throughput.share_of_peak",
    device="any",
    hints=(
        "How many matrix products does the backward pass make for each one of the forward pass? Two gradients are wanted.",
        "leave out the first steps, take the median of the others\noperations of a step: 3 · forward · batch\n"
        "operations a second = those by the median; divide by the peak",
        "statistics.median(seconds[skip:]) is one step's time; the result is a number between 0 and 1.",
    ),
    kinds=("repeats", "whole_numbers", "zero"),
    wrong_answers=MISTAKES,
)
