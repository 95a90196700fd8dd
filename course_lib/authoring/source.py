"""Read `solutions/NN_slug.py`: cells with roles, each line with its number."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jupytext

from course_lib.authoring.problem import LessonError, Problem
from course_lib.authoring.regions import Line, Region, find_regions

ROLES = ("setup", "given", "exercise", "check", "demo", "train")
FILE_NAME = re.compile(r"(?P<number>\d\d)_(?P<slug>[a-z][a-z0-9_]*)\.py")
_CHECK = re.compile(r"(?P<name>\w+) = (lesson|assignment)\.check\((?P=name)\)")
_CHECK_LINE = "NAME = lesson.check(NAME)"
_MARK = re.compile(r"^# %%(?!%)")
#: What jupytext notes about the text format; no business of a notebook.
_TEXT_METADATA = {"title", "lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a lesson.

    Args:
        kind: "markdown", "code" or "raw".
        role: of a code cell; "" for the others.
        line: of the file, where the cell's marker stands.
        lines: the text as it stands in the source, with line numbers.
        metadata: what the marker says beyond the role, such as tags.
        exercise: the name of the exercise that an exercise or check cell belongs to.
        parts: of an exercise cell: its plain lines and its regions, in order.
    """

    kind: str
    role: str
    line: int
    lines: tuple[Line, ...]
    metadata: dict[str, Any] = field(default_factory=dict)
    exercise: str | None = None
    parts: tuple[Line | Region, ...] = ()

    @property
    def source(self) -> str:
        """The text as it stands in the source, markers included."""
        return _text(self.lines)

    @cached_property
    def solved(self) -> tuple[Line, ...]:
        """The lines of the solved notebook: the solution without markers and stub."""
        return self.lines if not self.parts else tuple(self._chosen(solved=True))

    @cached_property
    def blank(self) -> tuple[Line, ...]:
        """The lines of the learner's copy."""
        return self.lines if not self.parts else tuple(self._chosen(solved=False))

    def _chosen(self, *, solved: bool) -> Iterator[Line]:
        for part in self.parts:
            if isinstance(part, Region):
                yield from part.solution if solved else part.for_learner()
            else:
                yield part

    @property
    def solved_source(self) -> str:
        """The text of the solved notebook."""
        return _text(self.solved)

    @property
    def blank_source(self) -> str:
        """The text of the learner's copy."""
        return _text(self.blank)

    @property
    def regions(self) -> list[Region]:
        """The answer regions of an exercise cell."""
        return [part for part in self.parts if isinstance(part, Region)]


@dataclass(frozen=True)
class Source:
    """A lesson's source, parsed."""

    path: Path
    number: str
    slug: str
    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> dict[str, Cell]:
        """The exercise cells by name, in order."""
        return {c.exercise: c for c in self.cells if c.role == "exercise" and c.exercise}


def read_source(path: Path) -> Source:
    """Parse a lesson's source.

    Raises:
        LessonError: with everything that is wrong, by file and line.
    """
    named = FILE_NAME.fullmatch(path.name)
    if named is None:
        says = "a lesson's source is called NN_slug.py, such as 04_scaled_dot_product.py: rename it"
        raise LessonError([Problem(path, None, says)])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError([Problem(path, None, f"cannot be read as UTF-8 text: {error}")]) from None
    return parse(text, path, named["number"], named["slug"])


def parse(text: str, path: Path, number: str, slug: str) -> Source:
    """Parse the text of a source; see `read_source`."""
    problems: list[Problem] = []

    def note(line: int, says: str) -> None:
        problems.append(Problem(path, line, says))

    cells = [_with_parts(cell, note) for cell in _cells(text, note)]
    cells = _with_names(cells, note)
    if problems:
        raise LessonError(sorted(problems, key=lambda problem: problem.line or 0))
    return Source(path, number, slug, tuple(cells))


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(text for _, text in lines).strip("\n")


# ---------------------------------------------------------------- cells


def _cells(text: str, note: Any) -> list[Cell]:
    """Cut the text into cells with jupytext, and find out where each stands."""
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except Exception as error:
        note(1, f"jupytext cannot read this as percent format: {str(error).splitlines()[0]}")
        return []
    lines = text.splitlines()
    marks = [place for place, line in enumerate(lines, 1) if _MARK.match(line)]
    found: list[Cell] = []
    after = 0
    for raw in notebook.cells:
        mark = next((mark for mark in marks if mark > after), None)
        if mark is None or _stray(found, lines, mark):
            note(1, "text before the first cell: begin every cell with a line '# %%'")
            return []
        found.append(_cell(raw, mark, lines, note))
        after = mark + len(raw.source.splitlines())
    return found


