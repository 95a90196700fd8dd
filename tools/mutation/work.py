"""Try mutants in processes of their own: whatever a mutant does, the run goes on."""

import contextlib
import io
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Seconds for one check of a mutant; a worker that is silent for longer than LATE is ended.
SECONDS, LATE = 2.0, 12.0


@dataclass(frozen=True)
class Task:
    """Something for a worker to do.

    Args:
        kind: "check" (does it pass?) or "draws" (where do they differ from the reference?).
        exercise: its name.
        sources: of the mutants: one for a check, any number for draws.
        draws: how many inputs to try.
    """

    kind: str
    exercise: str
    sources: tuple[str, ...]
    draws: int = 0


# ---------------------------------------------------------------- the worker's side


def worker(pipe: Connection, lesson: str) -> None:
    """Answer tasks until the pipe closes."""
    bench = Bench(lesson)
    pipe.send("ready")
    while True:
        task = pipe.recv()
        if task.kind == "check":
            pipe.send(("done", bench.passes(task.exercise, task.sources[0])))
        else:
            found = yield_beats(pipe, bench.differences(task.exercise, task.sources, task.draws))
            pipe.send(("done", found))


def yield_beats(pipe: Connection, steps: Iterator[dict[int, str]]) -> dict[int, str]:
    """Run through `steps`, show signs of life, and return the last."""
    last: dict[int, str] = {}
    for last in steps:
        pipe.send(("alive", last))
    return last


class Bench:
    """A lesson's names, its exercises, and a way to try a mutant of each."""

    def __init__(self, lesson: str) -> None:
        import torch

        from course_lib.checking.device import warm_up
        from course_lib.workbook import registry

        torch.set_num_threads(1)
        warm_up()
        self.spec = registry.find(lesson)
        self.names = names_of(lesson)

    def define(self, exercise: str, source: str) -> Any:
        names = dict(self.names)
        exec(compile(source, "<mutant>", "exec"), names)
        return names[exercise]

    def passes(self, name: str, source: str) -> bool:
        from course_lib.checking.check import check_exercise

        try:
            obj = self.define(name, source)
        except Exception:
            return False
        return check_exercise(self.spec.exercise(name), obj, seconds=SECONDS).passed

    def differences(
        self, name: str, sources: Sequence[str], draws: int
    ) -> Iterator[dict[int, str]]:
        """Yield, now and then, the first input on which each mutant shows itself."""
        from course_lib.checking.noise import generator
        from course_lib.checking.reference import load_reference

        exercise = self.spec.exercise(name)
        alive = {place: self.define(name, source) for place, source in enumerate(sources)}
        found: dict[int, str] = {}
        for seed in range(draws):
            case = exercise.sample(generator(seed))
            due = answer(exercise, load_reference(exercise), case)
            for place in list(alive):
                said = difference(exercise, alive[place], case, due)
                if said is not None:
                    found[place] = f"sample(generator({seed})): {said}"
                    del alive[place]
            if seed % 20 == 0 or not alive:
                yield dict(found)
            if not alive:
                return
        yield dict(found)


def names_of(lesson: str) -> dict[str, Any]:
    """Return what a solved lesson defines, without its checks and demonstrations."""
    from course_lib.workbook.answer_file import read_steps
    from course_lib.workbook.lesson import Lesson

    os.environ["COURSE_PROGRESS"] = "off"  # nobody solved these
    names: dict[str, Any] = {"__name__": "solution"}
    check = Lesson.check
    Lesson.check = lambda self, obj, name=None: obj  # type: ignore[method-assign]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for step in read_steps(source_of(lesson)):
                exec(step.compile(), names)
    finally:
        Lesson.check = check  # type: ignore[method-assign]
    return names


def source_of(lesson: str) -> Path:
    """Return the source of a lesson."""
    return next(ROOT.glob(f"solutions/{lesson}_*.py"))


