"""Hold the notebooks of a checkout against what would be built now."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_lib.authoring.checkout import Checkout
from course_lib.authoring.leaks import leaks
from course_lib.authoring.notebook import as_bytes, from_text
from course_lib.authoring.outputs import KB, LEARNERS_KB, SOLVED_KB, outputs_of, problems_in
from course_lib.authoring.prepare import Draft
from course_lib.authoring.problem import Problem
from course_lib.authoring.source import Source


def drift(draft: Draft, checkout: Checkout) -> list[Problem]:
    """Return where a lesson's notebooks differ from its source, and what is wrong with them."""
    if draft.source is None or draft.learners is None or draft.solved is None:
        return []
    return [
        *_learners(draft.source, draft.learners, checkout.learners(draft.spec)),
        *_solved(draft.source, draft.solved, checkout.solved(draft.spec), checkout.root),
    ]


def _learners(source: Source, due: NotebookNode, path: Path) -> Iterator[Problem]:
    found = _read(path)
    if isinstance(found, Problem):
        yield found
        return
    if path.read_bytes() != as_bytes(due):
        yield _differs(source, due, found, path)
        yield from _leaks_on_disk(source, found, path)
    for place, cell in enumerate(found.cells, 1):
        if outputs_of(cell):
            yield Problem(path, None, f"cell {place} has outputs: a learner's copy has none")
    yield from _weight(path, LEARNERS_KB)


def _leaks_on_disk(source: Source, found: NotebookNode, path: Path) -> Iterator[Problem]:
    """Look for solutions in a copy that somebody has edited, where its cells still match."""
    if len(found.cells) == len(source.cells):
        for _, says in leaks(source, [cell.source for cell in found.cells]):
            yield Problem(path, None, says)


def _solved(source: Source, due: NotebookNode, path: Path, root: Path) -> Iterator[Problem]:
    found = _read(path)
    if isinstance(found, Problem):
        yield found
        return
    if _bare(found) != _bare(due):
        yield _differs(source, due, found, path)
    else:
        yield from missing_outputs(source, found, path)
    yield from output_problems(source, found, path, root)
    yield from _weight(path, SOLVED_KB)


def missing_outputs(source: Source, notebook: NotebookNode, path: Path) -> Iterator[Problem]:
    """Say so when a notebook was not executed to its end."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    run = all(cell.execution_count is not None for cell in code)
    if not (run and any(outputs_of(cell) for cell in code)):
        says = f"a solved notebook without outputs: run course build {source.number}"
        yield Problem(path, None, says)
        return
    for cell, line in _with_lines(source, notebook):
        if cell.metadata.get("course", {}).get("role") == "check" and not outputs_of(cell):
            yield Problem(source.path, line, "this check printed nothing in the solved notebook")


def output_problems(
    source: Source, notebook: NotebookNode, path: Path, root: Path
) -> Iterator[Problem]:
    """Say what is wrong with the outputs of a solved notebook, by line of the source."""
    for place, (cell, line) in enumerate(_with_lines(source, notebook), 1):
        for says in problems_in(cell, root):
            file = path if line is None else source.path
            yield Problem(file, line, f"cell {place} of {path.name}: {says}")
        text = "".join(output.get("text", "") for output in outputs_of(cell))
        if cell.metadata.get("course", {}).get("role") == "check" and text.startswith(("✗", "○")):
            yield Problem(source.path, line, f"this check does not pass in {path.name}")


def _with_lines(source: Source, notebook: NotebookNode) -> list[tuple[NotebookNode, int | None]]:
    """Pair the cells of a notebook with lines of the source, when they match in number."""
    lines: Sequence[int | None] = [cell.line for cell in source.cells]
    if len(lines) != len(notebook.cells):
        lines = [None] * len(notebook.cells)
    return list(zip(notebook.cells, lines, strict=True))


def _read(path: Path) -> Any:
    """Return the notebook, or the problem with it."""
    if not path.exists():
        return Problem(path, None, f"missing: run course build {path.name[:2]}")
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except Exception as error:
        said = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        return Problem(path, None, f"not a notebook ({said}): run course build {path.name[:2]}")


def _bare(notebook: NotebookNode) -> dict[str, Any]:
    """Return a notebook as plain data without what execution adds."""
    plain: dict[str, Any] = dict(notebook)
    cells = [
        {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}
        for cell in plain["cells"]
    ]
    return {**plain, "cells": cells}


def _differs(source: Source, due: NotebookNode, found: NotebookNode, path: Path) -> Problem:
    """Say where a notebook first differs from its source."""
    mend = f"Edit solutions/{source.path.name}, then run course build {source.number}"
    pairs = zip(source.cells, _bare(due)["cells"], _bare(found)["cells"], strict=False)
    for place, (cell, one, other) in enumerate(pairs, 1):
        if one != other:
            keys = sorted(key for key in {**one, **other} if one.get(key) != other.get(key))
            where = f"first in cell {place} (line {cell.line} of the source: {', '.join(keys)})"
            return Problem(path, None, f"differs from its source, {where}. {mend}")
    if len(due.cells) != len(found.cells):
        said = f"it has {len(found.cells)} cells, its source {len(due.cells)}"
    else:
        said = "in its metadata or layout"
    return Problem(path, None, f"differs from its source: {said}. {mend}")


def _weight(path: Path, most: int) -> Iterator[Problem]:
    size = path.stat().st_size
    if size > most * KB:
        yield Problem(path, None, f"weighs {size / KB:.0f} KB; {most} KB is the most: show less")
