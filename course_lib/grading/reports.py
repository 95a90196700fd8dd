"""What comes out: JSON and HTML for each learner, CSV for the register, one class report."""

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from course_lib.grading.submissions import Person
from course_lib.grading.task import Task
from course_lib.grading.text import cell, plain_all

#: Columns by which Canvas knows a learner; Moodle lets any column be chosen.
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
WORDS = {
    "passed": "passed",
    "failed": "not right yet",
    "error": "raised an error",
    "timeout": "took too long",
    "forbidden": "uses what the exercise rules out",
    "not_started": "not written",
}


def file_name(learner: str) -> str:
    """Return a file name for a learner: safe on every system, different for different learners."""
    import hashlib

    base = unicodedata.normalize("NFKD", learner).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", base).strip("._")[:60]
    if base and base == learner:
        return base
    return f"{base or 'learner'}-{hashlib.sha256(learner.encode()).hexdigest()[:8]}"


def as_json(value: Any) -> bytes:
    """Return JSON, the same bytes for the same value."""
    text = json.dumps(plain_all(value), indent=1, ensure_ascii=False, sort_keys=True)
    return (text + "\n").encode("utf-8")


def learner_html(task: Task, marks: Mapping[str, Any]) -> bytes:
    """Return a learner's feedback as one page without scripts."""
    return _page("feedback.html", task=task, marks=plain_all(dict(marks)), words=WORDS)


def class_html(task: Task, report: Mapping[str, Any]) -> bytes:
    """Return the class report as one page without scripts."""
    return _page("class.html", task=task, report=plain_all(dict(report)), words=WORDS)


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page(name: str, **values: Any) -> bytes:
    text: str = _templates().get_template(name).render(**values)
    return (text.rstrip("\n") + "\n").encode("utf-8")


# ---------------------------------------------------------------- tables


def marks_csv(task: Task, kept: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return one line for each learner and exercise: learner, exercise, points, total.

    `total` is what the learner has in all.
    """
    rows: list[Sequence[Any]] = [("learner", "exercise", "points", "total")]
    for learner, marks in kept.items():
        found = {result["name"]: result["points"] for result in marks["exercises"]}
        for name in _tasks(task):
            rows.append((learner, name, found.get(name, 0), marks["total"]))
    return _csv(rows)


def gradebook_csv(
    task: Task, kept: Mapping[str, Mapping[str, Any]], people: Sequence[Person]
) -> bytes:
    """Return one line for each learner, with Canvas's columns first; Moodle maps any of them.

    Where the roster has columns of these names they are filled from it.
    """
    column = f"{task.spec.number} {task.spec.title}"
    known = {person.learner: person.fields for person in people}
    more = sorted({name for fields in known.values() for name in fields} & {"Email address"})
    rows: list[Sequence[Any]] = [(*CANVAS, *more, column)]
    rows.append(("Points Possible", *[""] * (len(CANVAS) - 1 + len(more)), task.possible))
    for learner, marks in kept.items():
        fields = known.get(learner, {})
        filled = [fields.get(name, "") for name in CANVAS]
        filled[0] = filled[0] or learner
        filled[3] = filled[3] or learner
        rows.append((*filled, *(fields.get(name, "") for name in more), marks["total"]))
    return _csv(rows)


def _tasks(task: Task) -> list[str]:
    return [item.name for item in (*task.spec.exercises, *task.trained)]


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([[cell(item) for item in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


# ---------------------------------------------------------------- the class


def class_report(task: Task, kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Count, exercise by exercise, how it went, and which misunderstandings are how common."""
    rows = [_of_exercise(task, name, kept) for name in _tasks(task)]
    return {
        "task": task.name,
        "title": task.spec.title,
        "learners": len(kept),
        "possible": task.possible,
        "mean": round(sum(m["total"] for m in kept.values()) / len(kept), 2) if kept else 0,
        "exercises": rows,
        "notes": {who: marks["notes"] for who, marks in kept.items() if marks["notes"]},
    }


def _of_exercise(task: Task, name: str, kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = [r for marks in kept.values() for r in marks["exercises"] if r["name"] == name]
    statuses = Counter(result["status"] for result in found)
    wrong = Counter(result["diagnosis"] for result in found if result["diagnosis"])
    known = next((e.wrong_answers for e in task.spec.exercises if e.name == name), ())
    says = {item.id: {"says": item.says, "why": item.why} for item in known}
    common = sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "name": name,
        "label": found[0]["label"] if found else "",
        "title": found[0]["title"] if found else name,
        "statuses": dict(sorted(statuses.items())),
        "misunderstandings": [
            {"id": id, "count": count, **says.get(id, {"says": id, "why": ""})}
            for id, count in common
        ],
    }
