"""Hold a lesson against its spec and against the style of notebooks."""

import ast
import re
from collections.abc import Iterator
from itertools import groupby

from course_lib.authoring.minutes import minutes
from course_lib.authoring.outputs import markdown_images_without_alt
from course_lib.authoring.problem import Problem
from course_lib.authoring.source import Cell, Source
from course_lib.checking.exercise import Exercise, LessonSpec

SETUP_LINES, CODE_LINES, CODE_RUN = 6, 25, 2
MARKDOWN_WORDS = 150
CELLS, SECTIONS, WORDS = (40, 80), (4, 7), (2000, 4000)
FILLER = re.compile(r"\b(simply|obviously|just|trivially|of course)\b", re.IGNORECASE)
_ASKS = {
    **dict.fromkeys(("predict", "reveal"), "prediction"),
    **dict.fromkeys(("hint", "case", "pair"), "exercise"),
}


def against_spec(source: Source, spec: LessonSpec) -> list[Problem]:
    """Return where a lesson's source and its spec differ."""
    return [
        *(Problem(source.path, line, says) for line, says in _exercises(source, spec)),
        *(Problem(source.path, line, says) for line, says in _calls(source, spec)),
        *_unasked(source, spec),
    ]


def style(source: Source, spec: LessonSpec) -> list[Problem]:
    """Return what departs from the style of notebooks; most of it is advice."""
    return [
        *_title(source, spec),
        *(problem for cell in source.cells for problem in _cell(source, cell)),
        *_runs(source),
        *_headings(source, spec),
        *_whole(source),
        *minutes(source, spec),
    ]


# ---------------------------------------------------------------- source and spec


def _exercises(source: Source, spec: LessonSpec) -> Iterator[tuple[int | None, str]]:
    cells, known = source.exercises, [exercise.name for exercise in spec.exercises]
    module = f"course_lib/lessons/lesson_{spec.number}_{spec.slug}/lesson.py"
    for name, cell in cells.items():
        if name not in known:
            yield cell.line, f"exercise {name!r} has no spec: add it to {module}"
    for name in known:
        if name not in cells:
            yield None, f"exercise {name!r} of {module} has no cell: write one, or drop the spec"
    order = [name for name in cells if name in known]
    due = [name for name in known if name in cells]
    if order != due:
        wrong = next(name for name, other in zip(order, due, strict=True) if name != other)
        yield cells[wrong].line, f"exercise {wrong!r} stands in another place than in {module}"


def _calls(source: Source, spec: LessonSpec) -> Iterator[tuple[int, str]]:
    """Find calls such as `lesson.predict("id")` that name nothing."""
    known = {
        "prediction": [prediction.id for prediction in spec.predictions],
        "exercise": [exercise.name for exercise in spec.exercises],
    }
    for line, method, name in _lesson_calls(source):
        if method == "Lesson" and name.zfill(2) != spec.number:
            yield line, f'this is lesson {spec.number}: write Lesson("{spec.number}")'
        kind = _ASKS.get(method)
        if kind is not None and name not in known[kind]:
            there = ", ".join(known[kind]) or "none"
            yield line, f"lesson.{method}({name!r}): the spec has no such {kind}; it has {there}"


def _lesson_calls(source: Source) -> Iterator[tuple[int, str, str]]:
    """Yield (line, method, first argument) of calls on `lesson`, and of `Lesson(…)`."""
    for cell in source.cells:
        if cell.kind != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                method = _method(node.func)
                if method and isinstance(node.args[0].value, str):
                    yield cell.lines[node.lineno - 1][0], method, node.args[0].value


def _method(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name) and function.id == "Lesson":
        return "Lesson"
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr if function.value.id == "lesson" else None
    return None


def _unasked(source: Source, spec: LessonSpec) -> Iterator[Problem]:
    asked = {(method, name) for _, method, name in _lesson_calls(source)}
    for prediction in spec.predictions:
        for method in ("predict", "reveal"):
            if (method, prediction.id) not in asked:
                says = f'no cell calls lesson.{method}("{prediction.id}")'
                yield Problem(source.path, None, says, fails=False)


# ---------------------------------------------------------------- style


