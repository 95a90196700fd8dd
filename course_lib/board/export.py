"""What is kept after the room: time and tries by exercise, misunderstandings, guesses.

A name stands in it only where the instructor asked for names and the learner allowed it.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from html import escape
from statistics import median
from typing import Any

from course_lib.board import polls
from course_lib.board.desk import Desk


def as_data(desk: Desk, *, names: bool) -> dict[str, Any]:
    """Return the export.

    Args:
        desk: of the room.
        names: with those that may be exported; else numbers alone.
    """
    return {
        "learners": len(desk.room.learners),
        "exercises": _exercises(desk),
        "misunderstandings": _misunderstandings(desk),
        "polls": _polls(desk),
        "each": _each(desk, names),
    }


def _exercises(desk: Desk) -> list[dict[str, Any]]:
    rows = []
    for (lesson, name), done in sorted(desk.room.work.items()):
        passed = [work for work in done.values() if work.passed is not None]
        minutes = [((work.passed or 0.0) - work.first) / 60 for work in passed]
        rows.append(
            {
                "lesson": lesson,
                "exercise": name,
                **desk.room.named(lesson, name),
                "begun": len(done),
                "passed": len(passed),
                "median_minutes": round(median(minutes), 1) if minutes else None,
                "median_tries": median(work.tries for work in done.values()),
                "hints": sum(work.hints for work in done.values()),
            }
        )
    return rows


def _misunderstandings(desk: Desk) -> list[dict[str, Any]]:
    """By learners who ever made each, whatever came later."""
    counter = Counter(
        (lesson, name, id_)
        for (lesson, name), done in desk.room.work.items()
        for work in done.values()
        for id_ in work.made
    )
    return [
        {
            "lesson": lesson,
            "exercise": name,
            **desk.room.named(lesson, name),
            "says": desk.pages[lesson].tasks[name].says.get(id_, id_),
            "learners": count,
        }
        for (lesson, name, id_), count in counter.most_common()
    ]


def _polls(desk: Desk) -> list[dict[str, Any]]:
    rows = []
    for poll in dict.fromkeys(one.poll for one in desk.rounds):
        rounds = [one for one in desk.rounds if one.poll == poll]
        asked = desk.pages[rounds[0].lesson].polls[rounds[0].name]
        row: dict[str, Any] = {
            "lesson": rounds[0].lesson,
            "prediction": asked.id,
            "question": asked.question,
            "options": list(asked.options),
            "answer": asked.answer,
            "rounds": [polls.tally(desk.room, one) for one in rounds],
        }
        if len(rounds) > 1:
            row["moved"] = polls.moved(desk.room, rounds[0], rounds[-1], asked.answer)
        rows.append(row)
    return rows


def _each(desk: Desk, names: bool) -> list[dict[str, Any]]:
    rows = []
    for (lesson, name), done in sorted(desk.room.work.items()):
        for id_, work in sorted(done.items()):
            learner = desk.room.learners[id_]
            called = learner.name if names and learner.export else f"Learner {id_}"
            took = None if work.passed is None else round((work.passed - work.first) / 60, 1)
            rows.append(
                {
                    "learner": called,
                    "lesson": lesson,
                    "exercise": name,
                    "passed": work.passed is not None,
                    "minutes": took,
                    "tries": work.tries,
                    "hints": work.hints,
                }
            )
    return rows


def as_json(desk: Desk, *, names: bool) -> str:
    """Return the export for machines."""
    return json.dumps(as_data(desk, names=names), indent=1, ensure_ascii=False) + "\n"


def as_csv(desk: Desk, *, names: bool) -> str:
    """Return a row for each learner and exercise."""
    rows = as_data(desk, names=names)["each"]
    text = io.StringIO()
    fields = ["learner", "lesson", "exercise", "passed", "minutes", "tries", "hints"]
    writer = csv.DictWriter(text, fields)
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """A cell that begins like a formula would be one to a spreadsheet."""
    dangerous = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if dangerous else value


def as_html(desk: Desk, *, names: bool) -> str:
    """Return a page to read or print."""
    data = as_data(desk, names=names)
    asked = [
        {
            "question": one["question"],
            **{
                f"round {k}": ", ".join(
                    f"{option}{' (right)' if place == one['answer'] else ''}: {count}"
                    for place, (option, count) in enumerate(
                        zip(one["options"], counts, strict=True)
                    )
                )
                for k, counts in enumerate(one["rounds"], 1)
            },
        }
        for one in data["polls"]
    ]
    parts = [
        _table("Time and tries by exercise", data["exercises"]),
        _table("Misunderstandings", data["misunderstandings"]),
        _table("Guesses, before and after talking", asked),
        _table("Everybody", data["each"]),
    ]
    style = "body{font:15px/1.5 system-ui,sans-serif;margin:2em}table{border-collapse:collapse}"
    style += "th,td{border:1px solid #999;padding:.2em .6em;text-align:left}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A room</title>'
        f"<style>{style}</style><h1>A room of {data['learners']}</h1>{''.join(parts)}</html>\n"
    )


def _table(title: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    fields = list(dict.fromkeys(key for row in rows for key in row))
    head = "".join(f'<th scope="col">{escape(key.replace("_", " "))}</th>' for key in fields)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(key))}</td>" for key in fields) + "</tr>"
        for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    words = {None: "", True: "yes", False: "no"}
    plain = isinstance(value, bool) or value is None
    return escape(words[value] if plain else str(value))


#: How an export is written, and its type.
FORMS: dict[str, tuple[Callable[..., str], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json"),
    "html": (as_html, "text/html; charset=utf-8"),
}
