"""What the events of a room add up to: who has passed, who tries, who is stuck, who waits."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.board.catalogue import Page
from course_lib.board.store import Learner
from course_lib.board.told import Told

#: Stuck: not passed after so many seconds, or so many tries, or with all hints used up.
STUCK_SECONDS, STUCK_TRIES, ALL_HINTS = 600.0, 6, 3
#: A mistake counts as made now for so long, and somebody as at work.
RECENT = 1200.0
COMMONEST = 2


@dataclass
class Work:
    """One learner at one exercise.

    Args:
        first, last: when it was touched.
        tries: checks of something written.
        hints: the furthest that was taken.
        passed: when it passed first; None before.
        diagnosis: the mistake in the latest try that named one or passed; None for none.
        diagnosed: when that try was.
        made: all mistakes that were named.
    """

    first: float
    last: float
    tries: int = 0
    hints: int = 0
    passed: float | None = None
    diagnosis: str | None = None
    diagnosed: float = 0.0
    made: set[str] = field(default_factory=set)

    def add(self, told: Told) -> None:
        """Take in a check or a hint, in whatever order they come."""
        self.first, self.last = min(self.first, told.at), max(self.last, told.at)
        if told.kind == "hint":
            self.hints = max(self.hints, told.hint or 0)
        elif told.status != "not_started":
            self.tries += 1
            if told.status == "passed":
                self.passed = told.at if self.passed is None else min(self.passed, told.at)
            if told.diagnosis:
                self.made.add(told.diagnosis)
            if told.at >= self.diagnosed:
                self.diagnosis, self.diagnosed = told.diagnosis, told.at

    def stuck(self, now: float) -> bool:
        """Tell whether somebody who is at it would like to be looked after."""
        return self.passed is None and (
            now - self.first >= STUCK_SECONDS
            or self.tries >= STUCK_TRIES
            or (self.hints >= ALL_HINTS and self.tries > 0)
        )


@dataclass
class Hand:
    """A raised hand: since when, and where."""

    at: float
    lesson: str
    name: str
    up: bool = True


Place = tuple[str, str]


@dataclass
class Room:
    """All that a board knows of a room, added up.

    Args:
        pages: the lessons.
        learners: by id.
    """

    pages: Mapping[str, Page]
    learners: dict[int, Learner] = field(default_factory=dict)
    work: dict[Place, dict[int, Work]] = field(default_factory=dict)
    latest: dict[int, tuple[float, Place]] = field(default_factory=dict)
    hands: dict[int, Hand] = field(default_factory=dict)
    guesses: dict[Place, dict[int, list[tuple[float, int]]]] = field(default_factory=dict)
    taken: int = 0

    def add(self, rows: Iterable[tuple[int, Told]]) -> None:
        """Take in events that are new."""
        for learner, told in rows:
            self.taken += 1
            place = (told.lesson, told.name)
            if told.kind == "predict":
                given = self.guesses.setdefault(place, {}).setdefault(learner, [])
                given.append((told.at, told.choice or 0))
            elif told.kind in ("help", "down"):
                hand = self.hands.get(learner)
                if hand is None or told.at >= hand.at:
                    self.hands[learner] = Hand(told.at, *place, up=told.kind == "help")
            else:
                self._add_work(learner, place, told)

    def _add_work(self, learner: int, place: Place, told: Told) -> None:
        done = self.work.setdefault(place, {})
        done.setdefault(learner, Work(told.at, told.at)).add(told)
        if told.at >= self.latest.get(learner, (0.0, place))[0]:
            self.latest[learner] = (told.at, place)

    def present(self) -> set[int]:
        """Return who has not left."""
        return {one.id for one in self.learners.values() if one.gone is None}

    def counts(self, place: Place, now: float) -> dict[str, list[int]]:
        """Return who has passed an exercise, who tries it, is stuck in it, has left it open."""
        found: dict[str, list[int]] = {"passed": [], "trying": [], "stuck": [], "open": []}
        for learner, work in self.work.get(place, {}).items():
            here = self.learners[learner].gone is None
            if work.passed is not None:
                found["passed"].append(learner)
            elif not here or self.latest[learner][1] != place:
                found["open"].append(learner)
            else:
                found["stuck" if work.stuck(now) else "trying"].append(learner)
        return found

    def misunderstandings(self, now: float, most: int | None = COMMONEST) -> list[dict[str, Any]]:
        """Return the commonest mistakes now, in the words of the checks."""
        here = self.present()
        counter: Counter[tuple[str, str, str]] = Counter()
        for (lesson, name), done in self.work.items():
            for learner, work in done.items():
                recent = work.diagnosed >= now - RECENT and learner in here
                if work.diagnosis and work.passed is None and recent:
                    counter[lesson, name, work.diagnosis] += 1
        return [
            {**self.named(lesson, name), "says": self._says(lesson, name, id_), "count": count}
            for (lesson, name, id_), count in counter.most_common(most)
        ]

    def _says(self, lesson: str, name: str, id_: str) -> str:
        return self.pages[lesson].tasks[name].says.get(id_, id_)

    def named(self, lesson: str, name: str) -> dict[str, str]:
        """Return an exercise's number and title."""
        task = self.pages[lesson].tasks.get(name)
        label = task.label if task else lesson
        return {"label": label, "title": task.title if task else self.pages[lesson].title}

    def raised(self) -> list[tuple[Learner, Hand]]:
        """Return who asks for help, longest first."""
        up = [
            (self.learners[id_], hand)
            for id_, hand in self.hands.items()
            if hand.up and hand.at > self.learners[id_].lowered and self.learners[id_].gone is None
        ]
        return sorted(up, key=lambda one: one[1].at)
