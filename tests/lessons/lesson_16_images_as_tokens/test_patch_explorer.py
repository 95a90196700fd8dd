"""The patch explorer shows the rows that the function made, beside the pixels that are due."""

import base64
import json
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.explore import patch_explorer
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.patchify import MISTAKES as PATCHIFY
from course_lib.lessons.lesson_16_images_as_tokens.reference import patchify

WRONG = {wrong.id: wrong.code for wrong in PATCHIFY}


def picture(c=3, h=8, w=12, seed=0):
    return torch.from_numpy(np.random.Generator(np.random.Philox(seed)).random((c, h, w)))


def make(yours=patchify, **options):
    pair = SimpleNamespace(name="patchify", yours=yours, course=patchify, passed=yours is patchify)
    images = {"colours": picture(), "grey": picture(1, 6, 4, seed=1)}
    return patch_explorer(pair, images, **{"patch_sizes": (4, 2, 3)} | options)


def test_a_token_is_the_row_of_the_patch_under_the_cursor():
    explorer = make().set(row=1, column=2)
    state = explorer.state()
    assert (state["token"], state["grid"]) == (5, [2, 3])
    assert np.allclose(state["numbers"], picture()[:, 4:8, 8:12].reshape(-1))
    assert state["numbers"] == pytest.approx(state["pixels"])
    assert state["differ"] == 0


@pytest.mark.parametrize(
    "wrong", ["columns_first", "pixels_transposed", "channels_last", "plain_reshape", "scattered"]
)
def test_a_swapped_axis_shows_at_once(wrong):
    explorer = make(WRONG[wrong])
    state = explorer.state()
    assert state["differ"] >= 4
    assert "beside each row stand the pixels that are due" in state["note"]
    assert f"{state['differ']} of 6 tokens do not hold" in explorer.alt()


def test_arrows_walk_over_the_grid_and_stop_at_its_edges():
    explorer = make()
    assert explorer.press("ArrowRight").press("ArrowDown").state()["token"] == 4
    assert explorer.press("ArrowDown").press("ArrowDown").state()["row"] == 1
    assert explorer.press("End").state()["column"] == 2
    assert explorer.press("ArrowLeft").state()["column"] == 1
    assert explorer.press("Home").press("ArrowUp").state()["token"] == 0


def test_a_size_that_does_not_fit_is_passed_over():
    explorer = make().set(size=3)
    assert explorer.state()["patch_size"] == 2
    explorer.set(image=1, size=4)
    assert explorer.state()["patch_size"] == 2
    assert explorer.state()["grid"] == [3, 2]


@pytest.mark.parametrize(
    "yours, said",
    [
        (WRONG["still_pictures"], "returned shape (1, 6, 3, 4, 4); shape (1, 6, 48) is due"),
        (lambda images, patch_size: None, "returned nothing"),
    ],
)
def test_what_cannot_be_drawn_is_named_and_the_course_is_drawn(yours, said):
    state = make(yours).state()
    assert said in state["problem"]
    assert state["differ"] == 0


def test_before_an_attempt_the_course_is_drawn():
    assert "until you write yours" in make(None).state()["note"]


def test_the_page_holds_pictures_and_matrices():
    html = make().html()
    facts = json.loads(unescape(re.search(r"data-course-payload='([^']*)'", html)[1]))
    one = facts["meta"]["images"][0]
    sizes = sorted(map(int, one["matrices"]))
    assert (one["shape"], sizes) == ([3, 8, 12], [2, 4])
    bytes_of = np.frombuffer(base64.b64decode(one["matrices"]["4"]), np.uint8)
    due = patchify(picture()[None], 4)[0].numpy() * 255
    assert np.abs(bytes_of.reshape(due.shape) - due).max() <= 0.5 + 1e-9


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="no picture to explore"):
        patch_explorer(patchify, {})
    with pytest.raises(ValueError, match=r"“one” has shape \(2, 8, 8\)"):
        patch_explorer(patchify, {"one": torch.zeros(2, 8, 8)})
    with pytest.raises(ValueError, match=r"none of the patch sizes \[5\] divides 8 × 12"):
        patch_explorer(patchify, {"one": picture()}, patch_sizes=(5,))
