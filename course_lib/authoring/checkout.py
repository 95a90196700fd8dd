"""Where things are in a checkout of the course, and how files are replaced whole."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import course_lib
from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError


@dataclass(frozen=True)
class Checkout:
    """The folders of a checkout."""

    root: Path

    @classmethod
    def find(cls) -> "Checkout":
        """Return the checkout that `course_lib` runs from.

        Raises:
            CourseError: when it is installed without one.
        """
        root = Path(course_lib.__file__).resolve().parents[1]
        if not (root / "pyproject.toml").exists():
            raise CourseError(
                "lessons are written in a checkout of the course, but course_lib is installed in "
                f"{root}. Clone the repository, run `make env` there, call its .venv/bin/course."
            )
        return cls(root)

    def source(self, spec: LessonSpec) -> Path:
        """Return the path of a lesson's source."""
        return self.root / "solutions" / f"{spec.number}_{spec.slug}.py"

    def solved(self, spec: LessonSpec) -> Path:
        """Return the path of the solved notebook."""
        return self.source(spec).with_suffix(".ipynb")

    def learners(self, spec: LessonSpec) -> Path:
        """Return the path of the learner's copy."""
        return self.root / "notebooks" / f"{spec.number}_{spec.slug}.ipynb"

    def shown(self, path: Path) -> str:
        """Return a path as messages show it."""
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()


def replace_files(files: Mapping[Path, bytes]) -> None:
    """Write files so that each is, at every moment, whole: the old one or the new one.

    All are written beside their places first; only then do they take them.
    """
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in files}
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_old_parts(path)
            with parts[path].open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _remove_old_parts(path: Path) -> None:
    """Remove what a build that was killed while it wrote has left behind."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        pid = part.name.split(".")[-2]
        if not (pid.isdigit() and _runs(int(pid))):
            part.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    if os.name != "posix":
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
