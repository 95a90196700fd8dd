"""The examples in exercises' docstrings run as they stand, on the course's version."""

import ast
import doctest
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from course_lib.authoring.source import Cell, Source, read_source
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.reference import load_reference
from course_lib.workbook import registry

SOLUTIONS = Path(__file__).parents[2] / "solutions"

LESSONS = [registry.find(number) for number in registry.numbers()]
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.number}-{exercise.name}")
    for lesson in LESSONS
    for exercise in lesson.exercises
]


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_the_examples_of_an_exercise_run(lesson: LessonSpec, exercise: Exercise) -> None:
    found = list(examples(lesson, exercise))
    assert found, "give the docstring an example (>>>)"
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    for test in found:
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def examples(lesson: LessonSpec, exercise: Exercise) -> Iterator[doctest.DocTest]:
    """Yield the examples of an exercise, with the names that its notebook has by then."""
    source, names = source_of(lesson.number), {}
    for cell in source.cells:
        names |= imported(cell)
        if cell.role == "exercise":
            known = [e for e in lesson.exercises if e.name == cell.exercise]
            names |= {e.name: inspect.unwrap(load_reference(e)) for e in known}
        if cell.role == "exercise" and cell.exercise == exercise.name:
            for text in docstrings(cell):
                test = doctest.DocTestParser().get_doctest(text, names, exercise.name, None, 0)
                if test.examples:
                    yield test


@cache
def source_of(number: str) -> Source:
    return read_source(next(SOLUTIONS.glob(f"{number}_*.py")))


@cache
def _imports(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([node], []), "imports", "exec"), names)
    names.pop("__builtins__", None)
    return names


def imported(cell: Cell) -> dict[str, Any]:
    """Return what the import lines of a code cell bring."""
    return _imports(cell.blank_source) if cell.kind == "code" else {}


def docstrings(cell: Cell) -> Iterator[str]:
    for node in ast.walk(ast.parse(cell.blank_source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield ast.get_docstring(node) or ""
