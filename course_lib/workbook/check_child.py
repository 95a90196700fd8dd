"""The process that runs a file of answers for `course check` and tells its parent, line by line.

It says when an answer's time begins and stops; the parent ends it when it is late, and starts
another that leaves out what was under way.
"""

import contextlib
import json
import os
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from course_lib.checking import explain
from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.prepared import Prepared
from course_lib.checking.reference import load_reference
from course_lib.checking.report import as_text
from course_lib.checking.result import Result, Status
from course_lib.checking.run import Runner
from course_lib.checking.timeout import Timeout, limit
from course_lib.errors import CourseError
from course_lib.workbook import registry
from course_lib.workbook.answer_file import Step, read_steps
from course_lib.workbook.lesson import Lesson

MODULE = "answers_under_check"


def main() -> None:
    """Read a request from standard input, do it, and write events to what was standard output."""
    request = json.loads(sys.stdin.read())
    with _private_output() as events:
        try:
            Child(events, **request).run()
        except CourseError as error:
            _send(events, refused=str(error))
        _send(events, done=True)
        os._exit(0)  # threads and exit handlers of the answers get no further say


@contextlib.contextmanager
def _private_output() -> Iterator[TextIO]:
    """Keep the way to the parent for events alone; what answers print goes nowhere."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as events, open(os.devnull, "r+b") as nowhere:
        for descriptor in (1, 2):
            os.dup2(nowhere.fileno(), descriptor)
        yield events


def _send(events: TextIO, **event: Any) -> None:
    # In one piece, past the buffer: an alarm may send while another event is on its way.
    os.write(events.fileno(), (json.dumps(event) + "\n").encode())


class Child:
    """One run over a file.

    Args:
        events: takes what happened.
        lesson, file, exercises: as given to `course check`; no exercises means all.
        seconds: that a statement, a cell or an exercise may take.
        ended: steps and exercises that ended an earlier process, with how.
        settled: exercises already reported, and whether they passed.
    """

    def __init__(
        self,
        events: TextIO,
        lesson: str,
        file: str,
        exercises: Sequence[str],
        seconds: float,
        ended: Mapping[str, str],
        settled: Mapping[str, bool],
    ) -> None:
        self.events, self.file, self.seconds = events, Path(file), seconds
        self.ended, self.settled = ended, settled
        self.spec = registry.find(lesson)
        self.asked = _asked(self.spec, exercises)
        self.broken: dict[str, str] = {}

    def run(self) -> None:
        """Run the file, then check what it defines, exercise by exercise."""
        steps = read_steps(self.file)
        for exercise in self.asked:
            _send(self.events, preparing=exercise.name)
            _ = Prepared.of(exercise).expected  # before the answers can change anything
        module = self._load(steps)
        for exercise in self._in_order():
            if not self._passes(exercise, module):
                # As in the notebook, later answers meet the course's version.
                module[exercise.name] = load_reference(exercise)

    def _in_order(self) -> Sequence[Exercise]:
        """The exercises up to the last that was asked for: it may build on those before it."""
        last = max((self.spec.exercises.index(exercise) for exercise in self.asked), default=-1)
        return self.spec.exercises[: last + 1]

    def _passes(self, exercise: Exercise, module: Mapping[str, Any]) -> bool:
        if exercise.name in self.settled:
            return self.settled[exercise.name]
        result = self._check(exercise, module)
        if exercise in self.asked:
            text = as_text(exercise, result, self.spec.label(exercise.name), ending="")
            _send(self.events, result=result.as_json(), text=text)
        return result.passed

    # ------------------------------------------------------------ the file

    def _load(self, steps: Sequence[Step]) -> dict[str, Any]:
        module = types.ModuleType(MODULE)
        module.__file__ = str(self.file)
        sys.modules[MODULE] = module
        sys.path.insert(0, str(self.file.absolute().parent))
        Lesson.check = lambda self, obj, name=None: obj  # type: ignore[method-assign]  # its lines check nothing here
        for step in steps:
            self._run(step, vars(module))
        return vars(module)

    def _run(self, step: Step, names: dict[str, Any]) -> None:
        if step.where in self.ended:
            self._broke(step, f"{step.where} {self.ended[step.where]}")
            return
        _send(self.events, step=step.where)
        self._watching(self.seconds)
        try:
            with limit(self.seconds, lambda: self._watching(self.seconds)):
                exec(step.compile(), names)
        except Timeout:
            self._broke(step, f"{step.where} was stopped after {self.seconds:g} s")
        except BaseException as error:
            self._broke(step, _trouble(step, error))
        finally:
            self._watching(None)

    def _watching(self, left: float | None) -> None:
        """Tell the parent that an answer has so many seconds left, or that none is at work."""
        _send(self.events, left=left)

    def _broke(self, step: Step, said: str) -> None:
        self.broken |= dict.fromkeys(step.defines(), said)
        _send(self.events, note=f"{said}. The rest of the file was run.")

    # ------------------------------------------------------------ the exercises

    def _check(self, exercise: Exercise, module: Mapping[str, Any]) -> Result:
        name = exercise.name
        if name in self.ended:
            said = f"Your {explain.noun(exercise)} {self.ended[name]}."
            late = "stopped after" in said
            advice = (
                " Look for a loop that never ends, or an except that catches everything."
                if late
                else ""
            )
            return Result(
                name=name, status=Status.TIMEOUT if late else Status.ERROR, message=said + advice
            )
        if name not in module and name in self.broken:
            return Result(
                name=name, status=Status.ERROR, message=f"Not defined: {self.broken[name]}."
            )
        if name not in module:
            return Result(
                name=name, status=Status.NOT_STARTED, message=f"{self.file.name} defines no {name}."
            )
        if module[name] is load_reference(exercise):
            said = f"{self.file.name} holds the course's version of {name}, not one of its own."
            return Result(name=name, status=Status.NOT_STARTED, message=said)
        _send(self.events, step=name)
        runner = Runner(Prepared.of(exercise).protocol, self.seconds, self._watching)
        return check_exercise(exercise, module[name], seconds=self.seconds, runner=runner)


def _asked(spec: LessonSpec, names: Sequence[str]) -> list[Exercise]:
    """Return the exercises that were asked for, in the order of the lesson."""
    known = [exercise.name for exercise in spec.exercises]
    for name in names:
        if name not in known:
            raise CourseError(
                f"lesson {spec.number} has no exercise {name!r}; it has "
                f"{', '.join(known) or 'none'}."
            )
    return [exercise for exercise in spec.exercises if not names or exercise.name in names]


def _trouble(step: Step, error: BaseException) -> str:
    """Say where a step failed and why: "line 7: ZeroDivisionError: division by zero"."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == step.file:
            line = trace.tb_lineno
        trace = trace.tb_next
    where = step.where if line is None else f"line {line}"
    if step.where.startswith("cell") and line is not None:
        where = f"{step.where}, line {line}"
    said = " ".join(str(getattr(error, "msg", error)).split())[:200].rstrip(".")
    return f"{where}: {type(error).__name__}" + (f": {said}" if said else "")


if __name__ == "__main__":
    main()
