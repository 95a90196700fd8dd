"""Marks as plain data: a row for each exercise or trained model, and a sheet of a hand-in."""

from collections.abc import Sequence
from typing import Any

from course_lib.grading import text
from course_lib.grading.task import Task

#: Characters of a message.
MESSAGE = 4000


def row(
    item: Any,
    label: str,
    status: str,
    message: str,
    *,
    points: int = 0,
    diagnosis: str | None = None,
    hidden: bool = False,
) -> dict[str, Any]:
    """Return what is said of one exercise or trained model.

    Args:
        item: of the task.
        label: its number, such as "4.3".
        status: as a check says it.
        message: for the learner.
        points: earned.
        diagnosis: of a known mistake.
        hidden: whether hidden cases decided.
    """
    return {
        "name": item.name,
        "label": label,
        "title": item.title,
        "status": status,
        "points": points,
        "possible": item.marks,
        "diagnosis": diagnosis,
        "hidden": hidden,
        "message": message[:MESSAGE],
    }


def sheet(
    task: Task,
    learner: str,
    rows: Sequence[dict[str, Any]],
    *,
    number: int = 0,
    file: str = "",
    notes: Sequence[str] = (),
    read: bool = True,
) -> dict[str, Any]:
    """Return the marks of one hand-in; number 0 is that of none."""
    return {
        "learner": learner,
        "number": number,
        "file": file,
        "task": task.name,
        "exercises": list(rows),
        "total": text.number(sum(row["points"] for row in rows)),
        "possible": task.possible,
        "notes": list(dict.fromkeys(notes)),
        "read": read,
    }


def absent(task: Task, learner: str) -> dict[str, Any]:
    """Return the marks of somebody who handed nothing in."""
    said = "Nothing was handed in."
    rows = [row(item, "", "not_started", said) for item in (*task.spec.exercises, *task.trained)]
    return sheet(task, learner, rows, notes=[said])


def stopped(task: Task, learner: str, number: int, file: str, said: str) -> dict[str, Any]:
    """Return the marks of a hand-in that could not be marked to its end: a person must look."""
    rows = [row(item, "", "timeout", said) for item in (*task.spec.exercises, *task.trained)]
    marks = sheet(task, learner, rows, number=number, file=file, notes=[said], read=False)
    return {**marks, "stopped": True}
