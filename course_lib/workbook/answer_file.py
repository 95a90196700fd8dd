"""Read a file of answers into steps that run one after another: statements, or cells."""

import __future__

import ast
import json
import linecache
import re
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from course_lib.errors import CourseError

#: Cells with these roles say nothing about the answers, or take long.
SKIPPED = {"check", "demo", "train"}
PERCENT = re.compile(
    r"^# %%(?!%)\s*(?P<title>[^\[\]={}]*?)\s*(?P<kind>\[\w+\])?(\s+\w+=.*|\s*\{.*)?$"
)
MAGIC = re.compile(r"^(\s*)([%!].*)$", re.MULTILINE)
DEFINES = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*=", re.MULTILINE)
#: Where a file that does not parse is cut, so that the sound parts still run.
BLOCK = re.compile(r"^(?:@|def |class |async def |import |from )")


@dataclass(frozen=True)
class Step:
    """A piece of a file that runs as one.

    Args:
        file: what tracebacks call it: the path, or a cell of a notebook.
        line: of the file (of the cell, for notebooks) where it begins.
        source: its text.
        where: how a message calls it: "line 12", "cell 3".
        flags: of the `from __future__` imports that stand before it.
    """

    file: str
    line: int
    source: str
    where: str
    flags: int = 0

    def compile(self) -> CodeType:
        """Return the code; raise SyntaxError with the line of the file."""
        padded = "\n" * (self.line - 1) + self.source
        code: CodeType = compile(padded, self.file, "exec", flags=self.flags, dont_inherit=True)
        return code

    def defines(self) -> set[str]:
        """Return the names that it defines at its top level, by the look of it."""
        return {name for pair in DEFINES.findall(self.source) for name in pair if name}


def read_steps(path: Path) -> list[Step]:
    """Return the steps of a plain file, a lesson's source, or a notebook.

    Raises:
        CourseError: when there is no such file, or it is none of these.
    """
    text = _text(path)
    if path.suffix == ".ipynb":
        return _with_future(_notebook(path, text))
    cells = _percent_cells(text)
    if cells is not None:
        return _with_future(_cells(path, cells))
    return _with_future(_statements(path, text))


def _text(path: Path) -> str:
    if path.is_dir():
        raise CourseError(f"{path} is a folder; name the file with your answers (.py or .ipynb).")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"there is no file {path}; give the path of your answers.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CourseError(
            f"{path} is not a text file; give a Python file (.py) or a notebook (.ipynb)."
        )
    return text.replace("\r\n", "\n")


# ---------------------------------------------------------------- plain files


def _statements(path: Path, text: str) -> list[Step]:
    """Cut a file into its statements; where it does not parse, into blocks."""
    lines = text.splitlines()
    try:
        starts = [_first_line(statement) for statement in ast.parse(text).body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        blocks = (place for place, line in enumerate(lines, 1) if _begins_block(lines, place, line))
        starts = sorted({1, *blocks})
    pieces = zip(starts, [*starts[1:], len(lines) + 1], strict=False)
    return [
        Step(str(path), start, "\n".join(lines[start - 1 : end - 1]), f"line {start}")
        for start, end in pieces
    ]


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *[decorator.lineno for decorator in decorators]])


def _begins_block(lines: list[str], place: int, line: str) -> bool:
    decorated = place > 1 and lines[place - 2].startswith("@")
    return BLOCK.match(line) is not None and not decorated


# ---------------------------------------------------------------- cells


def _percent_cells(text: str) -> list[tuple[int, str, str]] | None:
    """Return (line, role, source) of every code cell; None when the file has no cells."""
    lines = text.splitlines()
    marks = [place for place, line in enumerate(lines) if PERCENT.match(line)]
    if not marks:
        return None
    found = [(1, "", "\n".join(lines[: marks[0]]))]
    for start, end in zip(marks, [*marks[1:], len(lines)], strict=True):
        mark = PERCENT.match(lines[start])
        if mark is not None and mark["kind"] is None:
            found.append((start + 2, mark["title"].strip(), "\n".join(lines[start + 1 : end])))
    return found


def _cells(path: Path, cells: list[tuple[int, str, str]]) -> list[Step]:
    return [
        Step(str(path), line, _without_magics(source), f"line {line}")
        for line, role, source in cells
        if role not in SKIPPED and source.strip()
    ]


def _notebook(path: Path, text: str) -> list[Step]:
    steps = []
    for place, cell in enumerate(_notebook_cells(path, text), 1):
        if cell.get("cell_type") != "code" or _role(cell) in SKIPPED:
            continue
        source = cell.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if source.strip():
            step = Step(f"{path.name}, cell {place}", 1, _without_magics(source), f"cell {place}")
            # Messages show the learner's line: `linecache` has to find it.
            linecache.cache[step.file] = (len(source), None, source.splitlines(True), step.file)
            steps.append(step)
    return steps


def _notebook_cells(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        assert all(isinstance(cell, dict) for cell in cells)
    except (ValueError, RecursionError):
        raise CourseError(
            f"{path} is not a notebook: its text is not JSON. Save it again from JupyterLab, or "
            "give a .py file."
        ) from None
    except (KeyError, TypeError, AssertionError):
        raise CourseError(
            f"{path} is JSON but holds no list of cells. Save it as a notebook of format 4 from "
            "JupyterLab."
        ) from None
    return cells  # type: ignore[no-any-return]


def _role(cell: dict[str, Any]) -> str:
    try:
        return str(cell["metadata"]["course"]["role"])
    except (KeyError, TypeError):
        return ""


def _without_magics(source: str) -> str:
    """Turn lines such as `%matplotlib inline` into comments, unless all parses as it is."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return MAGIC.sub(r"\1pass  # \2", source)
    return source


def _with_future(steps: list[Step]) -> list[Step]:
    """Hand the `from __future__` imports of each step on to those that follow."""
    flags, found = 0, []
    for step in steps:
        found.append(Step(step.file, step.line, step.source, step.where, flags))
        for names in re.findall(r"^from __future__ import ([\w, ]+)", step.source, re.MULTILINE):
            for name in re.findall(r"\w+", names):
                flags |= getattr(getattr(__future__, name, None), "compiler_flag", 0)
    return found
