"""`course check`: check the answers in a file, in a process of its own that always stops."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import course_lib
from course_lib.errors import CourseError
from course_lib.workbook.answer_file import read_steps

#: Seconds for an exercise, and for a statement or a cell of the file.
SECONDS = 10.0
#: Seconds without a word while no answer is at work: without byte code torch alone takes many.
OWN = 120.0
#: What a process gets beyond its own limit before it is ended from outside.
GRACE = 2.0
#: A file may hang in so many places; after that the rest is not tried.
MOST_RESTARTS = 20
SIGNS = ("passed", "failed", "error", "timeout", "forbidden", "not_started")


def run_check(
    lesson: str,
    file: Path,
    *,
    exercises: Sequence[str] | None = None,
    as_json: bool = False,
    seconds: float = SECONDS,
) -> int:
    """Check the answers in `file`, print what was found, and return the exit code.

    Args:
        lesson: its number.
        file: a plain Python file, the source of a lesson, or a notebook.
        exercises: names of those to check; all when left out.
        as_json: print a list for machines.
        seconds: that each exercise (and each statement or cell) may take.

    Returns:
        0 when all that were asked for pass, else 1.

    Raises:
        CourseError: when the lesson, an exercise or the file is not what it should be.
    """
    read_steps(file)  # complains before torch is imported
    run = _Run(lesson, file, list(exercises or ()), seconds)
    run.finish()
    results = [result for result, _ in run.reports]
    if as_json:
        for note in run.notes:
            print(f"{file}: {note}", file=sys.stderr)
        print(json.dumps(results, indent=2, allow_nan=False))
    else:
        _print(run, file, results)
    return 0 if all(result["status"] == "passed" for result in results) else 1


def _print(run: "_Run", file: Path, results: Sequence[dict[str, Any]]) -> None:
    for text in [f"{file}: {note}" for note in run.notes] + [text for _, text in run.reports]:
        print(text + "\n")
    counts = {sign: sum(result["status"] == sign for result in results) for sign in SIGNS}
    said = [f"{n} {sign.replace('_', ' ')}" for sign, n in counts.items() if n and sign != "passed"]
    print(
        f"{counts['passed']} of {len(results)} passed" + (f"; {', '.join(said)}." if said else ".")
    )


class _Run:
    """Child processes one after another, until every exercise has its report."""

    def __init__(self, lesson: str, file: Path, exercises: Sequence[str], seconds: float) -> None:
        self.request = {
            "lesson": lesson,
            "file": str(file),
            "exercises": exercises,
            "seconds": seconds,
        }
        self.seconds = seconds
        self.reports: list[tuple[dict[str, Any], str]] = []
        self.notes: list[str] = []
        self.ended: dict[str, str] = {}

    def finish(self) -> None:
        """Start a process; when it dies or is late, start another that leaves out what hung."""
        for _ in range(MOST_RESTARTS):
            with _Process(self._asking()) as process:
                step, how = self._follow(process)
            if how == "done":
                return
            if step is None:
                raise CourseError(f"the checking process {how}. Try `course doctor`.")
            self.ended[step] = how
        raise CourseError(
            f"the file was stopped in {MOST_RESTARTS} places; mend these first: {self._places()}."
        )

    def _asking(self) -> str:
        settled = {result["name"]: result["status"] == "passed" for result, _ in self.reports}
        return json.dumps({**self.request, "ended": self.ended, "settled": settled})

    def _follow(self, process: "_Process") -> tuple[str | None, str]:
        """Take events until the process is done, late or dead; return its last step, and how."""
        step: str | None = None
        left: float | None = None
        while True:
            event = process.event(OWN if left is None else left + GRACE)
            if event is None:
                late = OWN if left is None else self.seconds
                return step, process.verdict(f"was stopped after {late:g} s")
            if "refused" in event:
                raise CourseError(event["refused"])
            if "done" in event:
                return step, "done"
            step, left = event.get("step", step), event.get("left")
            if "note" in event and event["note"] not in self.notes:
                self.notes.append(event["note"])
            if "result" in event:
                self.reports.append((event["result"], event["text"]))

    def _places(self) -> str:
        return ", ".join(self.ended)


class _Process:
    """A child process and the events it sends."""

    def __init__(self, request: str) -> None:
        folder = str(Path(course_lib.__file__).parents[1])
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        quiet = {
            "COURSE_PROGRESS": "off",
            "COURSE_QUIET": "1",
            "COURSE_STATIC": "1",
            "MPLBACKEND": "Agg",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "course_lib.workbook.check_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **quiet, "PYTHONPATH": path, "PYTHONUTF8": "1"},
            start_new_session=True,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(request.encode())
        self.process.stdin.close()
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def event(self, seconds: float) -> dict[str, Any] | None:
        """Return the next event; None when none comes in time, or the process is dead."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            dead = self.process.poll() is not None
            try:
                found: dict[str, Any] = json.loads(self._lines.get(timeout=0.2 if dead else 0.05))
                return found
            except queue.Empty:
                if dead:
                    return None
        return None

    def verdict(self, late: str) -> str:
        """Say how it ended: `late` when it still runs."""
        code = self.process.poll()
        if code is None:
            return late
        if code < 0:
            return f"ended its process ({signal.Signals(-code).name})"
        return f"ended its process (exit code {code})"

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        """End it with everything that it started."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=1.0)
        if self.process.stdout is not None and not self._reader.is_alive():
            self.process.stdout.close()
