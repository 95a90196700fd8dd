"""“The most similar row”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise_array, pick
from course_lib.lessons.lesson_02_similarity.common import SIZES, D, S
from course_lib.lessons.lesson_02_similarity.mistakes.most_similar import MISTAKES


def similar_cases() -> list[Case]:
    query, words = (np.array([3.0, 1.0]), np.array([[2.0, 1.0], [2.0, 4.0], [-3.0, -1.0]]))
    drawn = [
        Case(
            label=f"{n} rows of {d} numbers, rows {', '.join(map(str, out))} excluded, seed {seed}",
            args=(noise_array(seed, d), noise_array(9 + seed, n, d, scale=2.0)),
            kwargs={"exclude": out},
        )
        for n, d, seed, out in ((S, 3, 0, (2, 0)), (D, 5, 1, (0, 1, 4)), (13, 4, 5, (7, 2)))
    ]
    short = np.array([[2.0, 1.0], [0.1, 0.2], [-3.0, -1.0]])
    away = np.array([[-1.0, -3.0], [2.0, 1.0], [-2.0, -0.5], [-3.0, 1.0]])
    return [
        Case(label="dog, a long car and the opposite of cat, for cat", args=(query, words)),
        Case(label="the same, dog excluded", args=(query, words), kwargs={"exclude": (0,)}),
        Case(label="dog, a short car and the opposite of cat, for cat", args=(query, short)),
        *drawn,
        Case(
            label="every row but the excluded one points away",
            args=(query, away),
            kwargs={"exclude": (1,)},
        ),
        Case(
            label="the best that there is stands at a right angle",
            args=(np.array([1.0, 0.0]), np.array([[-1.0, 0.0], [-1.0, -1.0], [0.0, 2.0]])),
        ),
        Case(label="nothing excluded, seed 3", args=(noise_array(3, 4), noise_array(4, 9, 4))),
        Case(label="one row", args=(noise_array(6, 3), noise_array(7, 1, 3)), edge=True),
    ]


def similar_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, SIZES), pick(rng, SIZES) + 1
    out = tuple(int(i) for i in rng.permutation(n)[: int(rng.integers(n))])
    query, table = noise_array(rng, d), noise_array(rng, n, d, scale=2.0)
    return Case(label="random", args=(query, table), kwargs={"exclude": out})


def similar_oracle(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    """A plain loop over the rows that may win."""
    best, best_angle = -1, math.inf
    for i, row in enumerate(table.tolist()):
        dot = sum(a * b for a, b in zip(query.tolist(), row, strict=True))
        angle = math.acos(max(-1.0, min(1.0, dot / math.hypot(*query) / math.hypot(*row))))
        if i not in exclude and angle < best_angle:
            best, best_angle = i, angle
    return best


def is_allowed_row(call: Any, case: Case, value: Any) -> str | None:
    """The result is a row of the table that is not excluded."""
    rows, out = len(case.args[1]), case.kwargs.get("exclude", ())
    if not 0 <= value < rows:
        return (
            f"The table's rows are numbered 0 to {rows - 1}; yours returns {value} on the case "
            f"“{case.label}”."
        )
    if value in out:
        return f"On the case “{case.label}” row {value} is excluded, and yours returns it."
    return None


EXERCISE = Exercise(
    name="most_similar",
    title="The most similar row",
    minutes=6,
    difficulty=2,
    proves="you find the row with the largest cosine, and never an excluded one",
    passed="Finds the row that a plain loop over angles finds, excluded rows left out.",
    cases=similar_cases,
    sample=similar_sample,
    oracle=similar_oracle,
    properties=(Property(id="is_allowed_row", holds=is_allowed_row),),
    kinds=(
        "one_place",
        "negative",
        "zero",
    ),
    reference="course_lib.lessons.lesson_02_similarity.reference.most_similar",
    hints=(
        "One product gives the query's dot product with every row. Which length still has to be "
        "divided out, "
        "and which can be left in because it is the same for all rows?",
        "cosines = dot product of each row with the query, over that row's length\n"
        "cosines of excluded rows = minus infinity\nreturn the place of the largest cosine",
        "np.linalg.norm(table, axis=1) holds one length for each row; an array takes a list of "
        "places on the "
        "left of =.\n    cosines[list(exclude)] = ...\n    return int(np.argmax(...))",
    ),
    wrong_answers=MISTAKES,
)
