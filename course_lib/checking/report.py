"""A result as the learner reads it."""

import textwrap

from course_lib.checking.exercise import Exercise
from course_lib.checking.result import Result, Status

WIDTH = 100
SIGNS = {Status.PASSED: "✓", Status.NOT_STARTED: "○"}


def as_text(
    exercise: Exercise, result: Result, label: str = "", *, ending: str | None = None
) -> str:
    """Return the report: a headline, the message, what to know or do next, what the answer printed.

    Args:
        exercise: that was checked.
        result: of the check.
        label: its number, such as "4.3".
        ending: the last line; what a notebook says when left out.
    """
    lines = [_headline(exercise, result, label), *_wrapped(result.message)]
    lines += _wrapped(result.remark)
    if not result.passed:
        lines += _wrapped(_next(exercise, result) if ending is None else ending)
    lines += _printed(result.printed)
    return "\n".join(lines)


def _headline(exercise: Exercise, result: Result, label: str) -> str:
    name = f"Exercise {label} · {exercise.title}" if label else exercise.title
    head = f"{SIGNS.get(result.status, '✗')} {name}"
    if result.passed:
        counts = (
            f"{result.cases_passed} of {result.cases_total} cases · {result.milliseconds:.0f} ms"
        )
        return f"{head:<64}{counts}"
    return head


def _next(exercise: Exercise, result: Result) -> str:
    if result.status is Status.NOT_STARTED:
        stuck = f'Stuck? lesson.hint("{exercise.name}")'
        return f"Until it is, later cells use the course's version. {stuck}"
    try_it = f'lesson.case("{exercise.name}") hands you this case' if result.case else ""
    hint = f'lesson.hint("{exercise.name}") helps'
    return (
        "Later cells use the course's version until yours passes. "
        + ", ".join(part for part in (try_it, hint) if part)
        + "."
    )


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        indent = "  " + " " * (len(line) - len(line.lstrip()))
        if len(line) != len(line.lstrip()):
            lines.append("  " + line)
        else:
            lines += textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return lines


def _printed(text: str) -> list[str]:
    lines = text.splitlines()
    if not lines:
        return []
    shown = [f"  │ {line[:90]}" for line in lines[:5]]
    more = f" (the first 5 of {len(lines)} lines)" if len(lines) > 5 else ""
    return [f"  Meanwhile your code printed{more}:", *shown]
