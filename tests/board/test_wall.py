"""What learners do is on the wall."""

import json
import urllib.request

from course_lib.checking.progress import Event
from course_lib.workbook.sharing.sharing import as_told

from .hosted import DIVIDES, MINUTE, event, until


def test_one_event_arrives_on_the_wall(board, learner):
    sharing = learner()
    assert "You are in, as Ada." in sharing.join(board.url, board.code.lower(), "Ada")
    checked = Event(
        kind="check", lesson="04", name="scaled_scores", status="failed", diagnosis="divides_by_d"
    )
    sharing.tell(as_told(checked, None))
    until(lambda: board.wall()["taken"] == 1)
    assert board.row()["trying"] == 1
    assert board.wall()["misunderstandings"][0]["says"] == DIVIDES


def test_the_stream_says_it_unasked(board):
    token = board.join()
    secret = board.desk.facts["wall"]
    request = urllib.request.Request(
        board.url + "/api/stream", headers={"Authorization": f"Bearer {secret}"}
    )
    with urllib.request.urlopen(request, timeout=5) as stream:
        assert json.loads(stream.readline()[6:])["taken"] == 0
        board.tell(token, event(status="passed"))
        page = {"taken": 0}
        while page["taken"] == 0:
            line = stream.readline()
            page = json.loads(line[6:]) if line.startswith(b"data: ") else page
    assert page["lessons"][0]["rows"][0]["passed"] == 1


def test_stuck_is_so_many_minutes_or_tries_or_all_hints(board, clock):
    slow, often, hinted, fine = (board.join() for _ in range(4))
    board.tell(slow, event())
    clock.now += 11 * MINUTE
    board.tell(often, *[event() for _ in range(6)])
    board.tell(hinted, event("hint", hint=3), event())
    board.tell(fine, event())
    row = board.row(instructor=True)
    assert (row["stuck"], row["trying"]) == (3, 1)
    assert {one["name"] for one in row["who"]} == {"Learner 1", "Learner 2", "Learner 3"}


def test_who_passes_or_goes_on_is_not_stuck(board, clock):
    passes, goes_on = board.join(), board.join()
    board.tell(passes, event(diagnosis="divides_by_d"))
    board.tell(goes_on, event())
    clock.now += 11 * MINUTE
    board.tell(passes, event(status="passed"))
    board.tell(goes_on, event(name="causal_mask"))
    row = board.row()
    assert (row["passed"], row["open"], row["stuck"]) == (1, 1, 0)
    assert board.wall()["misunderstandings"] == []


def test_the_two_commonest_mistakes_stand_there_in_the_words_of_the_checks(board):
    up, out = "upside_down", "no_diagonal"
    for mistakes in ([up, out], [up], [out], [up], [up]):
        token = board.join()
        board.tell(token, *[event(name="causal_mask", diagnosis=one) for one in mistakes])
    board.tell(board.join(), event(diagnosis="divides_by_d"))
    found = board.wall()["misunderstandings"]
    assert [(one["says"], one["count"]) for one in found] == [
        ("Your mask is upside down.", 3),
        ("Your mask leaves out itself.", 2),
    ]


def test_a_hand_goes_up_and_the_instructor_lowers_it(board, clock):
    token = board.join("Ada")
    board.tell(token, event("help"))
    clock.now += 3 * MINUTE
    assert board.wall()["hands"] == {"count": 1}
    (hand,) = board.wall(instructor=True)["hands"]["who"]
    assert (hand["name"], hand["label"], hand["minutes"]) == ("Ada", "4.3", 3)
    assert board.act("lower", learner=hand["learner"]) == 200
    assert board.wall()["hands"]["count"] == 0
    clock.now += 1
    board.tell(token, event("help"))
    assert board.wall()["hands"]["count"] == 1
    board.tell(token, event("down"))
    assert board.wall()["hands"]["count"] == 0


def test_names_are_the_instructors_alone(board, clock):
    token = board.join("Ada")
    board.tell(token, *[event() for _ in range(7)], event("help"))
    assert "Ada" in json.dumps(board.wall(instructor=True))
    assert "Ada" not in json.dumps(board.wall())


def test_who_leaves_counts_no_more_and_who_asks_is_forgotten(board):
    leaves, forgotten = board.join("Ada"), board.join("Ben")
    for token in (leaves, forgotten):
        board.tell(token, event(status="passed"), event(name="causal_mask"))
    board.ask("/api/leave", {"forget": False}, leaves)
    board.ask("/api/leave", {"forget": True}, forgotten)
    assert (board.wall()["here"], board.row()["passed"]) == (0, 1)
    assert board.tell(forgotten, event())[0] == 401
    assert [one.name for one in board.desk.store.learners().values()] == ["Ada"]
    assert {learner for learner, _ in board.desk.store.events()} == {1}
