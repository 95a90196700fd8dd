"""“Cosine”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise_array, pick
from course_lib.lessons.lesson_02_similarity.common import SIZES, D
from course_lib.lessons.lesson_02_similarity.mistakes.cosine_similarity import MISTAKES


def cosine_cases() -> list[Case]:
    tidy = [
        ("cat (3, 1) and dog (2, 1)", [3.0, 1.0], [2.0, 1.0]),
        ("a right angle", [2.0, 0.0, 1.0], [0.0, 3.0, 0.0]),
        ("opposite, unequal lengths", [1.0, 2.0, 2.0], [-2.0, -4.0, -4.0]),
    ]
    hand = [Case(label=label, args=(np.array(x), np.array(y))) for label, x, y in tidy]
    drawn = [
        Case(
            label=f"{n} numbers, seed {seed}",
            args=(noise_array(seed, n), noise_array(9 + seed, n, scale=3.0)),
        )
        for n, seed in ((5, 0), (7, 1), (D, 2))
    ]
    one = Case(label="one number each", args=(np.array([2.0]), np.array([-0.5])), edge=True)
    return [*hand, *drawn, one]


def cosine_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, SIZES)
    return Case(label="random", args=(noise_array(rng, n), noise_array(rng, n, scale=3.0)))


def cosine_oracle(x: np.ndarray, y: np.ndarray) -> float:
    return torch.cosine_similarity(torch.from_numpy(x), torch.from_numpy(y), dim=0).item()


def length_is_no_matter(call: Any, case: Case, value: Any) -> str | None:
    """Stretching a vector leaves a cosine as it is."""
    x, y = case.args
    for name, stretched in (("x", call(3 * x, y)), ("y", call(x, 3 * y))):
        if not abs(stretched - value) < 1e-6:
            return (
                f"A cosine must not change when a vector is made longer. On the case "
                f"“{case.label}” yours is "
                f"{value:.4f}, and {stretched:.4f} when {name} is made three times as long."
            )
    return None


EXERCISE = Exercise(
    name="cosine_similarity",
    title="Cosine",
    minutes=4,
    difficulty=1,
    proves="your cosine agrees with PyTorch's and does not change when a vector is stretched",
    passed="Agrees with PyTorch's cosine, and stretching a vector does not change it.",
    cases=cosine_cases,
    sample=cosine_sample,
    oracle=cosine_oracle,
    properties=(Property(id="length_is_no_matter", holds=length_is_no_matter),),
    kinds=(
        "zero",
        "negative",
    ),
    reference="course_lib.lessons.lesson_02_similarity.reference.cosine_similarity",
    forbidden=("cosine_similarity", "cosine"),
    hints=(
        "A dot product holds both lengths as factors. How do you get rid of a factor?",
        "the dot product of x and y\ndivided by the length of x and by the length of y",
        "np.linalg.norm(x) is the length of x, the root of x @ x. Mind the brackets: a / (b * c).\n"
        "    return x @ y / (np.linalg.norm(x) * ...)",
    ),
    wrong_answers=MISTAKES,
)