def _stray(found: Sequence[Cell], lines: Sequence[str], mark: int) -> bool:
    """Tell whether text that belongs to no cell stands before the first one."""
    before = [line for line in lines[: mark - 1] if line.strip()]
    return not found and bool(before) and not (before[0] == before[-1] == "# ---")


def _cell(raw: Any, mark: int, lines: Sequence[str], note: Any) -> Cell:
    metadata = {key: raw.metadata[key] for key in raw.metadata if key not in _TEXT_METADATA}
    first = mark + 1
    while first <= len(lines) and not lines[first - 1].strip():
        first += 1
    if raw.metadata.get("cell_marker"):
        first += 1
    numbered = tuple(enumerate(raw.source.splitlines(), first))
    role = str(raw.metadata.get("title", "")).strip() if raw.cell_type == "code" else ""
    if raw.cell_type == "code":
        _check_code(role, mark, raw.source, first, note)
    return Cell(kind=raw.cell_type, role=role, line=mark, lines=numbered, metadata=metadata)


def _check_code(role: str, mark: int, source: str, first: int, note: Any) -> None:
    if role not in ROLES:
        what = f"unknown role {role!r}" if role else "a code cell without a role"
        note(mark, f"{what}: write '# %% ROLE' with one of {', '.join(ROLES)}")
    if not source.strip():
        note(mark, "an empty code cell: fill it or take it out")
    if role in ("setup", "given", "exercise", "check"):
        try:
            ast.parse(source)
        except SyntaxError as error:
            note(first + (error.lineno or 1) - 1, f"{error.msg}; this cell is plain Python")


# ---------------------------------------------------------------- exercises


def _with_parts(cell: Cell, note: Any) -> Cell:
    if cell.kind != "code":
        return cell
    parts, mistakes = find_regions(cell.lines)
    for line, says in mistakes:
        note(line, says)
    regions = [part for part in parts if isinstance(part, Region)]
    if cell.role != "exercise":
        for region in regions:
            where = f"an answer region in a {cell.role or 'plain'} cell"
            note(region.line, f"{where}: only exercise cells hold one")
        return cell
    if not regions and not mistakes:
        note(cell.line, "an exercise cell without an answer region: add ### BEGIN SOLUTION")
    whole = replace(cell, parts=tuple(parts))
    if not mistakes:
        _check_stub(whole, note)
    return whole


def _check_stub(cell: Cell, note: Any) -> None:
    try:
        ast.parse(cell.blank_source)
    except SyntaxError as error:
        line = cell.blank[min(error.lineno or 1, len(cell.blank)) - 1][0]
        note(line, f"{error.msg} in the learner's copy of this cell: mend what follows ### STUB")


def _with_names(cells: Sequence[Cell], note: Any) -> list[Cell]:
    """Give every exercise and its check cell the name that the check cell says."""
    named = list(cells)
    seen: dict[str, int] = {}
    waiting: int | None = None
    for place, cell in enumerate(cells):
        if cell.kind != "code":
            continue
        if waiting is not None and cell.role != "check":
            note(cells[waiting].line, f"the next code cell must be its check: {_CHECK_LINE}")
        if cell.role == "check":
            exercise = cells[waiting] if waiting is not None else None
            name = _check_name(cell, exercise, note)
            if name and waiting is not None:
                _note_twice(name, cells[waiting], seen, note)
                named[waiting] = replace(cells[waiting], exercise=name)
            named[place] = replace(cell, exercise=name)
        waiting = place if cell.role == "exercise" else None
    if waiting is not None:
        note(cells[waiting].line, f"no check cell follows this exercise: add {_CHECK_LINE}")
    return named


def _note_twice(name: str, cell: Cell, lines: dict[str, int], note: Any) -> None:
    if name in lines:
        note(cell.line, f"exercise {name!r} stands here and in line {lines[name]}: rename one")
    lines.setdefault(name, cell.line)


def _check_name(check: Cell, exercise: Cell | None, note: Any) -> str | None:
    """Return the exercise that a check cell names; note what does not fit."""
    line = _CHECK.fullmatch(check.source.strip())
    defined = definitions(exercise.source) if exercise else []
    example = defined[-1] if defined else "NAME"
    if exercise is None:
        note(check.line, "a check cell without an exercise cell before it")
        return None
    if line is None:
        note(check.line, f"a check cell is one line: {example} = lesson.check({example})")
        return None
    if line["name"] not in defined:
        note(
            check.line,
            f"the check is for {line['name']!r}, but the exercise cell in line {exercise.line} "
            f"defines {', '.join(defined) or 'nothing'}",
        )
        return None
    return line["name"]


def definitions(source: str) -> list[str]:
    """Return the functions and classes that a cell defines at its top level."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in body if isinstance(node, kinds)]
