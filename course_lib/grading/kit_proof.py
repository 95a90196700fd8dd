"""Prove a learner's kit: it runs, blanks score zero, and solutions get full marks."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from nbformat import NotebookNode
from safetensors.torch import load

from course_lib.authoring.notebook import as_bytes
from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator
from course_lib.checking.prepared import Prepared
from course_lib.errors import CourseError
from course_lib.grading.assignments import hidden_cases
from course_lib.grading.marks import Marker
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task

CHILD = Path(__file__).with_name("kit_child.py")
SECONDS = 300
#: The proof's own secret; marks use the instructor's.
SECRET = "proof of a release"
RUNS = ("setup", "given", "exercise")
#: Points, and why, by task.
Marks = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Part:
    """A lesson or an assignment of a kit.

    Args:
        task: of it.
        learners, solved: its two notebooks, not executed.
        files: what the kit's folder of notebooks gets.
        weights: the course's own trained models, by file name; they stay with the instructor.
    """

    task: Task
    learners: NotebookNode
    solved: NotebookNode
    files: Mapping[str, bytes]
    weights: Mapping[str, bytes] = field(default_factory=dict)


def prove(part: Part, kit: Path) -> str:
    """Prove one part of a kit and return a line that says so.

    Blanks and solutions run with the kit's library alone, and are then marked as hand-ins are: in
    the sandbox where there is one, else here, for the code is the course's own.

    Raises:
        CourseError: what does not hold.
    """
    title, possible = f"{part.task.spec.number} {part.task.spec.title}", part.task.possible
    for notebook, due in ((part.learners, "not_started"), (part.solved, "passed")):
        said = _in_the_kit(notebook, kit, title)
        for exercise in part.task.spec.exercises:
            status = said.get(exercise.name)
            if status != due:
                raise CourseError(f"{title}: {exercise.name} is {status} in the kit, not {due}.")
    caged = bubblewrap.available() is not None
    for which, rows in (_caged_marks if caged else _own_marks)(part).items():
        due_points = possible * (which == "solutions")
        if sum(points for points, _ in rows.values()) != due_points:
            each = "\n".join(f"  {name} {got}: {why}" for name, (got, why) in rows.items())
            raise CourseError(f"{title}: {which} get less or more than {due_points}:\n{each}")
    where = "in the sandbox" if caged else "without a sandbox"
    return f"{title}: runs; blanks 0 of {possible}, solutions {possible} of {possible} ({where})"


def _caged_marks(part: Part) -> dict[str, Marks]:
    """Mark both notebooks as hand-ins are marked."""
    found = {}
    with Sandbox(part.task.master.sources) as sandbox:
        marker = Marker(part.task, SECRET, sandbox)
        for which, notebook, files in (
            ("blanks", part.learners, {}),
            ("solutions", part.solved, dict(part.weights)),
        ):
            hand_in = HandIn("proof", 1, f"{which}.ipynb", as_bytes(notebook), files)
            rows = marker.mark(hand_in)["exercises"]
            found[which] = {row["name"]: (int(row["points"]), row["message"]) for row in rows}
    return found


def _own_marks(part: Part) -> dict[str, Marks]:
    """Do the same here."""
    found: dict[str, Marks] = {}
    for which, notebook in (("blanks", part.learners), ("solutions", part.solved)):
        names = _defined(notebook, strict=which == "solutions")
        rows = found[which] = {}
        for exercise in part.task.spec.exercises:
            right = passes_hidden(exercise, names.get(exercise.name))
            said = "right on the hidden cases" if right else "wrong on the hidden cases"
            rows[exercise.name] = exercise.marks * right, said
        for task in part.task.trained if which == "solutions" else ():
            score = task.evaluate(load(part.weights[task.file]), generator(0))
            rows[task.name] = task.points(score), f"scores {score:.3f}"
    return found


def passes_hidden(exercise: Exercise, obj: Any, secret: str = SECRET) -> bool:
    """Tell whether an answer of the course's own passes cases grown from a secret."""
    prepared = Prepared(exercise, hidden_cases(exercise, secret))
    return check_exercise(exercise, obj, seconds=SECONDS, prepared=prepared).passed


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
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(CHILD)],
            input=json.dumps({"cells": cells}),
            cwd=kit / "notebooks",
            env={**os.environ, **quiet, "PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CourseError(f"{title} ran longer than {SECONDS} s in the kit.") from None
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
