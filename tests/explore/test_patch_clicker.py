"""The patch clicker shows rows of the learner's rollout, with nothing behind it."""

import base64
import json
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.attention.rollout import rollout
from course_lib.explore import patch_clicker
from course_lib.lessons.wrong.lesson_18 import ROLLOUT

WRONG = {wrong.id: wrong.code for wrong in ROLLOUT}
LAYERS, HEADS, SIDE, PATCH = 2, 3, 4, 5


def one(seed, box=(5, 5, 10, 15)):
    rng = np.random.Generator(np.random.Philox(seed))
    n = SIDE**2 + 1
    scores = torch.from_numpy(2 * rng.standard_normal((LAYERS, HEADS, n, n)))
    return torch.from_numpy(rng.random((SIDE * PATCH, SIDE * PATCH))), scores.softmax(-1), box


def make(yours=rollout):
    pair = SimpleNamespace(name="rollout", yours=yours, course=rollout, passed=yours is rollout)
    return patch_clicker(pair, {"first": one(0), "second": one(1, (0, 0, 0, 0))})


def test_it_shows_the_row_of_the_learners_rollout():
    due = rollout(one(0)[1].float()[:, None])[0]
    state = make().set(token=6).state()
    assert np.allclose(state["patches"], due[6, 1:].view(SIDE, SIDE))
    assert state["itself"] == pytest.approx(due[6, 6].item())
    assert state["class token"] == pytest.approx(due[6, 0].item())


@pytest.mark.parametrize("wrong", ["no_residual", "layers_reversed", "rows_not_renormalised"])
def test_a_wrong_rollout_is_shown_as_it_is_with_the_courses_beside(wrong):
    explorer = make(WRONG[wrong])
    due = WRONG[wrong](one(0)[1].float()[:, None])[0]
    state = explorer.state()
    assert np.allclose(state["patches"], due[0, 1:].view(SIDE, SIDE))
    beside = explorer.press("PageDown").state()
    assert beside["view"] == "rollout, the course's"
    assert not np.allclose(beside["patches"], state["patches"])
    assert "Where the course's differs" in state["note"]


def test_before_an_attempt_the_course_is_drawn():
    state = make(None).state()
    assert "Drawn by the course's rollout until you write yours." in state["note"]


def test_a_rollout_of_the_wrong_shape_is_told_in_words():
    state = make(lambda weights: weights[0]).state()
    assert "Your rollout returned shape" in state["problem"]


def test_views_after_rollout_are_layers_and_heads():
    state = make().set(view=5, token=3).state()
    assert state["view"] == "layer 1, head 1"
    assert np.allclose(state["patches"], one(0)[1][1, 1, 3, 1:].view(SIDE, SIDE), atol=1e-6)


def test_arrows_walk_the_grid_and_home_is_the_class_token():
    explorer = make()
    assert explorer.press("ArrowRight").press("ArrowDown").state()["token"] == 1 + SIDE
    assert explorer.press("End").press("ArrowDown").state()["token"] == SIDE**2
    assert explorer.press("Home").state()["token"] == 0


def test_the_box_holds_the_share_of_the_pixels_in_it():
    state = make().set(token=2).state()
    patches = np.array(state["patches"])
    assert state["in_box"] == pytest.approx(patches[1, 1:3].sum() / patches.sum())
    assert make().set(scan=1).state()["in_box"] == 0


def test_the_page_carries_every_row_as_bytes_of_its_largest():
    html = make().html()
    payload = json.loads(unescape(re.search(r"data-course-payload='([^']*)'", html)[1]))
    packed = payload["meta"]["scans"][0]
    n, views = SIDE**2 + 1, 1 + LAYERS * HEADS
    bytes_ = np.frombuffer(base64.b64decode(packed["weights"]), np.uint8).reshape(views, n, n)
    rows = bytes_ / 255 * np.array(packed["tops"])[..., None]
    assert np.allclose(rows[0], rollout(one(0)[1][:, None])[0], atol=0.003)
    assert "mountAll" in html and len(html.encode()) < 100_000


def test_weights_that_are_too_many_for_a_page_are_refused():
    n = 17
    many = (torch.zeros(20, 20), torch.full((64, 8, n, n), 1 / n), (0, 0, 1, 1))
    with pytest.raises(ValueError, match="more than the 70,000 that fit a page"):
        patch_clicker(rollout, {"large": many})


def test_tokens_that_form_no_square_are_refused():
    odd = (torch.zeros(20, 20), torch.full((2, 3, 7, 7), 1 / 7), (0, 0, 1, 1))
    with pytest.raises(ValueError, match="“odd” has 7 tokens"):
        patch_clicker(rollout, {"odd": odd})


def test_the_figure_speaks_in_numbers():
    assert re.search(r"gathers most, \d\.\d\d, from the patch in row \d", make().alt())


def test_its_module_loads_nothing():
    from importlib.resources import files

    source = files("course_lib.explore").joinpath("static", "patch_clicker.js").read_text()
    for loads in ("import ", "import(", "fetch(", "XMLHttpRequest", "innerHTML", "https:"):
        assert loads not in source
