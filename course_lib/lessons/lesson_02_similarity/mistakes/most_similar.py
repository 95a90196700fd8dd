"""Mistakes in “The most similar row”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import numpy as np

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity.mistakes.common import norm


def _cosines(query: np.ndarray, table: np.ndarray) -> np.ndarray:
    return table @ query / norm(table, axis=1)


def _without(scores: np.ndarray, exclude: Any, fill: float = -np.inf) -> int:
    scores = scores.copy()
    scores[list(exclude)] = fill
    return int(np.argmax(scores))


def _deleted(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    return int(np.argmax(_cosines(query, np.delete(table, list(exclude), axis=0))))


MISTAKES = (
    WrongAnswer(
        id="dot_product",
        code=lambda query, table, exclude=(): _without(table @ query, exclude),
        says="You compare by dot product, so a long row beats a similar one.",
        why="Divide every row's dot product by that row's length: the cosine is asked for.",
    ),
    WrongAnswer(
        id="squared_lengths",
        code=lambda query, table, exclude=(): _without(
            table @ query / (table * table).sum(1), exclude
        ),
        says="You divide by the squared length of each row, so a short row beats a similar one.",
        why="A length is the root of the sum of squares: np.linalg.norm(table, axis=1).",
    ),
    WrongAnswer(
        id="ignores_exclude",
        code=lambda query, table, exclude=(): int(np.argmax(_cosines(query, table))),
        says="The excluded rows still take part.",
        why="Give them a score that cannot win, -np.inf, before you look for the largest.",
    ),
    WrongAnswer(
        id="excluded_get_zero",
        code=lambda query, table, exclude=(): _without(_cosines(query, table), exclude, 0.0),
        says="You give the excluded rows a score that can still win, such as 0.",
        why="When all other scores are lower, it is the largest. -np.inf lies below every score.",
    ),
    WrongAnswer(
        id="numbers_shift",
        code=_deleted,
        says="You removed the excluded rows, so the rows after them got new numbers.",
        why="The result is a place in the table that you were given. Keep every row and make the "
        "excluded ones lose.",
    ),
    WrongAnswer(
        id="least_similar",
        code=lambda query, table, exclude=(): int(
            np.argmin([np.inf if i in exclude else c for i, c in enumerate(_cosines(query, table))])
        ),
        says="You return the least similar row.",
        why="A cosine is largest for the most similar row: argmax. (argmin would be right for a "
        "distance.)",
    ),
    WrongAnswer(
        id="nearest_by_distance",
        code=lambda query, table, exclude=(): _without(-norm(table - query, axis=1), exclude),
        says="You return the row at the smallest distance.",
        why="A row that points the same way and is longer lies far off. The cosine looks at "
        "directions alone.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda query, table, exclude=(): _without(np.abs(_cosines(query, table)), exclude),
        says="You compare absolute values, so an opposite row counts as similar.",
        why="A cosine of −1 is the least similar that there is.",
    ),
    WrongAnswer(
        id="skips_winner",
        code=lambda query, table, exclude=(): int(np.argsort(-_cosines(query, table))[1]),
        says="You return the second most similar row, as if the first were always the query "
        "itself.",
        why="Only the rows in exclude are out. With none, the most similar row wins, whatever it "
        "is.",
    ),
    WrongAnswer(
        id="returns_cosine",
        code=lambda query, table, exclude=(): float(
            max(c for i, c in enumerate(_cosines(query, table)) if i not in exclude)
        ),
        says="You return the largest cosine, not the number of its row.",
        why="max gives the value, argmax the place where it stands.",
    ),
)
