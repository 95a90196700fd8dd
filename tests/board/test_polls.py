"""A prediction becomes a poll: counted unseen, asked again, shown beside the truth."""

import json

import pytest

from .hosted import event


def act(board, clock, name):
    """A second later, let the instructor do something."""
    clock.now += 1
    assert board.act(name) == 200
    clock.now += 1


def guess(choice, **more):
    return event("predict", "peak", choice=choice, **more)


@pytest.fixture
def asked(board, clock):
    """A poll that is open, and two learners."""
    tokens = [board.join(), board.join()]
    assert board.act("open", lesson="04", id="peak") == 200
    clock.now += 1
    return board, tokens


def test_answers_are_counted_and_not_shown(asked):
    board, (ada, ben) = asked
    board.tell(ada, guess(0))
    board.tell(ben, guess(1))
    for page in (board.wall(), board.wall(instructor=True)):
        assert (page["poll"]["answered"], page["poll"]["of"]) == (2, 2)
        assert page["poll"].keys().isdisjoint({"results", "answer", "because"})


def test_the_last_answer_counts_once(asked, clock):
    board, (ada, _) = asked
    board.tell(ada, guess(0))
    clock.now += 1
    board.tell(ada, guess(2))
    act(board, clock, "reveal")
    assert board.wall()["poll"]["results"] == [[0, 0, 1]]


def test_what_was_guessed_before_or_after_does_not_count(board, clock):
    ada = board.join()
    board.tell(ada, guess(0))
    clock.now += 1
    board.act("open", lesson="04", id="peak")
    clock.now += 1
    board.act("reveal")
    clock.now += 1
    board.tell(ada, guess(1))
    assert board.wall()["poll"]["results"] == [[0, 0, 0]]


def test_what_comes_late_counts_where_it_was_given(asked, clock):
    board, (ada, _) = asked
    clock.now += 9
    board.act("again")
    clock.now += 10
    board.tell(ada, guess(0, age=15.0))  # while the first round was open
    act(board, clock, "reveal")
    assert board.wall()["poll"]["results"] == [[1, 0, 0], [0, 0, 0]]


def test_asked_again_after_talking_both_are_shown_beside_the_truth(asked, clock):
    board, (ada, ben) = asked
    board.tell(ada, guess(0))
    board.tell(ben, guess(1))
    act(board, clock, "again")
    assert board.wall()["poll"]["answered"] == 0
    board.tell(ada, guess(1))
    board.tell(ben, guess(1))
    act(board, clock, "reveal")
    poll = board.wall()["poll"]
    assert poll["results"] == [[1, 1, 0], [0, 2, 0]]
    assert (poll["answer"], poll["because"]) == (1, "It moves.")
    assert poll["moved"] == {"both": 2, "to_right": 1, "from_right": 0}


def test_after_the_truth_nothing_is_asked_again(asked):
    board, _ = asked
    board.act("reveal")
    assert board.act("again") == 409
    assert board.act("end") == 200
    assert board.wall()["poll"] is None


def test_a_poll_outlives_the_board(asked):
    board, (ada, _) = asked
    board.tell(ada, guess(2))
    board.stop()
    board.start()
    assert board.wall()["poll"]["answered"] == 1


def test_the_export_has_guesses_before_and_after(asked, clock):
    board, (ada, _) = asked
    board.tell(ada, guess(0))
    act(board, clock, "again")
    board.tell(ada, guess(1))
    act(board, clock, "reveal")
    text = board.ask("/api/export.json", token=board.desk.facts["instructor"])[1]
    (poll,) = json.loads(text)["polls"]
    assert poll["rounds"] == [[1, 0, 0], [0, 1, 0]]
    assert poll["moved"]["to_right"] == 1
