"""Prove a learner's kit: it runs, blanks score zero, and solutions get full marks."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from nbformat import NotebookNode

from course_lib.checking.compare import compare
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.prepared import Prepared
from course_lib.checking.run import Runner
from course_lib.errors import CourseError
from course_lib.grading.assignments import hidden_cases

CHILD = Path(__file__).with_name("kit_child.py")
SECONDS = 300
#: The proof's own secret; marks use the instructor's.
SECRET = "proof of a release"
RUNS = ("setup", "given", "exercise")


@dataclass(frozen=True)
class Part:
    """A lesson or an assignment of a kit.

    Args:
        spec: of it.
        learners, solved: its two notebooks, not executed.
        files: what the kit's folder of notebooks gets.
    """

    spec: LessonSpec
    learners: NotebookNode
    solved: NotebookNode
    files: Mapping[str, bytes]


def prove(part: Part, kit: Path) -> str:
    """Prove one part of a kit and return a line that says so.

    Raises:
        CourseError: what does not hold.
    """
    title = f"{part.spec.number} {part.spec.title}"
    for notebook, due in ((part.learners, "not_started"), (part.solved, "passed")):
        said = _in_the_kit(notebook, kit, title)
        for exercise in part.spec.exercises:
            status = said.get(exercise.name)
            if status != due:
                raise CourseError(f"{title}: {exercise.name} is {status} in the kit, not {due}.")
    marks = sum(exercise.marks for exercise in part.spec.exercises)
    for notebook, full in ((part.learners, False), (part.solved, True)):
        names = _defined(notebook, strict=full)
        for exercise in part.spec.exercises:
            right, total = hidden_score(exercise, names.get(exercise.name))
            if right != total * full:
                which = "solution" if full else "blank"
                raise CourseError(
                    f"{title}: the {which} of {exercise.name} is right on {right} of {total} "
                    "hidden cases."
                )
    return f"{title}: runs; blanks 0 of {marks}, solutions {marks} of {marks}"


def hidden_score(exercise: Exercise, obj: Any, secret: str = SECRET) -> tuple[int, int]:
    """Return how many hidden cases an answer of the course's own gets right, of how many."""
    prepared = Prepared.of(exercise)
    runner, right = Runner(prepared.protocol, SECONDS), 0
    cases = hidden_cases(exercise, secret)
    for case in cases:
        due, outcome = prepared.ask(case), runner.run(obj, case)
        if outcome.error is not None or outcome.changed_inputs:
            continue
        if due is not None:
            found = compare(
                outcome.value, due.value, tolerance=exercise.tolerance, parts=exercise.parts
            )
            right += found is None
        else:
            call = runner.caller(obj, case)
            right += all(p.holds(call, case, outcome.value) is None for p in exercise.properties)
    return right, len(cases)


def _in_the_kit(notebook: NotebookNode, kit: Path, title: str) -> dict[str, str]:
    """Run a notebook's cells with the kit's library alone and return what its checks say."""
    cells = [
        {"role": cell.metadata.get("course", {}).get("role", ""), "source": cell.source}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    quiet = {
        "COURSE_PROGRESS": "off",
        "COURSE_QUIET": "1",
        "COURSE_STATIC": "1",
        "MPLBACKEND": "Agg",
    }
    path = [str(kit), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    done = subprocess.run(
        [sys.executable, "-P", str(CHILD)],
        input=json.dumps({"cells": cells}),
        cwd=kit / "notebooks",
        env={**os.environ, **quiet, "PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise CourseError(f"{title} does not run in the kit: {last}")
    said = json.loads(done.stdout.splitlines()[-1])
    if not Path(said["library"]).is_relative_to(kit) or any(said["inside"].values()):
        raise CourseError(f"{title} ran on {said['library']}, not on the kit alone.")
    checks: dict[str, str] = said["checks"]
    return checks


def _defined(notebook: NotebookNode, *, strict: bool) -> dict[str, Any]:
    """Run a notebook's cells here, less checks and demonstrations; the code is the course's own.

    Where it is not strict, a cell may fail: what is given may need what a blank has not written.
    """
    module = ModuleType("course_notebook_under_proof")
    sys.modules[module.__name__] = module
    for cell in notebook.cells:
        if cell.metadata.get("course", {}).get("role") in RUNS:
            with contextlib.nullcontext() if strict else contextlib.suppress(Exception):
                exec(compile(cell.source, f"<{cell.id}>", "exec"), vars(module))
    return vars(module)
