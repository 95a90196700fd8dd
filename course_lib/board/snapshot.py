"""What is on the wall, as data: once without names, once for the instructor."""

from typing import Any

from course_lib.board import polls
from course_lib.board.catalogue import Page, Task
from course_lib.board.desk import Desk
from course_lib.board.pace import pace

#: Rows of people on the instructor's page.
MOST_PEOPLE = 40


def snapshot(desk: Desk, *, instructor: bool) -> dict[str, Any]:
    """Return all that a wall shows.

    Args:
        desk: of the room.
        instructor: with names, and what only the instructor may do.
    """
    now, room = desk.clock(), desk.room
    rounds = desk.current()
    page: dict[str, Any] = {
        "taken": room.taken,
        "join": _invitation(desk, now),
        "here": len(room.present()),
        "lessons": [_lesson(desk, one, now, instructor) for one in _on_wall(desk)],
        "misunderstandings": room.misunderstandings(now),
        "hands": _hands(desk, now, instructor),
        "poll": polls.shown(room, rounds) if rounds else None,
        "pace": _pace(desk, now),
    }
    if instructor:
        page["door"] = desk.facts.get("door", "open")
        page["clock"] = "clock" in desk.facts
        page["sheet"] = bool(desk.setting.stops)
        page["polls"] = _askable(desk)
    return page


def _invitation(desk: Desk, now: float) -> dict[str, Any]:
    left = desk.open_until - now
    code = desk.facts["code"] if left > 0 else ""
    return {"address": desk.setting.address, "code": code, "minutes": max(0, int(left // 60))}


def _on_wall(desk: Desk) -> list[Page]:
    """The lessons somebody works at, and those of the run sheet."""
    asked = {lesson for stop in desk.setting.stops for lesson, _ in stop.tasks}
    touched = {lesson for lesson, _ in desk.room.work}
    return [page for number, page in desk.pages.items() if number in asked | touched]


def _lesson(desk: Desk, page: Page, now: float, names: bool) -> dict[str, Any]:
    rows = [_row(desk, page.number, task, now, names) for task in page.tasks.values()]
    return {"number": page.number, "title": page.title, "rows": rows}


def _row(desk: Desk, lesson: str, task: Task, now: float, names: bool) -> dict[str, Any]:
    place = (lesson, task.name)
    found = desk.room.counts(place, now)
    row: dict[str, Any] = {kind: len(who) for kind, who in found.items()}
    row |= {"label": task.label, "title": task.title, "dropped": place in desk.dropped}
    if names:
        work = desk.room.work.get(place, {})
        row["who"] = [
            {
                "name": desk.room.learners[id_].name,
                "minutes": int((now - work[id_].first) // 60),
                "tries": work[id_].tries,
                "hints": work[id_].hints,
            }
            for id_ in found["stuck"][:MOST_PEOPLE]
        ]
    return row


def _hands(desk: Desk, now: float, names: bool) -> dict[str, Any]:
    raised = desk.room.raised()
    hands: dict[str, Any] = {"count": len(raised)}
    if names:
        hands["who"] = [
            {
                "learner": learner.id,
                "name": learner.name,
                "minutes": int((now - hand.at) // 60),
                **desk.room.named(hand.lesson, hand.name),
            }
            for learner, hand in raised[:MOST_PEOPLE]
        ]
    return hands


def _pace(desk: Desk, now: float) -> dict[str, Any] | None:
    if not desk.setting.stops or "clock" not in desk.facts:
        return None
    minute = (now - float(desk.facts["clock"])) / 60
    return pace(desk.setting.stops, desk.room, minute=minute, dropped=desk.dropped)


def _askable(desk: Desk) -> list[dict[str, str]]:
    """The predictions of the lessons on the wall; of all when none is there."""
    pages = _on_wall(desk) or list(desk.pages.values())
    return [
        {"lesson": page.number, "id": one.id, "question": one.question}
        for page in pages
        for one in page.polls.values()
    ]
