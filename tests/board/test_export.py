"""After the room: what is kept, without names unless allowed, and for how long."""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest

from course_lib.board.keeping import new_room, sweep
from course_lib.board.run import export_room
from course_lib.board.store import Store

from .hosted import DIVIDES, MINUTE, event

NAMES = "?names=yes"


@pytest.fixture
def after(board, clock):
    """A room in which Ada allowed her name, Ben did not, and both were wrong first."""
    for name, export in (("Ada", True), ("Ben", False)):
        token = board.join(name, export)
        board.tell(token, event(diagnosis="divides_by_d"))
        clock.now += 2 * MINUTE
        board.tell(token, event("hint", hint=1), event(status="passed"))
    return board


def kept(board, form, query=""):
    status, text, headers = board.ask(
        f"/api/export.{form}{query}", token=board.desk.facts["instructor"]
    )
    assert status == 200 and "attachment" in headers["Content-Disposition"]
    return text


def test_time_and_tries_by_exercise(after):
    data = json.loads(kept(after, "json"))
    (row,) = data["exercises"]
    assert (row["begun"], row["passed"], row["hints"]) == (2, 2, 2)
    assert (row["median_minutes"], row["median_tries"]) == (2.0, 2)
    assert [(one["says"], one["learners"]) for one in data["misunderstandings"]] == [(DIVIDES, 2)]


@pytest.mark.parametrize("form", ["csv", "json", "html"])
def test_a_name_needs_the_instructor_and_the_learner(after, form):
    assert "Ada" not in kept(after, form)
    assert "Ada" in kept(after, form, NAMES)
    assert "Ben" not in kept(after, form, NAMES)


def test_a_row_for_each_learner_and_exercise(after):
    rows = list(csv.DictReader(io.StringIO(kept(after, "csv"))))
    assert [(row["learner"], row["tries"], row["minutes"]) for row in rows] == [
        ("Learner 1", "2", "2.0"),
        ("Learner 2", "2", "2.0"),
    ]


def test_after_its_days_a_room_is_deleted(tmp_path):
    began = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
    path = new_room(tmp_path, 30, began)
    Store(path).close()
    path.with_suffix(".pem").write_text("key")
    (tmp_path / "mine.sqlite").write_text("not a room")
    assert sweep(tmp_path, date(2025, 3, 31)) == []
    assert len(sweep(tmp_path, date(2025, 4, 1))) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["mine.sqlite"]


def test_the_command_writes_the_newest_room(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_BOARDS", str(tmp_path / "boards"))
    store = Store(new_room(tmp_path / "boards", 30))
    store.put(lessons="02")
    store.close()
    assert export_room(tmp_path / "kept", names=False) == 0
    assert sorted(one.name for one in (tmp_path / "kept").iterdir()) == [
        "room.csv",
        "room.html",
        "room.json",
    ]
    assert "room.csv" in capsys.readouterr().out
