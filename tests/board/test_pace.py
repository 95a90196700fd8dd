"""Pace against the run sheet: how far behind, and what to leave out."""

import pytest

from course_lib.board.desk import Setting
from course_lib.board.pace import Stop, stops
from course_lib.grading.workshop import plan
from course_lib.workbook import registry

from .hosted import MINUTE, Hosted, event

SHEET = (
    Stop(0, 10, "Start"),
    Stop(10, 20, "Scores", (("04", "scaled_scores"),)),
    Stop(30, 20, "Masks and all", (("04", "causal_mask"), ("04", "attention"))),
    Stop(50, 5, "End"),
)


@pytest.fixture
def paced(tmp_path, clock):
    """A board with a run sheet and two learners, its clock started."""
    board = Hosted(tmp_path / "room.sqlite", Setting(stops=SHEET), clock)
    tokens = [board.join(), board.join()]
    assert board.wall()["pace"] is None
    board.act("clock")
    yield board, tokens
    board.stop()


def test_on_time_nothing_is_to_be_dropped(paced, clock):
    board, _ = paced
    clock.now += 20 * MINUTE
    pace = board.wall()["pace"]
    assert (pace["now"], pace["next"], pace["behind"], pace["drop"]) == (
        "Scores",
        "Masks and all",
        0,
        None,
    )


def test_behind_the_heaviest_for_its_marks_goes_first(paced, clock):
    board, _ = paced
    clock.now += 31 * MINUTE
    pace = board.wall()["pace"]
    assert pace["behind"] == 5  # the minutes of 4.3, that nobody has passed
    assert pace["drop"]["label"] == "4.6"
    assert board.act("drop", **{key: pace["drop"][key] for key in ("lesson", "name")}) == 200
    assert board.wall()["pace"]["drop"]["label"] == "4.5"
    assert board.row("attention")["dropped"] is True


def test_what_is_passed_is_not_owed_and_ahead_counts(paced, clock):
    board, tokens = paced
    clock.now += 31 * MINUTE
    for token in tokens:
        board.tell(token, event(status="passed"), event(name="causal_mask", status="passed"))
    assert board.wall()["pace"]["behind"] == -6


def test_one_exercise_of_a_lesson_stays(paced, clock):
    board, _ = paced
    clock.now += 56 * MINUTE
    for name in ("attention", "causal_mask"):
        board.act("drop", lesson="04", name=name)
    pace = board.wall()["pace"]
    assert (pace["behind"], pace["drop"]) == (5, None)


def test_the_run_sheet_is_that_of_the_workshop():
    found = stops(1.5, ["02"])
    sheet = plan(1.5, [registry.find("02")])
    assert [(stop.start, stop.title) for stop in found] == [
        (slot.start, slot.title) for slot in sheet.slots
    ]
    taught = [name for stop in found for _, name in stop.tasks]
    left_out = [exercise.name for _, exercise in sheet.left_out]
    assert taught
    assert {*taught, *left_out} == {one.name for one in sheet.lessons[0].exercises}