def _title(source: Source, spec: LessonSpec) -> Iterator[Problem]:
    found = [(n, text) for n, text in _markdown_lines(source) if re.match(r"# \S", text)]
    due = f"# {spec.number} · {spec.title}"
    if not found:
        yield Problem(source.path, 1, f"the lesson has no title: begin with {due!r}")
    elif found[0][1].strip() != due:
        yield Problem(source.path, found[0][0], f"the title should read {due!r}", fails=False)
    for line, _ in found[1:]:
        yield Problem(source.path, line, "a second H1: one title is enough", fails=False)


def _markdown_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the lines of all text, less fenced code."""
    for cell in source.cells:
        fenced = False
        for number, text in cell.lines if cell.kind == "markdown" else ():
            if text.startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield number, text


def _cell(source: Source, cell: Cell) -> Iterator[Problem]:
    if cell.kind == "markdown":
        for image in markdown_images_without_alt(cell.source):
            yield Problem(source.path, cell.line, f"an image without alternative text: {image}")
        words = len(cell.source.split())
        if words > MARKDOWN_WORDS:
            says = f"{words} words in one cell; {MARKDOWN_WORDS} at most: split it"
            yield Problem(source.path, cell.line, says, fails=False)
        yield from _filler(source, cell)
    elif cell.role == "setup" and (lines := _count(cell.source)) > SETUP_LINES:
        says = f"set-up is {lines} lines; {SETUP_LINES} at most: move code to where it is used"
        yield Problem(source.path, cell.line, says)
    elif (lines := len(cell.solved)) > CODE_LINES:
        says = f"{lines} lines of code in one cell; {CODE_LINES} at most: one idea a cell"
        yield Problem(source.path, cell.line, says, fails=False)


def _count(text: str) -> int:
    return len([line for line in text.splitlines() if line.strip()])


def _filler(source: Source, cell: Cell) -> Iterator[Problem]:
    for number, text in cell.lines:
        for found in FILLER.finditer(re.sub(r"`[^`]*`", "", text)):
            says = f"the word {found.group().lower()!r} says nothing: take it out"
            yield Problem(source.path, number, says, fails=False)


def _runs(source: Source) -> Iterator[Problem]:
    for code, group in groupby(source.cells, lambda cell: cell.kind == "code"):
        cells = list(group)
        if code and len(cells) > CODE_RUN:
            says = f"{len(cells)} code cells in a row; {CODE_RUN} at most: put words between"
            yield Problem(source.path, cells[CODE_RUN].line, says, fails=False)


def _headings(source: Source, spec: LessonSpec) -> Iterator[Problem]:
    """Hold the text above each exercise against its spec."""
    above: list[Cell] = []
    known = {exercise.name: exercise for exercise in spec.exercises}
    for cell in source.cells:
        if cell.role == "exercise" and cell.exercise in known:
            exercise = known[cell.exercise]
            yield from _heading(source, cell, above, exercise, spec.label(exercise.name))
        above = [*above, cell] if cell.kind == "markdown" else []


def _heading(
    source: Source, cell: Cell, above: list[Cell], exercise: Exercise, label: str
) -> Iterator[Problem]:
    text = " ".join(" ".join(other.source.split()) for other in above)
    facts = (
        f"### Exercise {label} · {exercise.title}",
        f"Difficulty {exercise.difficulty} of 3 · {exercise.minutes} minute",
        f"the check proves that {exercise.proves}",
    )
    for fact in facts:
        if " ".join(fact.split()) not in text:
            says = f"the text above {exercise.name!r} should say, as its spec does: {fact!r}"
            yield Problem(source.path, cell.line, says, fails=False)


def _whole(source: Source) -> Iterator[Problem]:
    text = [cell.source for cell in source.cells if cell.kind == "markdown"]
    sections = sum(line.startswith("## ") for _, line in _markdown_lines(source))
    counts = (
        (len(source.cells), CELLS, "cells"),
        (sections, SECTIONS, "sections (H2)"),
        (sum(len(cell.split()) for cell in text), WORDS, "words of text"),
    )
    for number, (least, most), what in counts:
        if not least <= number <= most:
            says = f"{number} {what}; a lesson has {least} to {most}"
            yield Problem(source.path, None, says, fails=False)
