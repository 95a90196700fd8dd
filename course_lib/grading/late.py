"""Late work: a due date, what a day costs, free late days, and extensions by person.

    due = 2026-12-01T18:00:00+01:00
    percent_a_day = 10
    late_days = 2                       # of everybody, free
    times = "times.csv"                 # learner,submitted and, where it matters, file

    [extensions]
    "Ann Lee" = 2026-12-04T18:00:00+01:00

    [late_days_of]
    bob = 5

A day that has begun counts. Whoever has no line in the times counts as in time, and is named.
"""

import csv
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.text import number, plain

NAME = "deadline.toml"
KEYS = ("due", "percent_a_day", "late_days", "times", "extensions", "late_days_of")
WHEN = "a date and a time, such as 2026-12-01T18:00:00+01:00"


@dataclass(frozen=True)
class Deadline:
    """When work is due, and what happens after.

    Args:
        due: for everybody.
        percent: of the points, for each day.
        days: that are free.
        extensions: another date, by learner.
        days_of: other free days, by learner.
        times: (learner, file or "") and when it was handed in.
    """

    due: datetime
    percent: float = 10.0
    days: int = 0
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    days_of: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[tuple[str, str], datetime] = field(default_factory=dict)

    def time_of(self, learner: str, file: str) -> datetime | None:
        """Return when a file was handed in: of that file, else of the learner."""
        found = self.times.get((learner, file)) or self.times.get((learner, Path(file).name))
        return found or self.times.get((learner, ""))


def find_file(results: Path, given: Path | None) -> Path | None:
    """Return the file of the deadline: as given, or the one in the folder of the results."""
    there = results / NAME
    return given or (there if there.is_file() else None)


def read(path: Path | None) -> Deadline | None:
    """Read a deadline; None without a file.

    Raises:
        CourseError: with what was expected, and what came.
    """
    if path is None:
        return None
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"the deadline {path} cannot be read: {error}") from None
    if strange := sorted(set(held) - set(KEYS)):
        raise CourseError(f"{path}: {strange[0]!r} is no key; they are {', '.join(KEYS)}.")
    due = _when(held.get("due"), f"{path}: due")
    extensions, days_of = (_table(held, key, path) for key in ("extensions", "late_days_of"))
    return Deadline(
        due,
        _amount(held.get("percent_a_day", 10), 100, f"{path}: percent_a_day"),
        int(_amount(held.get("late_days", 0), 365, f"{path}: late_days")),
        {plain(who): _when(at, f"{path}: {who}", due) for who, at in extensions.items()},
        {plain(who): int(_amount(n, 365, f"{path}: {who}")) for who, n in days_of.items()},
        _times(path.parent / str(held["times"]), due) if "times" in held else {},
    )


def _table(held: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    table = held.get(key, {})
    if not isinstance(table, dict):
        raise CourseError(f"{path}: [{key}] is a table by learner; here is {table!r}.")
    return table


def _when(value: Any, place: str, like: datetime | None = None) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise CourseError(f"{place} is {WHEN}; here is {value!r}.") from None
    zone = like.tzinfo if like else None
    # A time without a zone means that of the due date, or this machine's.
    return found if found.tzinfo else (found.replace(tzinfo=zone) if zone else found.astimezone())


def _amount(value: Any, most: int, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CourseError(f"{place} is a number from 0 to {most}; here is {value!r}.")
    return float(value)


def _times(path: Path, due: datetime) -> dict[tuple[str, str], datetime]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the times {path} cannot be read: {error}") from None
    if rows and not {"learner", "submitted"} <= set(rows[0]):
        raise CourseError(f"{path}: the first line is learner,submitted[,file].")
    return {
        (plain(row["learner"]).strip(), plain(row.get("file") or "").strip()): _when(
            row["submitted"], f"{path}, line {line}: submitted", due
        )
        for line, row in enumerate(rows, 2)
    }


def total_of(marks: Mapping[str, Any]) -> float:
    """Return the points of all exercises, less what late work costs."""
    kept = 1 - marks.get("late", {}).get("percent", 0) / 100
    return number(sum(row["points"] for row in marks["exercises"]) * kept)


def apply(
    marked: Mapping[str, Sequence[dict[str, Any]]], deadline: Deadline | None
) -> dict[str, list[dict[str, Any]]]:
    """Return the marks of all hand-ins, less what late ones cost."""
    if deadline is None:
        return {who: list(all_) for who, all_ in marked.items()}
    return {who: [_late(deadline, who, one) for one in all_] for who, all_ in marked.items()}


def _late(deadline: Deadline, who: str, marks: dict[str, Any]) -> dict[str, Any]:
    if not marks["number"]:
        return marks
    at = deadline.time_of(who, marks["file"])
    if at is None:
        said = "No time is known for it: it counts as handed in in time."
        return {**marks, "notes": [*marks["notes"], said]}
    due = deadline.extensions.get(who, deadline.due)
    days = max(0, math.ceil((at - due) / timedelta(days=1)))
    if not days:
        return marks
    free = min(days, deadline.days_of.get(who, deadline.days))
    percent = min(100.0, (days - free) * deadline.percent)
    late = {**marks, "late": {"days": days, "free": free, "percent": number(percent)}}
    late["total"] = total_of(late)
    cost = number(marks["total"] - late["total"])
    said = f"Late by {days} {'day' if days == 1 else 'days'}, {free} of them free: −{cost} points."
    return {**late, "notes": [*marks["notes"], said]}
