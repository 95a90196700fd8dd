"""Progress as data: events, their lines of JSON, and what they add up to.

A line is a record with its version "v". A course reads the versions up to its own and leaves newer
ones alone; a new kind of event, or a new meaning, is a new version.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

VERSION = 1
Kind = Literal["check", "hint", "predict"]
_KINDS = get_args(Kind)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something a learner did.

    Args:
        kind: "check", "hint" or "predict".
        lesson: two digits, "04".
        name: of the exercise, or the prediction's id.
        status: of a check, such as "passed".
        diagnosis: of a check, the id of the recognised wrong answer.
        detail: of a prediction, the guess.
        at: when, in UTC, such as "2025-03-01T09:30:00.000000Z".

    >>> Event(kind="predict", lesson="04", name="peak", detail="upper right").detail
    'upper right'
    """

    kind: Kind
    lesson: str
    name: str
    status: str | None = None
    diagnosis: str | None = None
    detail: str | None = None
    at: str = field(default_factory=_now)


_FIELDS = tuple(Event.__dataclass_fields__)


@dataclass
class ExerciseProgress:
    """One exercise's events, folded.

    Args:
        first_passed: when it passed first, or None.
        attempts: checks of something written; a blank is none.
        last_status: of the last attempt.
        hints: how many were taken.
        diagnoses: wrong answers recognised, each once, in the order they were met.
    """

    first_passed: str | None = None
    attempts: int = 0
    last_status: str | None = None
    hints: int = 0
    diagnoses: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True when it passed once, whatever came later."""
        return self.first_passed is not None

    @property
    def passed_before(self) -> bool:
        """True when it passed once and its last attempt did not."""
        return self.passed and self.last_status != "passed"

    def add_check(self, event: Event) -> None:
        """Take in one check."""
        if event.status == "not_started":
            return
        self.attempts += 1
        self.last_status = event.status
        # Lines kept in memory reach the file late, so the first pass need not come first in it.
        if event.status == "passed" and (self.first_passed is None or event.at < self.first_passed):
            self.first_passed = event.at
        if event.diagnosis and event.diagnosis not in self.diagnoses:
            self.diagnoses.append(event.diagnosis)


@dataclass
class LessonProgress:
    """One lesson's events, folded.

    Args:
        exercises: by name.
        guesses: the last one, by prediction id.
        last: when the last event came, or "".
    """

    exercises: dict[str, ExerciseProgress] = field(default_factory=dict)
    guesses: dict[str, str] = field(default_factory=dict)
    last: str = ""

    def exercise(self, name: str) -> ExerciseProgress:
        """Return the progress of one exercise; an untouched one when there is none."""
        return self.exercises.get(name, ExerciseProgress())

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.last = max(self.last, event.at)
        if event.kind == "predict":
            if event.detail is not None:
                self.guesses[event.name] = event.detail
            return
        exercise = self.exercises.setdefault(event.name, ExerciseProgress())
        if event.kind == "hint":
            exercise.hints += 1
        else:
            exercise.add_check(event)


def fold(events: Iterable[Event]) -> dict[str, LessonProgress]:
    """Return the progress in each lesson, by its number.

    >>> lessons = fold([Event(kind="hint", lesson="04", name="causal_mask")])
    >>> lessons["04"].exercise("causal_mask").hints
    1
    """
    lessons: dict[str, LessonProgress] = {}
    for event in events:
        lessons.setdefault(event.lesson, LessonProgress()).add(event)
    return lessons


@dataclass
class Reading:
    """What reading the file gave.

    Args:
        events: those of this version, in the file's order.
        damaged: how many lines could not be understood.
        newer: how many records of each newer version were left out.
        torn: True when the last line has no end and cannot be understood.
    """

    events: list[Event] = field(default_factory=list)
    damaged: int = 0
    newer: dict[int, int] = field(default_factory=dict)
    torn: bool = False


def parse(data: bytes) -> Reading:
    """Read the file's bytes; a line that cannot be understood is counted and left out.

    >>> parse(b'{"v": 2}\\nnot JSON\\n').damaged
    1
    """
    reading = Reading()
    lines = data.split(b"\n")
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _record(line)
        version = record.get("v")
        if type(version) is int and version > VERSION:
            reading.newer[version] = reading.newer.get(version, 0) + 1
        elif (event := _event(record)) is not None:
            reading.events.append(event)
        else:
            reading.damaged += 1
            reading.torn = place == len(lines)
    return reading


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _event(record: dict[str, Any]) -> Event | None:
    version = record.pop("v", None)
    sound = (
        type(version) is int
        and version == VERSION
        and record.get("kind") in _KINDS
        and all(isinstance(record.get(key), str) for key in ("lesson", "name", "at"))
        and all(
            isinstance(record.get(key), str | None) for key in ("status", "diagnosis", "detail")
        )
    )
    values: dict[str, Any] = {key: record.get(key) for key in _FIELDS}
    return Event(**values) if sound else None


def to_line(event: Event) -> bytes:
    # ASCII alone: a line cut anywhere is still text, and lone surrogates cannot break it.
    return json.dumps({"v": VERSION, **asdict(event)}, default=str).encode("ascii") + b"\n"
