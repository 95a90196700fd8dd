"""The glimpse player replays a log and asks nobody."""

import numpy as np
import pytest

from course_lib.data.digit_canvas import glimpse_log
from course_lib.explore import glimpse_player


def test_it_starts_before_the_first_glimpse():
    state = glimpse_player().state()
    assert (state["canvas"], state["glimpse"], state["looked"], state["seen"]) == (1, 0, [], 0.0)


def test_right_looks_once_more_and_down_takes_the_next_canvas():
    explorer, episodes = glimpse_player(), glimpse_log()["episodes"]
    state = explorer.press("ArrowDown").press("ArrowRight").press("ArrowRight").state()
    assert (state["canvas"], state["glimpse"]) == (2, 2)
    assert state["looked"] == episodes[1]["places"][:2]
    assert state["chances"] == episodes[1]["chances"][2]
    assert state["guess"] == int(np.argmax(state["chances"]))


def test_one_window_is_a_ninth_of_the_canvas():
    assert glimpse_player().set(glimpse=1).state()["seen"] == pytest.approx(64 / 576)


def test_after_the_last_glimpse_there_is_no_next():
    state = glimpse_player().set(glimpse=99).state()
    assert state["glimpse"] == 5
    assert state["next"] is None


def test_the_page_needs_no_python_and_is_small():
    html = glimpse_player().html()
    assert 'data-course-explorer="glimpse_player"' in html
    assert "mountAll" in html and 'alt="A canvas of' in html
    assert len(html) < 150_000


def test_a_canvas_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="1 to 12, not 13"):
        glimpse_player(canvas=13)
