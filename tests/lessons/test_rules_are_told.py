"""A rule that a check enforces stands in the exercise's text: bans, and tensors' devices.

Where the text says nothing of devices, an answer that forgets them passes, with a remark.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from course_lib.authoring.source import Cell, read_source
from course_lib.checking.check import check_exercise
from course_lib.checking.device import REMARK
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.prepared import Prepared
from course_lib.checking.reference import load_reference
from course_lib.checking.result import Status
from course_lib.workbook import registry
from tools.beside import load

FOLDER = Path(__file__).parent
SOLUTIONS = FOLDER.parents[1] / "solutions"
#: Device-naïve right answers that each lesson shows to pass, where its exercises make tensors.
NAIVE = 5
OF_INPUTS = re.compile(r"device\s+of\b|\bits\s+device")
IN_CODE = re.compile(r"`([^`]+)`")

LESSONS = [registry.find(number) for number in registry.numbers()]
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.number}-{exercise.name}")
    for lesson in LESSONS
    for exercise in lesson.exercises
]
every_exercise = pytest.mark.parametrize("lesson, exercise", EXERCISES)


@cache
def texts(number: str) -> dict[str, str]:
    """Return what a learner reads of every exercise: from its heading to its docstring."""
    path = next(SOLUTIONS.glob(f"{number}_*.py"), None)
    return {} if path is None else dict(_texts(read_source(path).cells))


def _texts(cells: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    said: list[str] = []
    for cell in cells:
        if cell.kind == "markdown":
            after = cell.solved_source.rpartition("### Exercise ")
            said = [after[2]] if after[1] else [*said, cell.solved_source]
        elif cell.role == "exercise" and cell.exercise is not None:
            docstrings = [f"“{found}”" for found in _docstrings(cell.blank_source)]
            yield cell.exercise, "\n".join([*said, *docstrings])


def _docstrings(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            yield ast.get_docstring(node) or ""


def told(lesson: LessonSpec, exercise: Exercise) -> str:
    text = texts(lesson.number).get(exercise.name, "")
    assert text, f"solutions/{lesson.number}_*.py has no exercise cell {exercise.name}"
    return text


# ---------------------------------------------------------------- bans


@every_exercise
def test_what_is_banned_is_named_by_the_text(lesson: LessonSpec, exercise: Exercise) -> None:
    words = " ".join(IN_CODE.findall(told(lesson, exercise)))
    silent = [name for name in exercise.forbidden if not re.search(_word(name), words)]
    assert not silent, f"the text of {exercise.name} does not name {silent} in backticks"


def _word(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def test_no_stub_holds_lines_behind_its_raise() -> None:
    """Whoever answers below it is told so; a stub's own lines would be taken for an answer."""
    behind = [
        f"{path.name}: {cell.exercise}, {ast.unparse(other)}"
        for path in sorted(SOLUTIONS.glob("[0-9][0-9]_*.py"))
        for cell in read_source(path).cells
        if cell.role == "exercise"
        for node in ast.walk(ast.parse(cell.blank_source))
        if isinstance(body := getattr(node, "body", None), list)
        for one, other in pairwise(body)
        if isinstance(one, ast.Raise)
    ]
    assert not behind


# ---------------------------------------------------------------- devices


@every_exercise
def test_the_text_speaks_of_devices_where_the_check_does(
    lesson: LessonSpec, exercise: Exercise
) -> None:
    says = bool(OF_INPUTS.search(told(lesson, exercise)))
    assert says is (exercise.device == "rule")


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.number for lesson in LESSONS])
def test_answers_that_forget_the_device_pass_with_a_remark(lesson: LessonSpec) -> None:
    remarked = 0
    for exercise, answer in naive_answers(lesson):
        result = check_exercise(exercise, answer)
        if exercise.device == "rule":
            assert result.status is Status.FAILED and "On a GPU" in result.message
            continue
        assert result.passed, f"{exercise.name}: {result.message}"
        remarked += result.remark == REMARK
        if remarked == NAIVE:
            return
    able = [e for e in lesson.exercises if e.device == "remark" and _makes_tensors(e)]
    assert remarked >= min(NAIVE, len(able)), f"{remarked} remarks for {[e.name for e in able]}"


def naive_answers(lesson: LessonSpec) -> Iterator[tuple[Exercise, Any]]:
    """Yield right answers by hand, right answers without device=…, and results filled in anew."""
    module = load(lesson.number, "right")
    assert set(getattr(module, "DEVICE_NAIVE", {})) <= {e.name for e in lesson.exercises}
    for exercise in lesson.exercises:
        for answer in getattr(module, "DEVICE_NAIVE", {}).get(exercise.name, ()):
            yield exercise, answer
    for exercise in lesson.exercises:
        for answer in module.RIGHT.get(exercise.name, ()):
            stripped = without_devices(answer)
            if stripped is not None:
                yield exercise, stripped
    for exercise in lesson.exercises:
        if exercise.device != "any" and _makes_tensors(exercise):
            yield exercise, refilled(inspect.unwrap(load_reference(exercise)))


@cache
def _makes_tensors(exercise: Exercise) -> bool:
    """Tell whether tensors come in, and one alone comes out."""
    prepared = Prepared.of(exercise)
    first, due = prepared.cases[0], prepared.expected[0]
    given = [*first.args, *first.kwargs.values(), *first.state.values()]
    comes_in = any(isinstance(value, torch.Tensor) for value in given)
    one = due is not None and isinstance(due.value, torch.Tensor) and due.value.ndim > 0
    return comes_in and one


class WithoutDevice(ast.NodeTransformer):
    """Leaves device=… out of every call."""

    found = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        kept = [keyword for keyword in node.keywords if keyword.arg != "device"]
        self.found |= len(kept) < len(node.keywords)
        node.keywords = kept
        return self.generic_visit(node)


def without_devices(answer: Any) -> Any:
    """Return the answer as somebody writes it who thinks of no GPU; None where nothing goes."""
    if not inspect.isfunction(answer) or answer.__name__ == "<lambda>" or answer.__closure__:
        return None
    change = WithoutDevice()
    tree = change.visit(ast.parse(textwrap.dedent(inspect.getsource(answer))))
    if not change.found:
        return None
    names = dict(answer.__globals__)
    exec(compile(ast.fix_missing_locations(tree), "naive.py", "exec"), names)
    return names[answer.__name__]


def refilled(answer: Any) -> Any:
    """Return the answer with its result written into a tensor that torch.zeros makes."""
    if inspect.isclass(answer):
        forward = refilled(answer.forward)
        return type(answer.__name__, (answer,), {"forward": forward})
    return _refilled(answer)


def _refilled(answer: Callable[..., Any]) -> Callable[..., Any]:
    def fill(*args: Any, **kwargs: Any) -> Any:
        result = answer(*args, **kwargs)
        return torch.zeros(result.shape, dtype=result.dtype) + result

    fill.__signature__ = inspect.signature(answer)  # type: ignore[attr-defined]
    return fill
