"""Read what a learner sends: names and numbers that the course knows, and nothing else."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_lib.board.catalogue import Page, Poll, Task
from course_lib.checking.result import Status

#: Of an id: what `uuid4().hex` gives.
ID = re.compile(r"[0-9a-f]{32}")
OLDEST = 7 * 86400.0
_STATUS = tuple(status.value for status in Status)
_FIELDS = {
    "check": {"status", "diagnosis"},
    "hint": {"hint"},
    "predict": {"choice"},
    "help": set[str](),
    "down": set[str](),
}
_ALWAYS = {"id", "kind", "lesson", "name", "age"}


class Refused(ValueError):
    """An event that no lesson sends; says why."""


@dataclass(frozen=True)
class Told:
    """Something that a learner did.

    Args:
        id: once for each learner.
        kind: "check", "hint", "predict", "help" or "down".
        lesson: its number.
        name: of the exercise or the prediction; "" for help that is with none.
        at: seconds since 1970, by the board's clock.
        status: of a check.
        diagnosis: of a check, the known mistake.
        choice: of a prediction, which option.
        hint: which of three.
    """

    id: str
    kind: str
    lesson: str
    name: str
    at: float
    status: str | None = None
    diagnosis: str | None = None
    choice: int | None = None
    hint: int | None = None


def read(raw: object, pages: Mapping[str, Page], *, now: float, joined: float) -> Told:
    """Read one event.

    Args:
        raw: as JSON gave it.
        pages: the lessons.
        now: the board's clock.
        joined: when the learner came; nothing is older.

    Raises:
        Refused: when it has a field too many, or a value that the course does not know.
    """
    if not isinstance(raw, dict):
        raise Refused("an event is an object")
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refused("unknown kind")
    if extra := raw.keys() - _ALWAYS - _FIELDS[kind]:
        raise Refused(f"{len(extra)} fields too many")
    id_, number, name = (raw.get(key) for key in ("id", "lesson", "name"))
    if not isinstance(id_, str) or not ID.fullmatch(id_):
        raise Refused("no id")
    if not isinstance(number, str) or not isinstance(name, str) or number not in pages:
        raise Refused("unknown lesson")
    about = _about(kind, pages[number], name)
    at = max(joined, now - _age(raw.get("age")))
    return Told(id_, kind, number, name, at, **_details(kind, raw, about))


def _about(kind: str, page: Page, name: str) -> Task | Poll | None:
    if kind == "predict":
        if name not in page.polls:
            raise Refused("unknown prediction")
        return page.polls[name]
    if name in page.tasks:
        return page.tasks[name]
    if kind in ("help", "down") and name == "":
        return None
    raise Refused("unknown exercise")


def _age(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("no age")
    if not math.isfinite(value) or value < 0:
        raise Refused("no age")
    return min(float(value), OLDEST)


def _details(kind: str, raw: Mapping[str, Any], about: Task | Poll | None) -> dict[str, Any]:
    if kind == "check":
        status, diagnosis = raw.get("status"), raw.get("diagnosis")
        if status not in _STATUS:
            raise Refused("unknown status")
        assert isinstance(about, Task)
        # Another version of the course may know more mistakes: the check still counts.
        known = isinstance(diagnosis, str) and diagnosis in about.says
        return {"status": status, "diagnosis": diagnosis if known else None}
    if kind == "hint":
        return {"hint": _whole(raw.get("hint"), 1, 3)}
    if kind == "predict":
        assert isinstance(about, Poll)
        return {"choice": _whole(raw.get("choice"), 0, len(about.options) - 1)}
    return {}


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Refused(f"not a number from {least} to {most}")
    return value
