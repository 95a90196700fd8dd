"""Where the board is away nothing changes for the learner, and all follows later, once each."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from course_lib.board.store import Store
from course_lib.workbook.sharing import sender
from course_lib.workbook.sharing.outbox import Outbox
from course_lib.workbook.sharing.sharing import OUTBOX

from .cut import Wire
from .hosted import Hosted, until

CHECK = {"kind": "check", "lesson": "04", "name": "scaled_scores", "status": "failed"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait hundredths of a second, not halves."""
    monkeypatch.setattr(sender, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(sender, "LONGEST_WAIT", 0.1)


def waiting(sharing):
    return len(Outbox(sharing.folder / f"{OUTBOX}-{sharing.membership.room}"))


def told(path):
    """Return how often each event is in a room's file."""
    store = Store(path)
    found = Counter((learner, one.id) for learner, one in store.events())
    store.close()
    return found


def test_what_happened_while_the_board_was_away_follows(board, learner):
    ada = learner()
    ada.join(board.url, board.code)
    board.stop()
    for _ in range(70):  # more than one batch
        ada.tell(CHECK)
    assert waiting(ada) == 70
    board.start()
    until(lambda: waiting(ada) == 0)
    assert sorted(told(board.path).values()) == [1] * 70


def test_another_kernel_sends_what_the_last_could_not(board, learner):
    first = learner()
    first.join(board.url, board.code)
    board.stop()
    first.tell(CHECK)
    first.close()  # the kernel ends
    board.start()
    second = learner()
    second.tell(None)  # as a lesson that is opened
    until(lambda: board.desk.room.taken == 1)


def test_an_answer_that_is_lost_counts_nothing_twice(board, learner):
    wire = Wire(board.port)
    ada = learner()
    ada.join(f"http://127.0.0.1:{wire.port}", board.code)
    wire.loses_answers = True
    for _ in range(3):
        ada.tell(CHECK)
    until(lambda: board.desk.room.taken == 3)
    assert waiting(ada) == 3  # nothing was acknowledged
    wire.loses_answers = False
    until(lambda: waiting(ada) == 0)
    assert sorted(told(board.path).values()) == [1] * 3
    wire.close()


def test_a_connection_that_was_idle_for_long_is_made_anew_at_once(board, learner, monkeypatch):
    wire = Wire(board.port)
    ada = learner()
    ada.join(f"http://127.0.0.1:{wire.port}", board.code)
    ada.tell(CHECK)
    until(lambda: waiting(ada) == 0)
    monkeypatch.setattr(sender, "FIRST_WAIT", 60.0)  # a failure would be seen
    wire.cut_now()
    wire.cut = False
    ada.tell(CHECK)
    until(lambda: waiting(ada) == 0)
    wire.close()


def test_the_network_is_cut_in_mid_lesson(board, learner):
    wire = Wire(board.port)
    learners = [learner(k) for k in range(4)]
    for one in learners:
        one.join(f"http://127.0.0.1:{wire.port}", board.code)
    for step in range(30):
        for one in learners:
            one.tell(CHECK)
        if step == 10:
            wire.cut_now()
        if step == 20:
            wire.cut = False
        time.sleep(0.005)
    until(lambda: not any(map(waiting, learners)))
    assert sorted(told(board.path).values()) == [1] * 120
    wire.close()


def served(path, port):
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.board.serve", str(path), str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    port, code = child.stdout.readline().split()
    return child, int(port), code


def test_the_board_is_killed_in_mid_write(tmp_path, learner):
    path = tmp_path / "room.sqlite"
    child, port, code = served(path, 0)
    learners = [learner(k) for k in range(3)]
    for one in learners:
        one.join(f"http://127.0.0.1:{port}", code)
    for _ in range(2):
        for _ in range(20):
            for one in learners:
                one.tell(CHECK)
        time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait(), child.stdout.close()
        child, _, again = served(path, port)
        assert again == code
    until(lambda: not any(map(waiting, learners)), 10)
    child.kill(), child.wait(), child.stdout.close()
    assert sorted(told(path).values()) == [1] * 120


def test_a_board_that_never_answers_holds_nobody_up(board, learner):
    ada = learner()
    ada.join(board.url, board.code)
    board.stop()
    with socket.create_server(("127.0.0.1", board.port)):  # takes connections, says nothing
        began = time.monotonic()
        for _ in range(20):
            ada.tell(CHECK)
        assert time.monotonic() - began < 0.5
        assert waiting(ada) == 20


def test_a_full_disk_holds_nobody_up(board, learner, monkeypatch):
    ada = learner()
    ada.join(board.url, board.code)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course_lib.workbook.sharing.outbox.os.replace", full)
    ada.tell(CHECK)
    until(lambda: board.desk.room.taken == 1)


def test_what_the_boards_disk_refuses_is_not_acknowledged(board, learner, monkeypatch, caplog):
    add, full = board.desk.store.add, [True, True]

    def refuse(rows):
        if full:
            full.pop()
            raise sqlite3.OperationalError("database or disk is full")
        return add(rows)

    monkeypatch.setattr(board.desk.store, "add", refuse)
    ada = learner()
    ada.join(board.url, board.code)
    ada.tell(CHECK)
    until(lambda: waiting(ada) == 0)
    assert (full, board.desk.room.taken) == ([], 1)
    assert "disk is full" in caplog.text and "127.0.0.1" not in caplog.text


def test_who_has_left_sends_nothing(board, learner):
    ada = learner()
    ada.join(board.url, board.code)
    assert ada.leave().startswith("You have left")
    ada.tell(CHECK)
    time.sleep(0.1)
    assert (board.desk.room.taken, ada.membership) == (0, None)
    assert ada.leave() == "You are in no room; nothing is sent."


def test_who_joins_another_room_takes_nothing_along(board, learner, tmp_path, clock):
    other = Hosted(tmp_path / "other.sqlite", clock=clock)
    ada = learner()
    ada.join(board.url, board.code)
    board.stop()
    ada.tell(CHECK)
    ada.join(other.url, other.code)
    ada.tell(CHECK)
    until(lambda: other.desk.room.taken == 1)
    other.stop()


def test_a_room_that_knows_nobody_any_more_is_told_once(board, learner):
    ada = learner()
    ada.join(board.url, board.code)
    board.call(board.desk.leave(board.desk.room.learners[1], forget=True))
    ada.tell(CHECK)
    until(lambda: ada.ended)
    assert "join again" in ada.ended
