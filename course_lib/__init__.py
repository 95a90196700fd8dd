"""A course on attention: notebooks, the checks behind them, and the library they build.

`import course_lib` loads nothing heavy; `Lesson` and `Assignment` arrive, with torch, when they are
first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.workbook.assignment import Assignment as Assignment
    from course_lib.workbook.lesson import Lesson as Lesson

__version__ = "0.2.0"
__all__ = ["Assignment", "Lesson", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Lesson":
        from course_lib.workbook.lesson import Lesson

        return Lesson
    if name == "Assignment":
        from course_lib.workbook.assignment import Assignment

        return Assignment
    raise AttributeError(f"course_lib has no attribute {name!r}; it offers Lesson, Assignment")
