"""What is marked: a lesson or an assignment, found by its name or by those of the files."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError
from course_lib.grading.program import Master

if TYPE_CHECKING:
    from course_lib.authoring.source import Source


@dataclass(frozen=True)
class Task:
    """What is marked: a lesson or an assignment.

    Args:
        name: as on the command line: "04", or "attention".
        spec: its exercises.
        source: its cells, parsed, or as they stand in its solved notebook.
        trained: models that are handed in as files.
        digest: changes when anything that marks depend on does.
    """

    name: str
    spec: LessonSpec
    source: "Source | Master"
    trained: tuple[Any, ...] = ()
    digest: str = ""

    @cached_property
    def master(self) -> Master:
        """Its cells as they were handed out."""
        return self.source if isinstance(self.source, Master) else Master.of_source(self.source)

    @property
    def possible(self) -> int:
        """The most that it can earn."""
        return sum(task.marks for task in (*self.spec.exercises, *self.trained))


def load_task(kind: str, name: str) -> Task:
    """Return a lesson or an assignment, ready to be marked."""
    if kind == "assignment":
        from course_lib.grading import assignments

        found = assignments.find(name)
        digest = _digest([found.source, found.hidden])
        return Task(found.name, found.spec, found.cells, tuple(found.trained), digest)
    from course_lib.authoring.checkout import Checkout
    from course_lib.workbook import registry

    spec = registry.find(name)
    solved = Checkout.find().solved(spec)
    course = registry.rooms()[spec.number].rglob("*.py")
    if not solved.exists():
        raise CourseError(f"{solved} is missing: build it by `course build {spec.number}`.")
    master = Master.of_notebook(solved.read_bytes())
    return Task(spec.number, spec, master, digest=_digest([solved, *course]))


def _digest(paths: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def which_task(submissions: Path, lesson: str | None, assignment: str | None) -> tuple[str, str]:
    """Return "lesson" or "assignment" and its name, as asked for or from the file names.

    Raises:
        CourseError: when both are asked for, or the file names do not say.
    """
    if lesson and assignment:
        raise CourseError("give --lesson or --assignment, not both.")
    if assignment:
        return "assignment", assignment
    if lesson:
        return "lesson", lesson
    from course_lib.workbook import registry

    paths = submissions.rglob("*.ipynb") if submissions.is_dir() else [submissions]
    stems = [path.stem for path in paths if path.suffix == ".ipynb"]
    slugs = {room.name.removeprefix("lesson_"): number for number, room in registry.rooms().items()}
    fits = {number for slug, number in slugs.items() if any(slug in stem for stem in stems)}
    if len(fits) != 1:
        seen = f"these file names fit {', '.join(sorted(fits))}" if fits else "no file name says so"
        raise CourseError(f"which lesson is this? {seen}; add --lesson NN or --assignment NAME.")
    return "lesson", fits.pop()
