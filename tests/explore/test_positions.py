"""The positions explorer: its numbers are the functions' own, with and without Python."""

import json
import re
from html import unescape

import numpy as np
import pytest
import torch

from course_lib.attention.positions import rotate_halves, rotate_pairs, sinusoidal_positions
from course_lib.explore import positions

from .every import pair, unwritten


def make(table=sinusoidal_positions, rotate=rotate_halves):
    return positions(pair(table, sinusoidal_positions), pair(rotate, rotate_halves))


def test_it_shows_the_table_of_the_function():
    state = make().set(width=4).state()
    due = sinusoidal_positions(torch.arange(20.0), 4)
    assert np.allclose(state["table"], due, atol=1e-6)
    assert state["table"][0] == [0.0, 1.0, 0.0, 1.0]


def test_a_row_resembles_itself_most():
    state = make().state()
    assert np.allclose(np.diag(state["similar"]), 1.0)
    assert np.argmax(state["similar"][5]) == 5


def test_similarity_and_score_depend_on_distance_alone():
    state = make().state()
    for name in ("similar", "scores"):
        matrix = np.array(state[name])
        assert np.allclose(matrix[1:, 1:], matrix[:-1, :-1])
    assert state["score"] == pytest.approx(state["score_moved"])


def test_a_table_that_is_added_gives_scores_that_depend_on_the_place():
    state = make(rotate=lambda x, at: x + sinusoidal_positions(at, x.shape[-1])).state()
    assert abs(state["score"] - state["score_moved"]) > 0.01
    assert state["course_scores"] is not None


def test_the_other_layout_stands_beside_the_course_s():
    state = make(rotate=rotate_pairs).state()
    assert not np.allclose(state["scores"], state["course_scores"])
    assert state["course_table"] is None
    assert "Where the course's differs, it stands beside yours." in state["note"]


def test_arrows_move_query_and_key():
    explorer = make()
    explorer.press("ArrowDown").press("ArrowRight").press("ArrowRight")
    state = explorer.state()
    assert (state["query"], state["key"]) == (6, 11)
    assert explorer.set(query=0).press("ArrowUp").state()["query"] == 0


def test_nothing_is_one_later_at_the_end():
    assert make().set(key=19).state()["score_moved"] is None
    assert "move on" not in make().set(key=19).alt()


def test_moves_of_the_page_do_what_presses_do():
    by_page, by_hand = make(), make()
    by_page.move({"place": {"query": 7, "key": 11}})
    by_hand.press("ArrowDown").press("ArrowDown").press("ArrowRight").press("ArrowRight")
    assert by_page.state() == by_hand.state()


@pytest.mark.parametrize(
    "answer, words",
    [
        (unwritten, "is not written yet."),
        (lambda *args: None, "returned nothing: is the return missing?"),
        (lambda *args: torch.zeros(2, 9), r"returned shape \(2, 9\); shape \(20, 8\) is due."),
        (lambda: None, "raised TypeError: .*takes 0 positional arguments"),
    ],
)
@pytest.mark.parametrize("which", ["table", "rotate"])
def test_an_answer_that_cannot_be_drawn_is_told_in_words(which, answer, words):
    state = make(**{which: answer}).state()
    assert re.search(words, state["problem"]), state["problem"]
    assert "The course's version is drawn instead." in state["note"]
    assert state["scores"] == make().state()["scores"]


def test_an_answer_that_writes_into_its_inputs_spoils_nothing():
    def careless(x, at):
        out = rotate_halves(x, at)
        x.zero_()
        at.zero_()
        return out

    assert make(rotate=careless).state()["scores"] == make().state()["scores"]


def test_not_a_number_reaches_the_page_as_one():
    view = make(table=lambda at, d: sinusoidal_positions(at, d) * float("nan")).view()
    assert "NaN" in json.dumps(view, allow_nan=False)


def test_the_static_form_has_numbers_in_words_and_keeps_within_bounds():
    html = make(rotate=rotate_pairs, table=lambda at, d: 0.5 * sinusoidal_positions(at, d)).html()
    assert len(html.encode()) < 100_000
    alt = unescape(re.search(r'<img class="course-figure" alt="([^"]+)"', html)[1])
    assert re.search(r"similarity \d\.\d\d; the rotary score of query 5 and key 9 is", alt)


def test_two_made_alike_show_the_same_bytes():
    assert make().html() == make().html()
    assert repr(make()) == repr(make())


def test_the_table_of_all_positions_holds_what_python_would_answer():
    explorer = make()
    table = explorer.table()
    assert len(table["rows"]) == 3
    for key, row in table["rows"].items():
        explorer.place(width=int(key))
        view = explorer.view()
        assert {**table["same"], **row} == {name: view[name] for name in view if name != "at"}


def test_a_bare_function_is_drawn_and_anything_else_refused():
    bare = positions(sinusoidal_positions, rotate_halves)
    assert "Drawn by sinusoidal_positions. Drawn by rotate_halves." in bare.state()["note"]
    with pytest.raises(TypeError, match="an explorer draws a function"):
        positions([1, 2], rotate_halves)
