"""Write a parsed lesson as notebooks: solved, and the learner's copy."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib.authoring.source import Cell, Source
from course_lib.checking.exercise import LessonSpec

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
SCHEMA = 3
#: nbformat carries no types.
_nbformat: Any = nbformat
_v4: Any = nbformat.v4
LONGEST_ID = 64


def solved_notebook(source: Source, spec: LessonSpec) -> NotebookNode:
    """Return the solved notebook, not executed."""
    return _notebook(source, spec, solved=True)


def learners_notebook(source: Source, spec: LessonSpec) -> NotebookNode:
    """Return the learner's copy: stubs, no outputs."""
    return _notebook(source, spec, solved=False)


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return the bytes of a notebook file: sorted keys, one final newline."""
    text: str = _nbformat.writes(notebook, indent=1)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def from_text(text: str) -> NotebookNode:
    """Return the notebook that a file holds; raise whatever nbformat does when it holds none."""
    notebook: NotebookNode = _nbformat.reads(text, as_version=4)
    return notebook


def _notebook(source: Source, spec: LessonSpec, *, solved: bool) -> NotebookNode:
    cells = []
    for cell, cell_id in zip(source.cells, cell_ids(source), strict=True):
        text = cell.solved_source if solved else cell.blank_source
        metadata = dict(cell.metadata)
        if cell.kind == "code":
            metadata["course"] = {"role": cell.role}
            metadata |= _nbgrader(cell, cell_id, spec)
        make = getattr(_v4, f"new_{cell.kind}_cell")
        cells.append(make(text, id=cell_id, metadata=metadata))
    metadata = {
        "course": {"lesson": source.number},
        "kernelspec": dict(KERNELSPEC),
        "language_info": dict(LANGUAGE),
    }
    notebook: NotebookNode = _v4.new_notebook(cells=cells, metadata=metadata)
    return notebook


def _nbgrader(cell: Cell, cell_id: str, spec: LessonSpec) -> dict[str, Any]:
    """Return nbgrader's dictionary for the cells that it looks after."""
    if cell.role not in ("setup", "given", "exercise", "check"):
        return {}
    said: dict[str, Any] = {
        "grade": cell.role == "check",
        "grade_id": grade_id(cell, cell_id),
        "locked": cell.role != "exercise",
        "schema_version": SCHEMA,
        "solution": cell.role == "exercise",
        "task": False,
    }
    if cell.role == "check" and cell.exercise:
        said["points"] = spec.exercise(cell.exercise).marks
    return {"nbgrader": said}


def grade_id(cell: Cell, cell_id: str) -> str:
    """Return the name by which graders know a cell: an exercise's own name, else the cell's id."""
    return cell.exercise if cell.role == "exercise" and cell.exercise else cell_id


# ---------------------------------------------------------------- ids


def cell_ids(source: Source) -> list[str]:
    """Return one stable id for every cell: from its exercise, else from its section and role.

    Cells are counted within a section (an H2), so a new cell renames few others.
    """
    return list(_ids(source))


def _ids(source: Source) -> Iterator[str]:
    section = 0
    count: dict[str, int] = {}
    for cell in source.cells:
        if cell.kind == "markdown" and re.search(r"^## ", cell.source, re.MULTILINE):
            section += 1
        if cell.exercise:
            yield safe_id(f"{cell.role}-{cell.exercise}")
            continue
        stem = f"{section}-{cell.role or cell.kind}"
        count[stem] = count.get(stem, 0) + 1
        yield f"{stem}-{count[stem]}"


def safe_id(name: str) -> str:
    """Return `name` where a notebook allows it as an id, else a short form ending in a hash."""
    if re.fullmatch(rf"[a-zA-Z0-9_-]{{1,{LONGEST_ID}}}", name):
        return name
    short = re.sub(r"[^a-zA-Z0-9_-]", "-", name)[: LONGEST_ID - 9]
    return f"{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
