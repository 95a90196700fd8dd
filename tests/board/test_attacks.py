"""Twenty attacks on a board; each succeeds where its defence is taken away."""

import http.client
import json
import re
import socket
import sqlite3
import stat
from contextlib import suppress

import pytest

from course_lib.board import server, walls
from course_lib.board.desk import Setting
from course_lib.board.names import ALPHABET, EACH, GROUPS, clean, new_code

from .hosted import Hosted, event

BIDI = "\u202eadA"


def join(board, code=None, name="Eve", **headers):
    body = {"code": board.code if code is None else code, "name": name, "export": False}
    return board.ask("/api/join", body, **headers)


def test_01_a_code_cannot_be_guessed(board):
    assert len(ALPHABET) ** (GROUPS * EACH) > 2**58
    assert len({new_code() for _ in range(200)}) == 200
    answers = [join(board, new_code())[0] for _ in range(30)]
    assert set(answers[:20]) == {403}
    assert set(answers[20:]) == {429}


def test_01_who_guesses_keeps_nobody_out(board):
    for _ in range(30):
        join(board, new_code())
        board.ask("/api/snapshot", token="guess")
    assert join(board)[0] == 200
    assert board.wall()["here"] == 1


def test_02_an_old_code_opens_nothing(board, clock):
    old = board.code
    clock.now += Setting().code_seconds + 1
    assert join(board, old)[0] == 403
    assert board.act("code") == 200
    assert join(board, old)[0] == 403
    assert join(board)[0] == 200


def test_03_a_closed_door_stays_closed(board):
    board.act("door", door="closed")
    assert join(board)[0] == 403
    assert board.wall()["join"]["code"] == ""


def test_04_nobody_tells_without_a_token(board):
    join(board)
    for token in ("", "x" * 32, board.code, board.desk.facts["wall"], "1"):
        assert board.tell(token, event())[0] == 401


def test_05_a_token_opens_no_other_room(board, tmp_path, clock):
    other = Hosted(tmp_path / "other.sqlite", clock=clock)
    try:
        other.join()
        assert other.tell(board.join(), event())[0] == 401
    finally:
        other.stop()


def test_06_the_file_gives_no_token_away(board):
    token = board.join()
    with sqlite3.connect(board.path) as db:
        text = "\n".join(db.iterdump())
    db.close()
    assert token not in text
    assert stat.S_IMODE(board.path.stat().st_mode) == 0o600


def test_07_nobody_writes_anothers_row(board):
    ada, eve = board.join("Ada"), board.join("Eve")
    board.tell(ada, event())
    for field in ({"learner": 1}, {"token": ada}, {"at": 0}):
        status, said = board.tell(eve, event(status="passed", **field))
        assert (status, said["taken"]) == (200, [])
    assert board.row()["passed"] == 0


def test_08_nobody_takes_anothers_ids(board):
    ada, eve = board.join("Ada"), board.join("Eve")
    one = event()
    board.tell(eve, one)
    board.tell(ada, {**one, "status": "passed"})
    assert (board.row()["passed"], board.row()["trying"]) == (1, 1)


def test_09_a_replay_changes_nothing(board):
    token = board.join()
    one = event()
    for _ in range(9):
        assert board.tell(token, one)[1]["taken"] == [one["id"]]
    row = board.row()
    assert (row["trying"], row["stuck"], board.wall()["taken"]) == (1, 0, 1)


def test_10_nobody_reads_anothers_row(board):
    token = board.join("Ada")
    for path in ("/api/snapshot", "/api/stream", "/api/export.json", "/api/export.csv"):
        status, text, _ = board.ask(path, token=token)
        assert status == 401
        assert "Ada" not in text


@pytest.mark.parametrize("who", ["nobody", "learner", "wall"])
def test_11_nobody_does_what_the_instructor_does(board, who):
    token = {"nobody": "", "learner": board.join(), "wall": board.desk.facts["wall"]}[who]
    for act in ("open", "again", "reveal", "end", "lower", "drop", "code", "door", "clock"):
        body = {"lesson": "04", "id": "peak", "name": "causal_mask", "learner": 1, "door": "open"}
        assert board.ask(f"/api/act/{act}", body, token)[0] in (401, 403)
    assert board.ask("/api/export.csv?names=yes", token=token)[0] in (401, 403)


def test_12_the_instructors_secret_cannot_be_guessed(board):
    assert len(board.desk.facts["instructor"]) >= 43  # 256 bits
    answers = [board.ask("/api/snapshot", token=f"guess{k}")[0] for k in range(25)]
    assert answers == [401] * 20 + [429] * 5


