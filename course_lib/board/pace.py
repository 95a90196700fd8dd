"""Where the room is against the run sheet, and what to leave out next."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from statistics import median
from typing import Any

from course_lib.board.room import Place, Room

#: Minutes behind from which leaving something out is proposed.
SLACK = 5


@dataclass(frozen=True)
class Stop:
    """A row of the run sheet: from which minute, how long, what, and its exercises."""

    start: int
    minutes: int
    title: str
    tasks: tuple[Place, ...] = ()

    @property
    def end(self) -> int:
        """The minute in which it is over."""
        return self.start + self.minutes


def stops(hours: float, numbers: Sequence[str]) -> list[Stop]:
    """Return the run sheet that `course workshop` makes.

    Raises:
        CourseError: when the lessons do not fit, or this is no checkout.
    """
    from course_lib.grading.workshop import plan
    from course_lib.workbook import registry

    found = plan(hours, [registry.find(number) for number in dict.fromkeys(numbers)])
    return [
        Stop(
            slot.start,
            slot.minutes,
            slot.title,
            tuple((slot.section.lesson.number, one.name) for one in slot.section.exercises)
            if slot.section
            else (),
        )
        for slot in found.slots
    ]


def pace(
    found: Sequence[Stop], room: Room, *, minute: float, dropped: Set[Place]
) -> dict[str, Any]:
    """Return where the room is.

    Args:
        found: the run sheet.
        room: with who has passed what.
        minute: since the clock was started.
        dropped: exercises that the instructor has left out.

    Returns:
        The row that is due, the next, by how many minutes half of the room is behind (negative:
        ahead), and which exercise to drop next, if any.
    """
    now = next((k for k, stop in enumerate(found) if stop.end > minute), len(found) - 1)
    behind = _behind(found, room, minute, dropped)
    following = found[now + 1].title if now + 1 < len(found) else ""
    drop = _next_to_drop(found, room, dropped) if behind >= SLACK else None
    return {
        "minute": int(minute),
        "now": found[now].title,
        "until": found[now].end,
        "next": following,
        "behind": round(behind),
        "drop": None if drop is None else {"lesson": drop[0], "name": drop[1], **room.named(*drop)},
    }


def _behind(found: Sequence[Stop], room: Room, minute: float, dropped: Set[Place]) -> float:
    due = [p for stop in found if stop.end <= minute for p in stop.tasks if p not in dropped]
    later = [p for stop in found if stop.end > minute for p in stop.tasks]
    each = []
    for learner in room.present():
        owed = sum(_minutes(room, place) for place in due if not _passed(room, place, learner))
        won = sum(_minutes(room, place) for place in later if _passed(room, place, learner))
        each.append(owed - won)
    return median(each) if each else 0.0


def _next_to_drop(found: Sequence[Stop], room: Room, dropped: Set[Place]) -> Place | None:
    """The exercise that is heaviest for its marks, longest, latest; one stays in each lesson."""
    kept = [place for stop in found for place in stop.tasks if place not in dropped]
    here = room.present()
    candidates = []
    for at, (lesson, name) in enumerate(kept):
        passed = sum(_passed(room, (lesson, name), learner) for learner in here)
        others = sum(one[0] == lesson for one in kept) > 1
        if others and 2 * passed < max(1, len(here)):
            task = room.pages[lesson].tasks[name]
            candidates.append((task.weight, task.minutes, at, (lesson, name)))
    return max(candidates)[-1] if candidates else None


def _passed(room: Room, place: Place, learner: int) -> bool:
    work = room.work.get(place, {}).get(learner)
    return work is not None and work.passed is not None


def _minutes(room: Room, place: Place) -> int:
    return room.pages[place[0]].tasks[place[1]].minutes
