"""Prove a lesson's exercises before it is built: solutions pass their checks, stubs are blank.

Setup, given and exercise cells run here, in this process, as they do when a submission is graded:
demonstrations and training do not. The code is the course's own.
"""

import contextlib
import io
import linecache
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.authoring.execute import STATIC
from course_lib.authoring.problem import Problem
from course_lib.authoring.regions import Line
from course_lib.authoring.source import Cell, Source
from course_lib.checking.exercise import LessonSpec

#: Seconds that one setup, given or exercise cell may take.
CELL_SECONDS = 60.0


def rehearse(source: Source, spec: LessonSpec) -> list[Problem]:
    """Run the cells that exercises stand on and check every solution and every stub."""
    with _stage() as stage:
        return list(_Rehearsal(source, spec, stage).problems())


class _Rehearsal:
    """One lesson's cells, run in a module of their own."""

    def __init__(self, source: Source, spec: LessonSpec, module: ModuleType) -> None:
        self.source, self.spec, self.module = source, spec, module
        module.__file__ = str(source.path)

    def problems(self) -> Iterator[Problem]:
        for cell in self.source.cells:
            if cell.role == "exercise" and cell.exercise in self._names():
                before = dict(vars(self.module))
                yield from self._stub(cell)
                vars(self.module).clear()
                vars(self.module).update(before)
            if cell.role in ("setup", "given", "exercise"):
                failed = self._run(cell.solved, str(self.source.path))
                if failed is not None:
                    yield failed
                    return
            if cell.role == "exercise" and cell.exercise in self._names():
                yield from self._solution(cell)

    def _names(self) -> set[str]:
        return {exercise.name for exercise in self.spec.exercises}

    def _solution(self, cell: Cell) -> Iterator[Problem]:
        result = self._check(cell.exercise or "")
        if not result.passed:
            yield self._problem(
                cell.regions[0].line,
                f"the solution of {cell.exercise!r} is refused by its own check "
                f"({result.status.value}): {_one_line(result.message)}"
                f"{_advice(result.message)}",
            )

    def _stub(self, cell: Cell) -> Iterator[Problem]:
        """Check the learner's version of an exercise, on top of the solutions before it."""
        line, name = cell.regions[0].line, cell.exercise or ""
        file = f"{self.source.path} (the stub of {name})"
        failed = self._run(cell.blank, file)
        if failed is not None:
            yield self._problem(line, f"the stub of {name!r} does not run: {failed.says}")
            return
        result = self._check(name)
        if result.passed:
            says = f"the stub of {name!r} passes its check: leave something to do"
            yield self._problem(line, says)
        elif result.status.value != "not_started":
            yield self._problem(
                line,
                f"the stub of {name!r} should count as not started, but is {result.status.value}: "
                f"{_one_line(result.message)} End it with '# raise NotImplementedError'.",
            )

    def _check(self, name: str) -> Any:
        from course_lib.checking.check import check_exercise

        return check_exercise(self.spec.exercise(name), vars(self.module)[name])

    def _run(self, lines: tuple[Line, ...], file: str) -> Problem | None:
        """Run lines under their numbers in the file, so that messages and tracebacks name them."""
        from course_lib.checking.timeout import Timeout, limit

        text = _at_their_places(lines)
        if file != str(self.source.path):
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        try:
            with limit(CELL_SECONDS), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text, file, "exec"), vars(self.module))
        except (Exception, SystemExit) as error:
            where = _line_in(error, file) or lines[0][0]
            return self._problem(where, f"{type(error).__name__}: {error}{_advice(repr(error))}")
        except Timeout:
            says = f"this cell runs longer than {CELL_SECONDS:g} s: make it a train cell"
            return self._problem(lines[0][0], says)
        return None

    def _problem(self, line: int, says: str) -> Problem:
        return Problem(self.source.path, line, says)


@contextlib.contextmanager
def _stage() -> Iterator[ModuleType]:
    """Give a module to run in, an empty folder to run from, and no trace of either afterwards."""
    module = ModuleType("course_lesson_under_rehearsal")
    environment, cwd, path = dict(os.environ), Path.cwd(), list(sys.path)
    os.environ.update(STATIC)
    os.environ.pop("NBGRADER_EXECUTION", None)
    sys.modules[module.__name__] = module
    with tempfile.TemporaryDirectory(prefix="course-rehearsal-") as folder:
        os.chdir(folder)
        try:
            yield module
        finally:
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(environment)
            sys.path[:] = path
            del sys.modules[module.__name__]
            for file in [file for file in linecache.cache if "(the stub of " in file]:
                del linecache.cache[file]


def _at_their_places(lines: tuple[Line, ...]) -> str:
    """Return text in which every line stands at its number where that is possible."""
    text: list[str] = []
    for number, line in lines:
        text += [""] * (number - 1 - len(text))
        text.append(line)
    return "\n".join(text) + "\n"


def _line_in(error: BaseException, file: str) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    trace, found = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _advice(said: str) -> str:
    if "NameError" in said:
        return (
            " Setup, given and exercise cells stand on one another alone: demonstrations do not "
            "run when answers are graded."
        )
    return ""


def _one_line(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= 300 else f"{said[:299]}…"
