"""The course lesson by lesson, with the learner's own progress: in a terminal, a notebook, JSON."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.progress import (
    ExerciseProgress,
    LessonProgress,
    ProgressStore,
    progress_folder,
    work_folder,
)
from course_lib.errors import CourseError
from course_lib.workbook import ask, registry
from course_lib.workspace import find_work

if TYPE_CHECKING:
    from rich.table import Table

BAR = 10
HINTS = 3
LEFT = "text-align: left; vertical-align: top"
RIGHT = "text-align: right; vertical-align: top"


@dataclass(frozen=True)
class Row:
    """One lesson and what the learner did in it."""

    spec: LessonSpec
    progress: LessonProgress

    def of(self, exercise: Exercise) -> ExerciseProgress:
        """Return the progress of one exercise."""
        return self.progress.exercise(exercise.name)

    @property
    def passed(self) -> int:
        """How many of the lesson's exercises passed once."""
        return sum(self.of(exercise).passed for exercise in self.spec.exercises)

    @property
    def total(self) -> int:
        """How many exercises the lesson has."""
        return len(self.spec.exercises)

    @property
    def hints(self) -> int:
        """How many different hints were taken."""
        return sum(min(self.of(exercise).hints, HINTS) for exercise in self.spec.exercises)

    @property
    def next(self) -> Exercise | None:
        """The first exercise that never passed; None when all did."""
        return next((e for e in self.spec.exercises if not self.of(e).passed), None)

    @property
    def begun(self) -> bool:
        """True when the learner tried, guessed or asked for a hint."""
        touched = any(e.attempts or e.hints for e in self.progress.exercises.values())
        return touched or bool(self.progress.guesses)

    def name(self, exercise: Exercise) -> str:
        """Return number and title, such as "4.3 Causal mask"."""
        return f"{self.spec.label(exercise.name)} {exercise.title}"

    def what_next(self) -> str:
        """Return the next thing to do in this lesson, in a few words."""
        if not self.spec.exercises:
            return "read it"
        if self.next is None:
            return "done"
        attempts = self.of(self.next).attempts
        return self.name(self.next) + (f", tried {_times(attempts)}" if attempts else "")


def rows(lessons: Iterable[LessonSpec], store: ProgressStore) -> list[Row]:
    """Return a row for each lesson, from one reading of the store."""
    progress = store.lessons()
    return [Row(spec, progress.get(spec.number, LessonProgress())) for spec in lessons]


def go_on_with(table: Sequence[Row]) -> Row | None:
    """Return the lesson to go on with: the one last worked on, else the first that is open."""
    open_rows = [row for row in table if row.next is not None]
    begun = [row for row in open_rows if row.begun]
    if begun:
        return max(begun, key=lambda row: row.progress.last)
    return open_rows[0] if open_rows else None


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

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a title may hold what the terminal cannot show
    console = Console(highlight=False, markup=False)
    plain = not console.encoding.lower().startswith("utf")
    console.print(_summary(table), soft_wrap=True)
    console.print(_rich_table(table, plain=plain))
    for line in (_before_line(table), _next_line(table), _place_line(store)):
        if line:
            console.print(line, soft_wrap=True)


def map_text(lessons: Iterable[LessonSpec], store: ProgressStore) -> str:
    """Return the map of the course as text: minutes, what each lesson needs, own progress."""
    return _map_text(rows(lessons, store))


def _map_text(table: Sequence[Row]) -> str:
    from rich.console import Console

    page = StringIO()
    console = Console(
        file=page,
        width=100,
        color_system=None,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
    )
    console.print(_rich_table(table, needs=True))
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    return "\n".join([_summary(table), *lines, _before_line(table), _next_line(table)]).rstrip()


def _rich_table(table: Sequence[Row], *, needs: bool = False, plain: bool = False) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    grid.add_column("Lesson", min_width=18)
    grid.add_column("Minutes", justify="right")
    if needs:
        grid.add_column("Needs")
    grid.add_column("Passed", no_wrap=True)
    grid.add_column("Hints", justify="right")
    grid.add_column("Next")
    here = go_on_with(table)
    for row in table:
        cells = [f"{row.spec.number} {row.spec.title}", str(row.spec.minutes)]
        cells += [", ".join(row.spec.needs) or "none"] if needs else []
        passed = f"{_bar(row, plain=plain)} {_passed(row)}".strip()
        cells += [passed, str(row.hints), row.what_next()]
        grid.add_row(*map(Text, cells), style="bold" if row is here else "")
    return grid


