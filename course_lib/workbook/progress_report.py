"""`course progress`: the learner's progress in a terminal, or as JSON."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_lib.checking.exercise import Exercise
from course_lib.checking.progress import ProgressStore, progress_folder, work_folder
from course_lib.doctor import NARROW
from course_lib.errors import CourseError
from course_lib.streams import settle_streams
from course_lib.workbook import registry
from course_lib.workbook.map import rich_table
from course_lib.workbook.overview import (
    Row,
    before_line,
    count,
    go_on_with,
    next_line,
    passed_of,
    place_line,
    rows,
    summary,
)
from course_lib.workspace import find_work


def show_progress(as_json: bool, work: Path | None) -> int:
    """Print the learner's progress; return the exit code.

    Args:
        as_json: print JSON for machines; messages go to stderr either way.
        work: the work folder; None finds it from the current one.

    Raises:
        CourseError: when `work` is given and is no work folder.
    """
    store = ProgressStore(_folder(work), say=_to_stderr)
    table = rows(registry.all_lessons(), store)
    if as_json:
        print(json.dumps(as_data(table, store), indent=2))
    else:
        _print_table(table, store)
    return 0


def _folder(work: Path | None) -> Path | None:
    if work is None:
        return progress_folder() if _has_own_folder() else find_work() / ".course"
    found = work_folder(work) if work.is_dir() else None
    if found is None:
        raise CourseError(
            f"{work} is no work folder: neither it nor a folder above it holds .course/. "
            f"Give the folder that your lessons are in, or make one: course lab --work {work}"
        )
    return found / ".course"


def _has_own_folder() -> bool:
    """False where only `course lab`'s default work folder, found from anywhere, holds progress."""
    chosen = os.environ.get("COURSE_PROGRESS", "").strip() or work_folder()
    return bool(chosen) or not (find_work() / ".course").is_dir()


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def as_data(table: Sequence[Row], store: ProgressStore) -> dict[str, Any]:
    """Return what `course progress --json` prints."""
    reading, row = store.read(), go_on_with(table)
    following = None
    if row is not None and row.next is not None:
        following = {"lesson": row.spec.number, "exercise": row.next.name}
    return {
        "version": 1,
        "file": None if store.file is None else str(store.file),
        "passed": sum(row.passed for row in table),
        "total": sum(row.total for row in table),
        "next": following,
        "damaged_lines": reading.damaged,
        "newer_records": sum(reading.newer.values()),
        "lessons": [_lesson_data(row) for row in table],
    }


def _lesson_data(row: Row) -> dict[str, Any]:
    guesses = {p.id: row.progress.guesses.get(p.id) for p in row.spec.predictions}
    return {
        "number": row.spec.number,
        "title": row.spec.title,
        "minutes": row.spec.minutes,
        "needs": list(row.spec.needs),
        "passed": row.passed,
        "total": row.total,
        "hints": row.hints,
        "next": None if row.next is None else row.next.name,
        "exercises": [_exercise_data(row, exercise) for exercise in row.spec.exercises],
        "guesses": guesses,
    }


def _exercise_data(row: Row, exercise: Exercise) -> dict[str, Any]:
    progress = row.of(exercise)
    tried = "tried" if progress.attempts else "open"
    return {
        "name": exercise.name,
        "label": row.spec.label(exercise.name),
        "title": exercise.title,
        "status": "passed" if progress.passed else tried,
        "first_passed": progress.first_passed,
        "last_status": progress.last_status,
        "attempts": progress.attempts,
        "hints": progress.hints,
        "diagnoses": progress.diagnoses,
    }


def _print_table(table: Sequence[Row], store: ProgressStore) -> None:
    from rich.console import Console

    settle_streams()  # a title may hold what the terminal cannot show
    console = Console(highlight=False, markup=False)
    plain = not console.encoding.lower().startswith("utf")
    console.print(summary(table), soft_wrap=True)
    lines = [_narrow_line(row) for row in table] if console.width < NARROW else []
    console.print("\n".join(lines) if lines else rich_table(table, plain=plain))
    for line in (before_line(table), next_line(table), place_line(store)):
        if line:
            console.print(line, soft_wrap=True)


def _narrow_line(row: Row) -> str:
    """Return a lesson as a sentence, for where a table would be cut."""
    title = f"{row.spec.number} {row.spec.title}"
    hints = f", {count(row.hints, 'hint')}" if row.hints else ""
    return f"{title}: {passed_of(row)}{hints}. {row.what_next()}".rstrip()
