"""What mistakes in several exercises of lesson 16 share."""

from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def mistake(id: str, code: Callable[..., Any], says: str, why: str) -> WrongAnswer:
    return WrongAnswer(id=id, code=code, says=says, why=why)
