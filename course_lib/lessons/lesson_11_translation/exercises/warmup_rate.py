"""“Warm up, then cool down”: its cases, its oracle, its hints."""

import math

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_11_translation.mistakes.warmup_rate import MISTAKES


def rate_cases() -> list[Case]:
    plans = ((100, 64, 100), (25, 64, 100), (400, 64, 100), (7, 96, 30), (5000, 512, 4000))
    labels = ("at the peak", "a quarter of the way up", "four times the warm-up", "", "")
    return [
        Case(
            label=f"step {s}, width {d}, warm-up {w}{', ' * bool(name)}{name}",
            args=(s, d, w),
            shows=("border",) * (s == w),
        )
        for (s, d, w), name in zip(plans, labels, strict=True)
    ] + [Case(label="the first step", args=(1, 36, 50)), Case(label="no warm-up", args=(9, 4, 1))]


def rate_sample(rng: np.random.Generator) -> Case:
    sizes = (range(1, 300), range(1, 200), range(1, 150))
    return Case(label="random", args=tuple(pick(rng, size) for size in sizes))


def rate_oracle(step: int, d_model: int, warmup: int) -> float:
    """In two pieces: a straight line to the peak, then the peak times √(warmup / step)."""
    peak = 1 / math.sqrt(d_model * warmup)
    return peak * (step / warmup if step <= warmup else math.sqrt(warmup / step))


EXERCISE = Exercise(
    name="warmup_rate",
    title="Warm up, then cool down",
    minutes=4,
    difficulty=1,
    proves="your rate climbs in a straight line to its peak and falls with the root of the step",
    passed="A straight line to the peak, then a fall with 1/√step, as in the paper.",
    cases=rate_cases,
    sample=rate_sample,
    oracle=rate_oracle,
    kinds=(
        "border",
        "whole_numbers",
    ),
    reference="course_lib.lessons.lesson_11_translation.reference.warmup_rate",
    hints=(
        "Two curves, one rising and one falling. At every step the lower of the two counts.",
        "rising = step · warmup^−1.5\nfalling = step^−0.5\nd_model^−0.5 times the lower one",
        "step**-0.5 is the falling curve.\n    return d_model**-0.5 * min(..., ...)",
    ),
    wrong_answers=MISTAKES,
)
