"""`course board` and `course lab --join`: what is printed works, Ctrl+C keeps the room."""

import json
import os
import re
import signal
import socket
import threading
import urllib.request

import pytest
import typer

from course_lib.board import run
from course_lib.board.run import Options, run_board
from course_lib.errors import CourseError
from course_lib.lab import join_room
from course_lib.workbook.sharing.sharing import Sharing

from .hosted import PAGES, until


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """Where the rooms are kept; lessons are the small ones."""
    folder = tmp_path / "boards"
    monkeypatch.setenv("COURSE_BOARDS", str(folder))
    monkeypatch.setattr(run, "catalogue", lambda _: PAGES)
    return folder


@pytest.fixture
def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def while_it_runs(options, act, capsys):
    """Run a board, do something once it has said how to reach it, press Ctrl+C."""
    said, failed = [], []

    def press():
        try:
            until(lambda: said.append(capsys.readouterr().out) or "Ctrl+C" in "".join(said))
            act("".join(said))
        except BaseException as error:
            failed.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=press)
    other.start()
    assert run_board(options) == 0
    other.join()
    assert failed == []
    return "".join(said)


def invited(said):
    return re.search(r'lesson\.join\("(.+)", "(.+)"\)', said).groups()


def test_a_room_is_opened_kept_and_gone_on_with(rooms, port, tmp_path, capsys):
    options = Options(port=port, browser=False)
    first = while_it_runs(
        options, lambda said: Sharing(tmp_path / "ada").join(*invited(said), "Ada"), capsys
    )
    assert "course board --again" in capsys.readouterr().out
    assert len(list(rooms.glob("*.sqlite"))) == 1
    here = []

    def look(said):
        origin, secret = re.search(r"To project:\s+(http.+)/#(.+)", said).groups()
        request = urllib.request.Request(
            f"{origin}/api/snapshot", headers={"Authorization": f"Bearer {secret}"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            here.append(json.load(answer)["here"])

    again = while_it_runs(Options(port=port, again=True, browser=False), look, capsys)
    assert (again, here) == (first, [1])


def test_beyond_this_machine_the_invitation_carries_the_fingerprint(rooms, port, tmp_path, capsys):
    options = Options(port=port, listen="0.0.0.0", name="localhost", browser=False)
    ada = Sharing(tmp_path / "ada")
    said = while_it_runs(options, lambda said: ada.join(*invited(said)), capsys)
    assert re.fullmatch(rf"https://localhost:{port}#[a-z2-7]{{32}}", invited(said)[0])
    assert ada.membership.called == "Learner 1"


def test_a_browser_is_opened_and_no_command_line_tells_the_secret(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(run.webbrowser, "open", opened.append)
    run.open_page("http://127.0.0.1:8642/#secret", tmp_path)
    run.open_page("http://127.0.0.1:8642/#secret", tmp_path)
    assert "secret" not in opened[0]
    page = tmp_path / "open.html"
    assert opened == [page.as_uri()] * 2
    assert "url=http://127.0.0.1:8642/#secret" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0


def test_a_taken_port_is_one_message_and_leaves_no_room(rooms, port):
    taken = pytest.raises(CourseError, match=f"port {port}.*--port")
    with socket.create_server(("127.0.0.1", port)), taken:
        run_board(Options(port=port, browser=False))
    assert list(rooms.iterdir()) == []
    with pytest.raises(CourseError, match="there is no room"):
        run_board(Options(again=True, browser=False))


@pytest.fixture
def asked(monkeypatch):
    """Answers to what the command line asks, in order."""
    answers = []
    for name in ("confirm", "prompt"):
        monkeypatch.setattr(typer, name, lambda *_, **__: answers.pop(0))
    monkeypatch.delenv("COURSE_PROGRESS")
    return answers


def test_the_command_line_asks_and_lessons_there_are_in(board, asked, tmp_path, capsys):
    asked += [True, board.code, "Ada", True]
    join_room(board.url, None, None, work=tmp_path)
    out = capsys.readouterr().out
    assert "Never your code" in out
    assert out.endswith("You are in, as Ada.\n")
    assert Sharing(tmp_path / ".course").membership.called == "Ada"
    assert board.desk.room.learners[1].export is True


def test_who_says_no_sends_nothing(board, asked, tmp_path, capsys):
    asked += [False]
    join_room(board.url, board.code, "Ada", work=tmp_path)
    assert capsys.readouterr().out.endswith("Nothing is sent.\n")
    assert board.desk.room.learners == {}
    assert list(tmp_path.glob(".course")) == []
