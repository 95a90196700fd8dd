"""A course on attention: notebooks, the checks behind them, and the library they build.

`import course_lib` loads nothing heavy; `Lesson` arrives, with torch, when it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.lessons.lesson import Lesson as Lesson

__version__ = "0.1.0"
__all__ = ["Lesson", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Lesson":
        from course_lib.lessons.lesson import Lesson

        return Lesson
    raise AttributeError(f"course_lib has no attribute {name!r}; it offers Lesson")
