"""Find lessons: one file `lesson_NN_slug.py` each, with a constant LESSON."""

import re
from importlib import import_module
from pathlib import Path

from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError

FOLDER = Path(__file__).parent


def numbers() -> dict[str, str]:
    """Return the module name of every lesson by its number, in order, without importing any."""
    found = {}
    for path in sorted(FOLDER.glob("lesson_[0-9][0-9]_*.py")):
        found[path.stem[7:9]] = path.stem
    return found


def find(number: str) -> LessonSpec:
    """Return the lesson with a number ("04" or "4"); a CourseError names the lessons there are."""
    known = numbers()
    text = str(number).strip()
    key = text.zfill(2)
    if not re.fullmatch(r"\d{1,2}", text) or key not in known:
        raise CourseError(
            f"there is no lesson {text!r}; the lessons are {', '.join(known)}. Give a number, such "
            "as 04."
        )
    spec: LessonSpec = import_module(f"course_lib.lessons.{known[key]}").LESSON
    return spec


def all_lessons() -> list[LessonSpec]:
    """Return every lesson, in order."""
    return [find(number) for number in numbers()]
