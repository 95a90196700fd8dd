"""What is wrong with a lesson: where, what, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Args:
        file: where it is; shown relative to the checkout when it lies inside.
        line: of the file, where that makes sense.
        says: what is wrong and what to do.
        fails: False for advice that stops nothing.
    """

    file: Path
    line: int | None
    says: str
    fails: bool = True

    def as_text(self, root: Path | None = None) -> str:
        """Return `path:line: what is wrong`."""
        path = self.file
        if root is not None and path.is_relative_to(root):
            path = path.relative_to(root)
        place = path.as_posix() if self.line is None else f"{path.as_posix()}:{self.line}"
        return f"{place}: {'' if self.fails else 'advice: '}{self.says}"


class LessonError(CourseError):
    """A lesson cannot be built; `problems` says why, each with file and line."""

    def __init__(self, problems: Iterable[Problem], root: Path | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.as_text(root) for problem in self.problems))


def failing(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that are more than advice."""
    return [problem for problem in problems if problem.fails]