def _summary(table: Sequence[Row]) -> str:
    minutes = sum(row.spec.minutes for row in table)
    passed, total = sum(row.passed for row in table), sum(row.total for row in table)
    return (
        f"The course: {_count(len(table), 'lesson')}, {_count(minutes, 'minute')}. "
        f"You passed {passed} of {_count(total, 'exercise')}."
    )


def _next_line(table: Sequence[Row]) -> str:
    row = go_on_with(table)
    if row is None or row.next is None:
        return "Next: nothing is open; all exercises are passed." if table else ""
    return (
        f"Next: lesson {row.spec.number}, exercise {row.name(row.next)}, "
        f"{_count(row.next.minutes, 'minute')}. Open it with: course lab --lesson {row.spec.number}"
    )


def _before_line(table: Sequence[Row]) -> str:
    names = [row.name(e) for row in table for e in row.spec.exercises if row.of(e).passed_before]
    if not names:
        return ""
    return f"Passed before, though the last check did not pass: {', '.join(names)}. A pass stays."


def _place_line(store: ProgressStore) -> str:
    if store.file is None:
        return "Progress is not recorded: COURSE_PROGRESS is off."
    return f"Kept in: {store.file}"


def _bar(row: Row, *, plain: bool = False) -> str:
    if not row.total:
        return ""
    # Full only when all passed, and begun as soon as one did.
    done = max(BAR * row.passed // row.total, min(row.passed, 1))
    full, rest = "#-" if plain else "█░"
    return full * done + rest * (BAR - done)


def _passed(row: Row) -> str:
    return f"{row.passed} of {row.total}" if row.total else "no exercises"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def map_html(lessons: Iterable[LessonSpec], store: ProgressStore) -> str:
    """Return the map of the course as an HTML table in the page's own colours.

    It is read well aloud (caption, scopes, numbers beside every bar), needs no script and no style
    sheet, and is the same for the same progress.
    """
    return _map_html(rows(lessons, store))


def _map_html(table: Sequence[Row]) -> str:
    heads = [("Lesson", LEFT), ("Minutes", RIGHT), ("Needs", LEFT)]
    heads += [("Passed", LEFT), ("Hints", RIGHT), ("Next", LEFT)]
    columns = "".join(f'<th scope="col" style="{side}">{head}</th>' for head, side in heads)
    here = go_on_with(table)
    body = "".join(_html_row(row, here=row is here) for row in table)
    before = _before_line(table)
    return (
        '<div class="course-map"><table style="table-layout: auto; margin-left: 0; color: inherit">'
        '<caption style="caption-side: top; text-align: left; color: inherit; padding: 0.5em 0">'
        f"{escape(_summary(table))}</caption>"
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
        + (f"<p>{escape(before)}</p>" if before else "")
        + "</div>"
    )


def _html_row(row: Row, *, here: bool) -> str:
    spec = row.spec
    link = (
        f'<a href="{spec.number}_{escape(spec.slug)}.ipynb" style="color: inherit; '
        f'text-decoration: underline">{spec.number} · {escape(spec.title)}</a>'
    )
    bar = f'<span aria-hidden="true">{_bar(row)}</span> ' if row.total else ""
    cells = [
        (str(spec.minutes), RIGHT),
        (", ".join(spec.needs) or "none", LEFT),
        (bar + _passed(row), f"{LEFT}; white-space: nowrap"),
        (str(row.hints), RIGHT),
        (("<strong>Go on here:</strong> " if here else "") + escape(row.what_next()), LEFT),
    ]
    columns = "".join(f'<td style="{side}">{cell}</td>' for cell, side in cells)
    return f'<tr><th scope="row" style="{LEFT}; font-weight: normal">{link}</th>{columns}</tr>'


def show_map(lessons: Iterable[LessonSpec], store: ProgressStore) -> None:
    """Show the map of the course: a table in a notebook, text elsewhere."""
    table = rows(lessons, store)
    ask.display(ask.Page(_map_html(table), _map_text(table)))
