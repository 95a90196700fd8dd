"""Find lessons by place: a room `lessons/lesson_NN_slug/` each, whose `lesson.py` has LESSON."""

import re
from importlib import import_module
from pathlib import Path

from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError

PACKAGE = "course_lib.lessons"
ROOMS = Path(__file__).parents[1] / "lessons"


def rooms() -> dict[str, Path]:
    """Return the folder of every lesson by its number, in order, without importing any."""
    found = sorted(ROOMS.glob("lesson_[0-9][0-9]_*/lesson.py"))
    return {path.parent.name[7:9]: path.parent for path in found}


def room(spec: LessonSpec) -> str:
    """Return the dotted name of a lesson's room."""
    return f"{PACKAGE}.lesson_{spec.number}_{spec.slug}"


def numbers() -> list[str]:
    """Return the number of every lesson, in order, without importing any."""
    return list(rooms())


def find(number: str) -> LessonSpec:
    """Return the lesson with a number ("04" or "4"); a CourseError names the lessons there are."""
    known = rooms()
    text = str(number).strip()
    key = text.zfill(2)
    if not re.fullmatch(r"\d{1,2}", text) or key not in known:
        raise CourseError(
            f"there is no lesson {text!r}; the lessons are {', '.join(known)}. Give a number, such "
            "as 04."
        )
    spec: LessonSpec = import_module(f"{PACKAGE}.{known[key].name}.lesson").LESSON
    return spec


def all_lessons() -> list[LessonSpec]:
    """Return every lesson, in order."""
    return [find(number) for number in numbers()]
