"""What a regrade changed: old → new by learner and exercise, and why."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib.grading.task import Task
from course_lib.grading.text import cell

#: What the last run gave and went by; read by the next.
LAST = "last-run.json"
CHANGES = "changes.csv"
HEAD = ("learner", "exercise", "old", "new", "reasons")
#: Why marks may differ, by what a run goes by.
WHY = {
    "task": "the assignment or its checks changed",
    "secret": "another secret: other hidden cases",
    "keep": "--keep changed",
    "limits": "limits or partial credit changed",
}


def state(task: Task, kept: Mapping[str, Mapping[str, Any]], options: Any, secret: str) -> Any:
    """Return what a run gave, and what it went by, as plain data."""
    by = {
        "task": task.digest,
        "secret": hashlib.sha256(secret.encode()).hexdigest()[:16],
        "keep": options.keep,
        "limits": repr((options.limits, getattr(options, "partial", False))),
    }
    return {"by": by, "learners": {who: _of(marks) for who, marks in kept.items()}}


def _of(marks: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "total": marks["total"],
        "points": {row["name"]: row["points"] for row in marks["exercises"]},
        "work": [marks["number"], marks["file"], marks.get("sha256", "")],
        "overrides": marks.get("overrides", []),
        "late": marks.get("late", {}),
    }


def read(results: Path) -> Any:
    """Return the state of the run before, or None."""
    try:
        held = json.loads((results / LAST).read_text(encoding="utf-8"))
        return held if held["by"] and held["learners"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def changes(old: Any, new: Any) -> list[dict[str, Any]]:
    """List every number that differs; exercise "" is the total."""
    if old is None:
        return []
    found = []
    run = [why for key, why in WHY.items() if old["by"].get(key) != new["by"][key]]
    for who in sorted({*old["learners"], *new["learners"]}):
        was, now = (held["learners"].get(who) for held in (old, new))
        if was is None or now is None:
            said = "not marked before" if was is None else "no longer marked"
            pairs = {"": [held["total"] if held else None for held in (was, now)]}
            found += _rows(who, pairs, [said])
            continue
        pairs = {"": [was["total"], now["total"]]}
        for name in now["points"]:
            pairs[name] = [was["points"].get(name), now["points"][name]]
        found += _rows(who, pairs, [*_reasons(was, now), *run])
    return found


def _reasons(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    said = []
    if was["work"] != now["work"]:
        said.append("another hand-in counts")
    if was["overrides"] != now["overrides"]:
        said.append("an override changed")
    if was["late"] != now["late"]:
        said.append("late days or an extension changed")
    return said


def _rows(who: str, pairs: Mapping[str, list[Any]], reasons: list[str]) -> list[dict[str, Any]]:
    why = reasons or ["nothing that is kept changed: a time limit, or chance in the answer"]
    return [
        {"learner": who, "exercise": name, "old": old, "new": new, "reasons": why}
        for name, (old, new) in pairs.items()
        if old != new
    ]


def as_csv(found: list[dict[str, Any]]) -> bytes:
    """Return the changes as a table."""
    out = io.StringIO()
    rows = [[*(row[key] for key in HEAD[:4]), "; ".join(row["reasons"])] for row in found]
    filled = [["" if item is None else item for item in row] for row in rows]
    csv.writer(out, lineterminator="\r\n").writerows([HEAD, *[map(cell, row) for row in filled]])
    return out.getvalue().encode("utf-8-sig")


def in_words(found: list[dict[str, Any]]) -> list[str]:
    """Return a line for each change of a total or an exercise."""
    return [
        f"  {row['learner']}: {row['exercise'] or 'total'} {_or_none(row['old'])} → "
        f"{_or_none(row['new'])} ({'; '.join(row['reasons'])})"
        for row in found
    ]


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)
