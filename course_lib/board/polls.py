"""Polls from predictions: asked, talked about, asked again, shown beside the truth."""

from collections.abc import Sequence
from typing import Any

from course_lib.board.room import Room
from course_lib.board.store import Round


def answers(room: Room, one: Round) -> dict[int, int]:
    """Return each learner's last choice while a round was open."""
    until = float("inf") if one.closed is None else one.closed
    found = {}
    for learner, given in room.guesses.get((one.lesson, one.name), {}).items():
        within = [(at, choice) for at, choice in given if one.opened <= at < until]
        if within:
            found[learner] = max(within)[1]
    return found


def tally(room: Room, one: Round) -> list[int]:
    """Return how many chose each option in a round."""
    chosen = list(answers(room, one).values())
    options = room.pages[one.lesson].polls[one.name].options
    return [chosen.count(place) for place in range(len(options))]


def shown(room: Room, rounds: Sequence[Round]) -> dict[str, Any]:
    """Return what may be shown of a poll: the counts and the truth only once it was revealed.

    Args:
        room: with the guesses.
        rounds: of one poll, at least one, in order.
    """
    last = rounds[-1]
    poll = room.pages[last.lesson].polls[last.name]
    page: dict[str, Any] = {
        "lesson": last.lesson,
        "id": poll.id,
        "question": poll.question,
        "options": list(poll.options),
        "round": len(rounds),
        "open": last.closed is None,
        "answered": len(answers(room, last)),
        "of": len(room.present()),
        "shown": last.shown is not None,
    }
    if last.shown is not None:
        page["results"] = [tally(room, one) for one in rounds]
        page |= {"answer": poll.answer, "because": poll.because}
        if len(rounds) > 1:
            page["moved"] = moved(room, rounds[0], last, poll.answer)
    return page


def moved(room: Room, before: Round, after: Round, right: int) -> dict[str, int]:
    """Return how those who answered twice changed their minds."""
    first, second = answers(room, before), answers(room, after)
    both = [(first[id_] == right, second[id_] == right) for id_ in first.keys() & second.keys()]
    return {
        "both": len(both),
        "to_right": both.count((False, True)),
        "from_right": both.count((True, False)),
    }
