"""Every exercise says which kinds of input it can meet, and a case of its own shows each."""

import pytest

from course_lib.checking import kinds
from course_lib.checking.axes import dims_of, sizes
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.workbook import registry

LESSONS = [registry.find(number) for number in registry.numbers()]
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.number}-{exercise.name}")
    for lesson in LESSONS
    for exercise in lesson.exercises
]
every_exercise = pytest.mark.parametrize("lesson, exercise", EXERCISES)


@every_exercise
def test_each_kind_stands_in_a_case(lesson: LessonSpec, exercise: Exercise) -> None:
    missing = {kind: kinds.KINDS[kind] for kind in exercise.kinds if kind not in found(exercise)}
    assert not missing, f"add a case for each: {missing}"


@every_exercise
def test_what_inputs_allow_is_listed_or_excluded(lesson: LessonSpec, exercise: Exercise) -> None:
    dims = dims_of(exercise)
    due = {kind for case in exercise.cases() for kind in kinds.implied(case, dims)}
    forgotten = due - set(exercise.kinds) - set(exercise.never)
    assert not forgotten, f"list in kinds=, or exclude in never= with a reason: {forgotten}"


@every_exercise
def test_kinds_are_known_and_reasons_given(lesson: LessonSpec, exercise: Exercise) -> None:
    assert set(exercise.kinds) | set(exercise.never) <= set(kinds.KINDS)
    assert not set(exercise.kinds) & set(exercise.never)
    inputs = [value for case in exercise.cases() for value in (*case.args, *case.kwargs.values())]
    takes_any = not all(map(callable, inputs))
    assert exercise.kinds or exercise.never or not takes_any, "say which kinds of input there are"
    assert all(reason.endswith(".") for reason in exercise.never.values())


def found(exercise: Exercise) -> set[str]:
    """Return the kinds that an exercise's cases show."""
    cases = exercise.cases()
    named = [sizes(exercise, case) for case in cases]
    by_shape = {kind for one in named if one is not None for kind in kinds.shown_by_shape(one)}
    return by_shape | {kind for case in cases for kind in kinds.shown(case)}