def answer(exercise: Any, obj: Any, case: Any) -> Any:
    """Return what `obj` gives on a case, or the exception."""
    from course_lib.checking.prepared import Prepared
    from course_lib.checking.protocol import Call
    from course_lib.checking.timeout import Timeout, limit

    try:
        with limit(SECONDS):
            return Prepared.of(exercise).protocol.call(obj, Call.of(case))
    except (Exception, Timeout, SystemExit) as error:
        return error


def difference(exercise: Any, obj: Any, case: Any, due: Any) -> str | None:
    """Say how the result of `obj` differs from `due`, or return None."""
    from course_lib.checking.compare import compare
    from course_lib.checking.prepared import Prepared
    from course_lib.checking.run import Runner

    value = answer(exercise, obj, case)
    if isinstance(value, BaseException) or isinstance(due, BaseException):
        same = type(value) is type(due)
        return None if same else f"gives {value!r:.200}, the course {due!r:.200}"
    if exercise.oracle is not None:
        found = compare(value, due, tolerance=exercise.tolerance, parts=exercise.parts)
        return None if found is None else f"{found.message} Inputs: {inputs(exercise, case)}"
    for prop in exercise.properties:
        try:
            call = Runner(Prepared.of(exercise).protocol).caller(obj, case)
            said = prop.holds(call, case, value)
        except Exception as error:
            said = repr(error)
        if said is not None:
            return f"{said} Inputs: {inputs(exercise, case)}"
    return None


def inputs(exercise: Any, case: Any) -> str:
    """Describe the inputs of a case, in numbers where they are few."""
    from course_lib.checking.explain import arguments

    text = ", ".join(f"{name}={value}" for name, value in arguments(exercise, case).items())
    return " ".join(text.split())[:300]


# ---------------------------------------------------------------- the parent's side


class Crew:
    """Workers on one lesson; each is replaced when it dies or is late."""

    def __init__(self, lesson: str, size: int) -> None:
        self.lesson, self.size = lesson, size
        self.context = multiprocessing.get_context("spawn")

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
        """Yield each task with its answer as they come; None for one that ended its worker."""
        waiting = list(reversed(tasks))
        at_work: dict[Connection, _Worker] = {}
        try:
            while waiting or at_work:
                while waiting and len(at_work) < min(self.size, len(waiting) + len(at_work)):
                    fresh = _Worker(self.context, self.lesson, waiting.pop())
                    at_work[fresh.pipe] = fresh
                for pipe in wait(list(at_work), timeout=0.5):
                    yield from self._hear(at_work, pipe, waiting)
                for one in [w for w in at_work.values() if w.is_late()]:
                    del at_work[one.pipe]
                    yield one.end()
        finally:
            for one in at_work.values():
                one.end()

    def _hear(
        self, at_work: "dict[Connection, _Worker]", pipe: Any, waiting: list[Task]
    ) -> Iterator[tuple[Task, Any]]:
        one = at_work[pipe]
        try:
            said = pipe.recv()
        except (EOFError, OSError):
            del at_work[pipe]
            yield one.end()
            return
        one.heard(said)
        if said != "ready" and said[0] == "done":
            yield one.task, said[1]
            if waiting:
                one.give(waiting.pop())
            else:
                del at_work[pipe]
                one.end()


class _Worker:
    """A process, its pipe, and what it is doing."""

    def __init__(self, context: Any, lesson: str, task: Task) -> None:
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=worker, args=(there, lesson), daemon=True)
        self.process.start()
        there.close()
        self.partial: Any = None
        self.patience = 120.0  # importing torch, running the lesson's set-up
        self.give(task)

    def give(self, task: Task) -> None:
        self.task, self.since, self.partial = task, time.monotonic(), None
        self.pipe.send(task)

    def heard(self, said: Any) -> None:
        self.since, self.patience = time.monotonic(), LATE
        if said != "ready" and said[0] == "alive":
            self.partial = said[1]

    def is_late(self) -> bool:
        return time.monotonic() - self.since > self.patience

    def end(self) -> tuple[Task, Any]:
        """End the process; return its task with what was known by then."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return self.task, self.partial
