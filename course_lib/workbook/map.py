"""The map of the course: what lessons need and take, with the learner's own progress."""

from collections.abc import Iterable, Sequence
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from course_lib.checking.exercise import LessonSpec
from course_lib.checking.progress import ProgressStore
from course_lib.workbook import ask
from course_lib.workbook.overview import (
    Row,
    bar,
    before_line,
    go_on_with,
    next_line,
    passed_of,
    rows,
    summary,
)

if TYPE_CHECKING:
    from rich.table import Table

LEFT = "text-align: left; vertical-align: top"
RIGHT = "text-align: right; vertical-align: top"


def show_map(lessons: Iterable[LessonSpec], store: ProgressStore) -> None:
    """Show the map of the course: a table in a notebook, text elsewhere."""
    table = rows(lessons, store)
    ask.display(ask.Page(_map_html(table), _map_text(table)))


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
    console.print(rich_table(table, needs=True))
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    return "\n".join([summary(table), *lines, before_line(table), next_line(table)]).rstrip()


def rich_table(table: Sequence[Row], *, needs: bool = False, plain: bool = False) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    grid.add_column("Lesson", min_width=18)
    grid.add_column("Minutes", justify="right")
    if needs:
        grid.add_column("Way")
        grid.add_column("Needs")
    grid.add_column("Passed", no_wrap=True)
    grid.add_column("Hints", justify="right")
    grid.add_column("Next")
    here = go_on_with(table)
    for row in table:
        cells = [f"{row.spec.number} {row.spec.title}", row.spec.time]
        cells += [row.spec.way] if needs else []  # a narrow page
        cells += [", ".join(row.spec.needs) or "none"] if needs else []
        passed = f"{bar(row, plain=plain)} {passed_of(row)}".strip()
        cells += [passed, str(row.hints), row.what_next()]
        grid.add_row(*map(Text, cells), style="bold" if row is here else "")
    return grid


def map_html(lessons: Iterable[LessonSpec], store: ProgressStore) -> str:
    """Return the map of the course as an HTML table in the page's own colours.

    It is read well aloud (caption, scopes, numbers beside every bar), needs no script and no style
    sheet, and is the same for the same progress.
    """
    return _map_html(rows(lessons, store))


def _map_html(table: Sequence[Row]) -> str:
    heads = [("Lesson", LEFT), ("Minutes", RIGHT), ("Way", LEFT), ("Needs", LEFT)]
    heads += [("Passed", LEFT), ("Hints", RIGHT), ("Next", LEFT)]
    columns = "".join(f'<th scope="col" style="{side}">{head}</th>' for head, side in heads)
    here = go_on_with(table)
    body = "".join(_html_row(row, here=row is here) for row in table)
    before = before_line(table)
    return (
        '<div class="course-map"><table style="table-layout: auto; margin-left: 0; color: inherit">'
        '<caption style="caption-side: top; text-align: left; color: inherit; padding: 0.5em 0">'
        f"{escape(summary(table))}</caption>"
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
    drawn = f'<span aria-hidden="true">{bar(row)}</span> ' if row.total else ""
    cells = [
        (spec.time, RIGHT),
        (spec.on_the_way, LEFT),
        (", ".join(spec.needs) or "none", LEFT),
        (drawn + passed_of(row), f"{LEFT}; white-space: nowrap"),
        (str(row.hints), RIGHT),
        (("<strong>Go on here:</strong> " if here else "") + escape(row.what_next()), LEFT),
    ]
    columns = "".join(f'<td style="{side}">{cell}</td>' for cell, side in cells)
    return f'<tr><th scope="row" style="{LEFT}; font-weight: normal">{link}</th>{columns}</tr>'
