"""Hidden cases: they grow from the instructor's secret, fresh for everybody and every hand-in."""

import hashlib
import hmac

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator

#: Hidden cases of an exercise.
HIDDEN = 24


def hidden_cases(exercise: Exercise, secret: str, *more: str, count: int = HIDDEN) -> list[Case]:
    """Grow the cases that mark an exercise from the instructor's secret.

    Args:
        exercise: of an assignment or a lesson.
        secret: known to the instructor alone.
        more: what makes the cases fresh, such as the learner and a hash of what was handed in.
        count: how many are drawn; those at the edges come on top.
    """
    seed = hidden_seed(secret, exercise.name, *more)
    drawn = [exercise.sample(generator(seed + place)) for place in range(count)]
    edges = exercise.edges(generator(seed + count)) if exercise.edges else ()
    return [*drawn, *edges]


def heavy_cases(exercise: Exercise, secret: str, *more: str) -> list[Case]:
    """Grow the cases that only an answer meets which is right on all others."""
    seed = hidden_seed(secret, exercise.name, "heavy", *more)
    return list(exercise.heavy(generator(seed))) if exercise.heavy else []


def hidden_seed(secret: str, *more: str) -> int:
    """Return a number that nobody can foretell without the secret."""
    digest = hmac.new(secret.encode(), "\0".join(more).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:7], "big")
