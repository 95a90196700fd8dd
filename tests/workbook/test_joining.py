"""`lesson.join`, `lesson.help`, `lesson.leave`: what a learner reads and what is sent."""

import json

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.workbook import lesson as module
from course_lib.workbook.lesson import Lesson
from course_lib.workbook.sharing.sharing import WHAT_IS_SENT, Membership, Sharing


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """Lesson 04 in a folder of its own, joined to a board that does not answer."""
    sharing = Sharing(tmp_path)
    monkeypatch.setattr(module.Sharing, "open", classmethod(lambda _: sharing))
    sharing._keep(Membership("http://127.0.0.1:9", "room", "token", "Ada"))
    yield Lesson("04")
    sharing.close()


def sent(tmp_path):
    files = sorted((tmp_path / "board-outbox-room").glob("*.json"))
    events = [json.loads(path.read_text()) for path in files]
    return [{k: v for k, v in one.items() if k not in ("id", "at")} for one in events]


def scaled_scores(q, k):
    secret_of_mine = 0.0
    return q @ k.transpose(-2, -1) / q.shape[-1] + secret_of_mine


def test_what_is_sent_is_names_and_numbers_of_the_courses(lesson, tmp_path, capsys):
    lesson.check(scaled_scores)
    lesson.hint("scaled_scores")
    asked = lesson.spec.predictions[0]
    lesson.predict(asked.id, asked.options[1])
    lesson.help()
    lesson.help("causal_mask", done=True)
    common = {"lesson": "04", "name": "scaled_scores"}
    assert sent(tmp_path) == [
        {**common, "kind": "check", "status": "failed", "diagnosis": "divides_by_d"},
        {**common, "kind": "hint", "hint": 1},
        {"kind": "predict", "lesson": "04", "name": asked.id, "choice": 1},
        {**common, "kind": "help"},
        {"kind": "down", "lesson": "04", "name": "causal_mask"},
    ]
    assert "secret_of_mine" not in json.dumps(sent(tmp_path))
    assert "Your hand is up" in capsys.readouterr().out


def test_a_check_says_the_same_with_a_board_and_without(lesson, tmp_path, capsys):
    lesson.check(torch.nn.Linear(2, 2), name="scaled_scores")
    joined = capsys.readouterr().out
    lesson.leave()
    capsys.readouterr()
    lesson.check(torch.nn.Linear(2, 2), name="scaled_scores")
    assert capsys.readouterr().out == joined


def test_leaving_ends_it_and_takes_along_what_waits(lesson, tmp_path, capsys):
    lesson.hint("scaled_scores")
    lesson.leave()
    assert "You have left; nothing more is sent." in capsys.readouterr().out
    lesson.hint("scaled_scores")
    lesson.help()
    assert sent(tmp_path) == []
    assert "You are in no room" in capsys.readouterr().out
    assert not (tmp_path / "board.json").exists()


def test_a_board_that_is_away_is_told_in_a_sentence(lesson, capsys):
    lesson.join("http://127.0.0.1:9", "CODE")
    assert capsys.readouterr().out.startswith("Not joined: no board answers at http://127.0.0.1:9")
    lesson.join("http://192.168.1.5", "CODE")
    assert "Not joined" in capsys.readouterr().out


def test_an_unknown_exercise_raises_no_hand(lesson, tmp_path, capsys):
    lesson.help("nothing")
    assert "has no exercise 'nothing'" in capsys.readouterr().out
    assert sent(tmp_path) == []


def test_the_form_joins_by_one_click(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(module, "has_front_end", lambda: True)
    monkeypatch.setattr("course_lib.workbook.sharing.form.display", shown.append)
    asked = []

    def join(address, code, name, *, export):
        asked.append((address, code, name, export))
        if code == "WRONG":
            raise CourseError("no <such> room")
        return "You are in, as <b>."

    monkeypatch.setattr(lesson._sharing, "join", join)
    for code, said in (("CODE", "You are in, as &lt;b&gt;."), ("WRONG", "no &lt;such&gt; room")):
        lesson.join("ADDRESS", code)
        told, name, _, buttons, answer = shown.pop().children
        assert WHAT_IS_SENT[:30] in told.value
        name.value = "Ada"
        buttons.children[0].click()
        assert answer.value == said
        assert buttons.children[0].disabled == (code == "CODE")
    assert asked == [("ADDRESS", "CODE", "Ada", False), ("ADDRESS", "WRONG", "Ada", False)]


def test_a_form_that_is_declined_sends_nothing(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(module, "has_front_end", lambda: True)
    monkeypatch.setattr("course_lib.workbook.sharing.form.display", shown.append)
    monkeypatch.setattr(lesson._sharing, "join", lambda *_, **__: pytest.fail("joined"))
    lesson.join("ADDRESS", "CODE")
    *_, buttons, answer = shown.pop().children
    buttons.children[1].click()
    assert "Nothing is sent" in answer.value
