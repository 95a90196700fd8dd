"""Partial credit: the share of cases that are right, where an instructor asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from course_lib.checking.case import Case
from course_lib.checking.result import Result, Status
from course_lib.grading.task import Task
from course_lib.grading.text import number

#: Ends the digest of a task that is marked so: a worker elsewhere reads it there.
MARK = "+partial"
#: Of answers whose cases are counted; what is ruled out or endless earns nothing.
COUNTED = (Status.FAILED, Status.ERROR)


def with_partial_credit(task: Task) -> Task:
    """Return a task that is marked with partial credit."""
    return replace(task, digest=task.digest + MARK)


def wanted(task: Task) -> bool:
    """Tell whether a task is marked so."""
    return task.digest.endswith(MARK)


def credit(
    row: dict[str, Any], cases: Sequence[Case], check: Callable[[Case], Result]
) -> dict[str, Any]:
    """Return an exercise's row with the share of its points that its right cases earn."""
    right = 0
    for case in cases:
        result = check(case)
        if result.status is Status.TIMEOUT:
            break
        right += result.passed
    said = f"Partial credit: {right} of {len(cases)} cases are right."
    points = number(row["possible"] * right / len(cases))
    return {**row, "points": points, "message": f"{row['message']}\n{said}"}
