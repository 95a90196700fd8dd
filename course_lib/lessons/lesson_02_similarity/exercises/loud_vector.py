"""“Louder, not nearer”: its cases, its oracle, its hints."""

from typing import Any

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_02_similarity import given
from course_lib.lessons.lesson_02_similarity.mistakes.loud_vector import MISTAKES


def loud(call: Any, case: Case, value: Any) -> str | None:
    """The vector wins by dot product and loses by cosine."""
    found = given.scores_of(value)
    if found is None:
        absent = " (a function without return gives None)" if value is None else ""
        return f"Return two finite numbers, such as [1.0, 2.0]; yours is {value!r:.60}{absent}."
    if given.is_loud(value):
        return None
    return (
        f"By dot product with cat it has {found[0]:.3f} and dog has {given.DOG_DOT:.3f}; "
        f"by cosine it has {found[1]:.3f} and dog has {given.DOG_COSINE:.3f}."
    )


EXERCISE = Exercise(
    name="loud_vector",
    title="Louder, not nearer",
    minutes=2,
    difficulty=1,
    proves="your vector wins by dot product and loses by cosine, whichever vector you chose",
    passed="It wins by dot product and loses by cosine: one question, two answers.",
    cases=lambda: [Case(label="cat (3, 1), dog (2, 1) and yours")],
    sample=lambda rng: Case(label="random"),
    properties=(Property(id="wins_and_loses", holds=loud),),
    reference="course_lib.lessons.lesson_02_similarity.reference.loud_vector",
    hints=(
        "Start from car, which points elsewhere. What can you change without turning it?",
        "keep a direction that is further from cat's than dog's is\n"
        "multiply both numbers by the same factor until 3·x + 1·y is above 7",
        "car is (1, 2) and has 3·1 + 1·2 = 5. Doubling a vector doubles its dot product.\n"
        "    return [2 * ..., 2 * ...]",
    ),
    wrong_answers=MISTAKES,
)