def test_13_a_name_is_text_and_never_a_page(board):
    name = "<img src=x onerror=1>"
    board.tell(board.join(name, export=True), *[event() for _ in range(7)], event("help"))
    secret = board.desk.facts["instructor"]
    _, text, headers = board.ask("/api/snapshot", token=secret)
    assert name[:20] in text and headers["Content-Type"].startswith("application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    page = board.ask("/api/export.html?names=yes", token=secret)[1]
    assert "&lt;img" in page and "<img" not in page
    script = (walls.STATIC / "wall.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|srcdoc", script)


def test_14_no_script_runs_but_the_boards(board):
    _, page, headers = board.ask("/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page)
    for path in ("/api/snapshot", "/nothing", "/api/export.html"):
        assert board.ask(path)[2]["Content-Security-Policy"] == policy


def test_15_a_name_neither_hides_nor_turns_nor_copies(board):
    assert clean(BIDI) == "adA"
    assert clean("\u200b\u2066\u0000") == ""
    assert len(clean("A" + "\u0301" * 500)) <= 3
    assert len(clean("n" * 10_000)) == 24
    board.join("Ada"), board.join("ada"), board.join("\uff21da")
    names = [one.name for one in board.desk.room.learners.values()]
    assert names == ["Ada", "ada (2)", "\uff21da (3)"]


def test_16_the_wall_is_not_flooded_with_names(tmp_path, clock):
    board = Hosted(tmp_path / "small.sqlite", Setting(most=50), clock)
    try:
        tokens = [board.join(f"Flood {k}") for k in range(50)]
        assert join(board)[0] == 409
        for token in tokens:
            board.tell(token, event("help"), event("help"))
        page = board.wall(instructor=True)
        assert (page["hands"]["count"], len(page["hands"]["who"])) == (50, 40)
        assert "Flood" not in json.dumps(board.wall())
    finally:
        board.stop()


def test_17_a_learner_who_tells_too_much_is_told_to_wait(board):
    token = board.join()
    full = [{"events": [event() for _ in range(50)]} for _ in range(8)]
    answers = [board.ask("/api/events", one, token) for one in full]
    assert [status for status, _, _ in answers] == [200] * 6 + [429] * 2
    assert int(answers[-1][2]["Retry-After"]) >= 1
    other = board.join()  # is not kept waiting
    assert board.tell(other, *[event() for _ in range(50)])[0] == 200


def test_18_what_is_too_large_or_odd_is_refused(board):
    token = board.join()
    padded = json.dumps({"events": [event()]}).encode() + b" " * 40_000  # else it would be taken
    with suppress(OSError, http.client.HTTPException):  # cut off while it sends
        assert board.ask("/api/events", padded, token)[0] in (400, 413)
    for body in (b"[" * 5000, b"{", b"[]", b'"x"', b"\xff\xfe", b'{"events": 1}'):
        assert board.ask("/api/events", body, token)[0] == 400
    assert board.ask("/api/events", {"events": [event()] * 51}, token)[0] == 400
    odd = [{"age": float("nan")}, {"age": -1}, {"age": True}, {"id": "../x"}, {"lesson": "99"}]
    odd += [{"name": "x"}, {"status": "won"}, {"kind": "shout"}, {"kind": ["check"]}]
    odd += [{"code": "def f"}, {"text": "hello"}]
    for more in odd:
        status, said = board.tell(token, {**event(), **more})
        assert (status, said["taken"]) == (200, [])
    assert board.tell(token, event("predict", "peak", choice=3))[1]["taken"] == []
    assert board.wall()["taken"] == 0


def test_19_another_page_cannot_use_the_instructors_browser(board):
    secret = board.desk.facts["instructor"]
    elsewhere = {"Origin": "http://evil.example"}
    assert board.ask("/api/act/code", {}, secret, **elsewhere)[0] == 403
    assert board.ask("/api/act/code", {}, secret, Host="evil.example")[0] == 421
    form = {"Content-Type": "text/plain"}
    assert board.ask("/api/act/code", {}, secret, **form)[0] == 415
    assert board.ask("/", Host="evil.example")[0] == 421
    assert "Set-Cookie" not in board.ask("/")[2]


def test_20_no_file_but_the_four_is_sent(board):
    for path in ("/../desk.py", "/%2e%2e/desk.py", "/wall.py", "/..", "/.", "/static/wall.js"):
        assert board.ask(path)[0] == 404
    assert board.ask("/api/act/__class__", {}, board.desk.facts["instructor"])[0] == 404


@pytest.mark.parametrize("begun", [b"", b"POST /api/join HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_21_what_is_sent_slowly_is_cut_off(tmp_path, clock, monkeypatch, begun):
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    body = b"Content-Length: 99\r\n\r\n{" if begun else b""
    board = Hosted(tmp_path / "slow.sqlite", clock=clock)
    try:
        with socket.create_connection(("127.0.0.1", board.port), timeout=3) as slow:
            slow.sendall(begun + body)
            assert slow.recv(100) == b""
    finally:
        board.stop()


def test_22_walls_are_not_opened_without_end(board, monkeypatch):
    monkeypatch.setattr(walls, "MOST", 2)
    secret = board.desk.facts["wall"]
    head = f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n\r\n"
    open_ = [socket.create_connection(("127.0.0.1", board.port)) for _ in range(2)]
    try:
        for one in open_:
            one.sendall(head.encode())
            assert b"200" in one.recv(100)
        assert board.ask("/api/stream", token=secret)[0] == 503
    finally:
        for one in open_:
            one.close()
