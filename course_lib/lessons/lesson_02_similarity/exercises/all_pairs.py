"""“All pairs, one matrix product”: its cases, its oracle, its hints."""

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise_array
from course_lib.lessons.lesson_02_similarity.common import D, S, T
from course_lib.lessons.lesson_02_similarity.mistakes.all_pairs import MISTAKES


def pairs_cases() -> list[Case]:
    words = np.array([[3.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    return [
        Case(label="cat and dog as queries; cat, dog and car as keys", args=(words[:2], words)),
        Case(label="4 queries, 4 keys, width 4", args=(noise_array(0, 4, 4), noise_array(1, 4, 4))),
        *(
            Case(
                label=f"{t} queries, {s} keys, width {d}, seed {seed}",
                args=(noise_array(seed, t, d), noise_array(9 + seed, s, d)),
            )
            for t, s, d, seed in ((T, S, D, 2), (S, 3, T, 3))
        ),
        Case(label="one query", args=(noise_array(4, 1, 3), noise_array(5, 6, 3)), edge=True),
    ]


def pairs_sample(rng: np.random.Generator) -> Case:
    t, s, d = draw_sizes(rng, 8, 8, 8)
    return Case(label="random", args=(noise_array(rng, t, d), noise_array(rng, s, d)))


EXERCISE = Exercise(
    name="all_pairs",
    title="All pairs, one matrix product",
    minutes=3,
    difficulty=1,
    proves="every query meets every key, with the queries down the rows",
    passed="Agrees with NumPy's einsum: every query has met every key.",
    cases=pairs_cases,
    sample=pairs_sample,
    oracle=lambda queries, keys: np.einsum("td,sd->ts", queries, keys),
    kinds=("one_place",),
    reference="course_lib.lessons.lesson_02_similarity.reference.all_pairs",
    hints=(
        "A matrix product pairs the rows of its left factor with the columns of its right one. "
        "Your keys are rows.",
        "turn keys so that every key becomes a column\nmultiply queries by that",
        "keys.T has one key in each column.\n    return queries @ ...",
    ),
    wrong_answers=MISTAKES,
)
