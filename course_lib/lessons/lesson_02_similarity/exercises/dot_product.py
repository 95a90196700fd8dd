"""“The dot product, by a loop”: its cases, its oracle, its hints."""

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise_array, pick
from course_lib.lessons.lesson_02_similarity.common import SIZES, D
from course_lib.lessons.lesson_02_similarity.mistakes.dot_product import MISTAKES


def dot_cases() -> list[Case]:
    tidy = [
        ("cat (3, 1) and dog (2, 1)", [3.0, 1.0], [2.0, 1.0]),
        ("three numbers, some negative", [1.0, -2.0, 3.0], [4.0, 5.0, -6.0]),
        ("nothing in common", [2.0, 0.0, 1.0, 0.0], [0.0, 3.0, 0.0, 4.0]),
        ("a number that comes twice", [2.0, 2.0, 3.0], [1.0, 5.0, -1.0]),
    ]
    drawn = [
        (
            f"{n} numbers, seed {seed}",
            noise_array(seed, n).tolist(),
            noise_array(9 + seed, n).tolist(),
        )
        for n, seed in ((5, 0), (7, 1), (D, 2))
    ]
    one = Case(label="one number each", args=([2.0], [-3.0]), edge=True)
    below = Case(label="nothing above zero", args=([-1.0, -2.0], [-3.0, -0.5]), edge=True)
    named = [Case(label=label, args=(x, y)) for label, x, y in tidy + drawn]
    return [*named, one, below]


def dot_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, SIZES)
    return Case(label="random", args=(noise_array(rng, n).tolist(), noise_array(rng, n).tolist()))


EXERCISE = Exercise(
    name="dot_product",
    title="The dot product, by a loop",
    minutes=4,
    difficulty=1,
    proves="your loop gives the same number as NumPy for vectors of any length",
    passed="Agrees with NumPy for vectors of 1 to 11 numbers.",
    cases=dot_cases,
    sample=dot_sample,
    oracle=lambda x, y: float(np.dot(np.array(x), np.array(y))),
    kinds=(
        "repeats",
        "zero",
        "negative",
    ),
    reference="course_lib.lessons.lesson_02_similarity.reference.dot_product",
    forbidden=("@", "dot", "inner", "matmul", "einsum", "sumprod"),
    hints=(
        "You did it by hand above: pair the numbers that stand at the same place, and keep a "
        "running total.",
        "total starts at 0\nfor each pair (a, b) of x and y: add a times b to total\nreturn total",
        "zip(x, y) hands out the pairs.\n    for a, b in zip(x, y):\n        total += ...",
    ),
    wrong_answers=MISTAKES,
)
