"""Graded assignments: a solved source each, and a hidden half that marks it.

`solutions/assignments/attention.py` is written like a lesson; `attention_hidden.py` beside it holds
ASSIGNMENT, a `LessonSpec` numbered "A1", and TRAINED, the models that learners hand in. Both are
loaded by path: nothing that a learner gets can import them.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from torch import Tensor

from course_lib.authoring.checkout import Checkout
from course_lib.authoring.source import Source, parse
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.errors import CourseError
from course_lib.grading.hidden import hidden_cases as hidden_cases

RUNS = ("setup", "given", "exercise")


@dataclass(frozen=True, kw_only=True)
class TrainedTask:
    """A model that a learner trains and hands in as safetensors; no code of theirs is run for it.

    Args:
        name: short and stable; stands beside the names of exercises in reports.
        title, minutes, difficulty: as of an exercise.
        file: that is handed in beside the notebook.
        shapes: every tensor that the file must hold, by name; all are float32.
        evaluate: the score of such tensors on data drawn from a generator; higher is better.
        bars: (score, points): a score of at least the first earns the second; rising.
    """

    name: str
    title: str
    minutes: int
    difficulty: int
    file: str
    shapes: Mapping[str, tuple[int, ...]]
    evaluate: Callable[[Mapping[str, Tensor], np.random.Generator], float]
    bars: tuple[tuple[float, int], ...]

    @property
    def marks(self) -> int:
        """The most that it can earn."""
        return self.bars[-1][1]

    def points(self, score: float) -> int:
        """Return what a score earns; NaN earns nothing."""
        return max((points for bar, points in self.bars if score >= bar), default=0)

    def refuse(self, weights: Mapping[str, Tensor]) -> str | None:
        """Say what keeps a file's tensors from being evaluated, or return None."""
        from course_lib.workbook.trained_file import refuse_weights

        return refuse_weights(weights, self.shapes)


@dataclass(frozen=True)
class AssignmentSource:
    """An assignment, loaded.

    Args:
        name: "attention".
        spec: its exercises, each with its solution as `reference`.
        source: path of the solved source.
        hidden: path of its hidden half.
        cells: the source, parsed; `authoring.notebook` makes notebooks of it.
        trained: the models that are handed in with it.
    """

    name: str
    spec: LessonSpec
    source: Path
    hidden: Path
    cells: Source
    trained: tuple[TrainedTask, ...] = ()

    @property
    def marks(self) -> int:
        """The most that it can earn."""
        written = sum(exercise.marks for exercise in self.spec.exercises)
        return written + sum(task.marks for task in self.trained)

    @property
    def solved_weights(self) -> dict[str, Path]:
        """The course's own trained files, by the name under which a learner hands one in."""
        return {task.file: self.source.parent / task.file for task in self.trained}


def names(root: Path | None = None) -> list[str]:
    """Return the names of all assignments, in their order (A1, A2, …)."""
    folder = _folder(root)
    found = [path.stem.removesuffix("_hidden") for path in folder.glob("*_hidden.py")]
    return sorted(
        found, key=lambda name: str(_load(folder / f"{name}_hidden.py").ASSIGNMENT.number)
    )


def find(name: str, root: Path | None = None) -> AssignmentSource:
    """Load an assignment by its name ("attention") or number ("A1").

    Args:
        name: of the assignment.
        root: the checkout; the one that `course_lib` runs from when left out.

    Raises:
        CourseError: when there is no such assignment; names those there are.
    """
    folder = _folder(root)
    hidden = folder / f"{name}_hidden.py"
    if not (name.isidentifier() and hidden.exists()):
        known = names(root)
        numbers = {str(_load(folder / f"{n}_hidden.py").ASSIGNMENT.number): n for n in known}
        if name.upper() not in numbers:
            there = ", ".join(f"{n} ({number})" for number, n in numbers.items()) or "none"
            raise CourseError(f"there is no assignment {name!r}; the assignments are {there}.")
        return find(numbers[name.upper()], root)
    half = _load(hidden)
    spec, source = half.ASSIGNMENT, folder / f"{name}.py"
    cells = parse(source.read_text(encoding="utf-8"), source, spec.number, spec.slug)
    solved = solutions(cells)
    exercises = tuple(replace(e, reference=_solution(solved, e, source)) for e in spec.exercises)
    trained = tuple(getattr(half, "TRAINED", ()))
    return AssignmentSource(
        name, replace(spec, exercises=exercises), source, hidden, cells, trained
    )


def solutions(cells: Source) -> dict[str, Any]:
    """Run the setup, given and exercise cells of a source, solved, and return what they define."""
    module = ModuleType(f"course_assignment_{cells.slug}")
    module.__file__ = str(cells.path)
    sys.modules[module.__name__] = module  # where classes and dataclasses look themselves up
    for cell in cells.cells:
        if cell.role in RUNS:
            # Every line at its place in the file: tracebacks and `inspect.getsource` find it.
            text: list[str] = []
            for number, line in cell.solved:
                text += [""] * (number - 1 - len(text))
                text.append(line)
            exec(compile("\n".join(text) + "\n", str(cells.path), "exec"), vars(module))
    return vars(module)


def _solution(solved: Mapping[str, Any], exercise: Exercise, source: Path) -> Any:
    if exercise.name not in solved:
        raise CourseError(f"{source.name} has no exercise {exercise.name!r}: write its cell.")
    return solved[exercise.name]


def _folder(root: Path | None) -> Path:
    return (root or Checkout.find().root) / "solutions" / "assignments"


def _load(path: Path) -> ModuleType:
    """Run a hidden half as a module of its own."""
    spec = spec_from_file_location(f"course_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CourseError(f"{path} is not a Python file.")
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module
