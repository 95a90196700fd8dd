"""A name given to a mistake is the true one: listed mistakes spelt otherwise, and near ones.

A room's `spellings.py` holds, by hand: SPELT, other code for listed mistakes, by exercise and id;
NEAR, wrong answers by exercise that no list holds and no name fits. `bench/names.py` counts them.
"""

from collections.abc import Callable
from types import ModuleType

import pytest

from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.workbook import registry
from tools.beside import load

pytestmark = pytest.mark.slow

#: The share of spellings that must be recognised, in each lesson.
BAR = 0.85

LESSONS = [registry.find(number) for number in registry.numbers()]
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.number}-{exercise.name}")
    for lesson in LESSONS
    for exercise in lesson.exercises
]


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.number for lesson in LESSONS])
def test_listed_mistakes_are_recognised_in_another_spelling(
    lesson: LessonSpec, record_property: Callable[[str, object], None]
) -> None:
    named, passed, missed = 0, [], []
    for exercise in lesson.exercises:
        for id, codes in spellings(lesson).SPELT[exercise.name].items():
            for place, code in enumerate(codes):
                result = check_exercise(exercise, code)
                named += result.diagnosis == id
                if result.passed:
                    passed.append(f"{exercise.name}/{id} {place} passes")
                if result.diagnosis not in (id, None):
                    passed.append(f"{exercise.name}/{id} {place} is called {result.diagnosis}")
                if result.diagnosis is None:
                    missed.append(f"{exercise.name}/{id} {place}:\n{result.message}")
    assert not passed, "\n".join(passed)
    total = named + len(missed)
    record_property("facts", total)
    assert named >= BAR * total, f"{named} of {total} named; missed:\n" + "\n".join(missed)


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_near_mistakes_get_no_name(
    lesson: LessonSpec, exercise: Exercise, record_property: Callable[[str, object], None]
) -> None:
    codes = spellings(lesson).NEAR[exercise.name]
    assert len(codes) >= 2, "two near mistakes an exercise"
    record_property("facts", len(codes))
    for place, code in enumerate(codes):
        result = check_exercise(exercise, code)
        assert not result.passed, f"near mistake {place} passes"
        assert result.diagnosis is None, f"{place} is called {result.diagnosis}:\n{result.message}"


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_spellings_are_of_listed_mistakes(lesson: LessonSpec, exercise: Exercise) -> None:
    spelt = spellings(lesson).SPELT[exercise.name]
    listed = {wrong.id for wrong in exercise.wrong_answers}
    assert set(spelt) <= listed
    assert len(spelt) >= min(3, len(listed)), "the three commonest at least"


def spellings(lesson: LessonSpec) -> ModuleType:
    """Load a room's spellings.py."""
    return load(lesson.number, "spellings")
