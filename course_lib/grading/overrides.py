"""What a person decides over the marks: points and comments, by learner and exercise.

The file is the instructor's and is read anew in every run, so it survives any regrading:

    learner,exercise,points,comment
    eve,prefix_mask,2,The mask is right; its type was not.
    eve,,,Come and see me on Monday.

`exercise` is a name or a number such as A1.2; left out, the line is about the whole, and its
points, if any, are the total. Left out, `points` stay as marked. In TOML each line is a table:

    [[override]]
    learner = "eve"
    exercise = "prefix_mask"
    points = 2
    comment = "The mask is right; its type was not."
"""

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.late import total_of
from course_lib.grading.task import Task
from course_lib.grading.text import number, plain

#: Found in the folder of the results when no option names a file.
NAMES = ("overrides.csv", "overrides.toml")
COLUMNS = ("learner", "exercise", "points", "comment")


@dataclass(frozen=True)
class Override:
    """One decision.

    Args:
        learner: as in marks.csv.
        exercise: its name; empty for the whole.
        points: due; None where they stay as marked.
        comment: for the learner.
        place: of the line, for messages.
    """

    learner: str
    exercise: str
    points: float | None
    comment: str
    place: str


def find_file(results: Path, given: Path | None) -> Path | None:
    """Return the file of overrides: as given, or the one in the folder of the results."""
    if given is not None:
        return given
    there = [results / name for name in NAMES if (results / name).is_file()]
    if len(there) > 1:
        raise CourseError(f"{results} holds {' and '.join(NAMES)}: keep one of them.")
    return there[0] if there else None


def read(path: Path | None, task: Task) -> list[Override]:
    """Read the decisions in a CSV or TOML file; none without one.

    Raises:
        CourseError: with the line, what was expected there, and what came.
    """
    if path is None:
        return []
    try:
        rows = _toml(path) if path.suffix.lower() == ".toml" else _csv(path)
    except (OSError, UnicodeDecodeError, csv.Error, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"the overrides {path} cannot be read: {error}") from None
    found = [_override(row, place, task) for place, row in rows]
    keys = [(one.learner, one.exercise) for one in found]
    for one in found:
        if keys.count((one.learner, one.exercise)) > 1:
            what = one.exercise or "the whole"
            raise CourseError(f"{one.place}: {one.learner!r} has two lines for {what}: keep one.")
    return found


def _csv(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        if "learner" not in columns or not set(columns) <= set(COLUMNS):
            raise CourseError(
                f"{path}: the first line is {','.join(COLUMNS)}; here it is {','.join(columns)!r}."
            )
        return [(f"{path}, line {reader.line_num}", row) for row in reader]


def _toml(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    held = tomllib.loads(path.read_text(encoding="utf-8"))
    rows = held.get("override", [])
    if set(held) - {"override"} or not isinstance(rows, list):
        raise CourseError(f"{path}: [[override]] tables are due; here is {', '.join(held)}.")
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or set(row) - set(COLUMNS):
            raise CourseError(f"{path}, [[override]] {place}: its keys are {', '.join(COLUMNS)}.")
    return [(f"{path}, [[override]] {place}", row) for place, row in enumerate(rows, 1)]


def _override(row: Mapping[str, Any], place: str, task: Task) -> Override:
    learner, exercise, points, comment = (
        plain("" if row.get(key) is None else str(row[key])).strip() for key in COLUMNS
    )
    if not learner:
        raise CourseError(f"{place}: no learner is named.")
    items = (*task.spec.exercises, *task.trained)
    known = {f"{task.spec.number.removeprefix('0')}.{n}": i.name for n, i in enumerate(items, 1)}
    exercise = known.get(exercise, exercise)
    if exercise and exercise not in known.values():
        there = ", ".join(f"{name} ({label})" for label, name in known.items())
        raise CourseError(f"{place}: there is no exercise {exercise!r}; there are {there}.")
    most = next((item.marks for item in items if item.name == exercise), task.possible)
    due = _points(points, most, place)
    if due is None and not comment:
        raise CourseError(f"{place}: neither points nor a comment is given.")
    return Override(learner, exercise, due, comment, place)


def _points(text: str, most: int, place: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise CourseError(f"{place}: points are a number from 0 to {most}; here is {text!r}.")
    return number(value)


def demand_known(overrides: Sequence[Override], learners: Mapping[str, Any]) -> None:
    """Raise where a decision is about nobody who is marked."""
    for one in overrides:
        if one.learner not in learners:
            raise CourseError(
                f"{one.place}: {one.learner!r} is nobody who is marked here: names are those of "
                "the column `learner` in marks.csv."
            )


def apply(
    kept: Mapping[str, dict[str, Any]], overrides: Sequence[Override]
) -> dict[str, dict[str, Any]]:
    """Return the marks as decided; each decision is told in them."""
    return {
        who: _decided(marks, [one for one in overrides if one.learner == who])
        for who, marks in kept.items()
    }


def _decided(marks: dict[str, Any], mine: Sequence[Override]) -> dict[str, Any]:
    if not mine:
        return marks
    rows = [dict(row) for row in marks["exercises"]]
    notes, told = list(marks["notes"]), []
    for one in mine:
        row = next((row for row in rows if row["name"] == one.exercise), None)
        said = _said(one, row["points"] if row else None)
        told.append({"exercise": one.exercise, "points": one.points, "comment": one.comment})
        notes.append(f"{row['label'] or row['name']}: {said}" if row else said)
        if row is not None:
            row["message"] = f"{said}\n{row['message']}"
            row["points"] = row["points"] if one.points is None else one.points
    decided = {**marks, "exercises": rows, "notes": notes, "overrides": told}
    whole = next((one.points for one in mine if not one.exercise), None)
    decided["total"] = total_of(decided) if whole is None else whole
    return decided


def _said(one: Override, before: Any) -> str:
    if one.points is None:
        return f"Your instructor says: {one.comment}"
    was = "" if before is None else f"{before} → "
    points = f"Decided by your instructor: {was}{one.points} points."
    return f"{points} {one.comment}".strip()
