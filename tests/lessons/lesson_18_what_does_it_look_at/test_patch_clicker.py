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
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.rollout import MISTAKES as ROLLOUT
from course_lib.models.vit import ViT, ViTConfig

WRONG = {wrong.id: wrong.code for wrong in ROLLOUT}
LAYERS, HEADS, SIDE, PATCH = 2, 3, 4, 5


class Model:
    """Has weights, and keeps the images it was asked about."""

    def __init__(self, weights):
        self.weights, self.asked = weights, []

    def attention_weights(self, images):
        self.asked.append(images)
        return self.weights[:, None]


def weights_of(seed, n=SIDE**2 + 1, layers=LAYERS, heads=HEADS):
    rng = np.random.Generator(np.random.Philox(seed))
    return torch.from_numpy(2 * rng.standard_normal((layers, heads, n, n))).softmax(-1)


def image_of(seed, side=SIDE * PATCH):
    return torch.from_numpy(np.random.Generator(np.random.Philox(seed)).random((side, side)))


def make(yours=rollout):
    pair = SimpleNamespace(name="rollout", yours=yours, course=rollout, passed=yours is rollout)
    pictures = {
        "first": (Model(weights_of(0)), image_of(0), (5, 5, 10, 15)),
        "second": (Model(weights_of(1)), image_of(1)),
    }
    return patch_clicker(pair, pictures)


def test_it_shows_the_row_of_the_learners_rollout():
    due = rollout(weights_of(0).float()[:, None])[0]
    state = make().set(token=6).state()
    assert np.allclose(state["patches"], due[6, 1:].view(SIDE, SIDE))
    assert state["itself"] == pytest.approx(due[6, 6].item())
    assert state["class token"] == pytest.approx(due[6, 0].item())


@pytest.mark.parametrize("wrong", ["no_residual", "layers_reversed", "rows_not_renormalised"])
def test_a_wrong_rollout_is_shown_as_it_is_with_the_courses_beside(wrong):
    explorer = make(WRONG[wrong])
    due = WRONG[wrong](weights_of(0).float()[:, None])[0]
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
    assert np.allclose(state["patches"], weights_of(0)[1, 1, 3, 1:].view(SIDE, SIDE), atol=1e-6)


def test_arrows_walk_the_grid_and_home_is_the_class_token():
    explorer = make()
    assert explorer.press("ArrowRight").press("ArrowDown").state()["token"] == 1 + SIDE
    assert explorer.press("End").press("ArrowDown").state()["token"] == SIDE**2
    assert explorer.press("Home").state()["token"] == 0


def test_the_box_holds_the_share_of_the_pixels_in_it():
    state = make().set(token=2).state()
    patches = np.array(state["patches"])
    assert state["in_box"] == pytest.approx(patches[1, 1:3].sum() / patches.sum())
    assert make().set(picture=1).state()["in_box"] is None


def test_the_page_carries_every_row_as_bytes_of_its_largest():
    html = make().html()
    payload = json.loads(unescape(re.search(r"data-course-payload='([^']*)'", html)[1]))
    packed = payload["meta"]["pictures"][0]
    n, views = SIDE**2 + 1, 1 + LAYERS * HEADS
    bytes_ = np.frombuffer(base64.b64decode(packed["weights"]), np.uint8).reshape(views, n, n)
    rows = bytes_ / 255 * np.array(packed["tops"])[..., None]
    assert np.allclose(rows[0], rollout(weights_of(0)[:, None])[0], atol=0.003)
    assert "mountAll" in html and len(html.encode()) < 100_000


def test_a_model_is_asked_about_one_image():
    model = Model(weights_of(0))
    patch_clicker(rollout, {"first": (model, image_of(0))})
    assert [tuple(images.shape) for images in model.asked] == [(1, 20, 20)]


def test_an_empty_box_is_none():
    made = patch_clicker(rollout, {"healthy": (Model(weights_of(0)), image_of(0), (0, 0, 0, 0))})
    assert made.state()["box"] is None
    assert "box" not in made.alt()


def test_a_vit_is_asked_as_it_stands():
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=12, patch_size=4, n_channels=3, n_classes=5, d_model=6, n_heads=3, n_layers=2
    )
    model, image = ViT(config).double(), torch.rand(3, 12, 12)
    made = patch_clicker(rollout, {"a photograph": (model, image)}).set(view=6, token=2)
    due = model.attention_weights(image[None].double())[1, 0, 2, 2]
    assert np.allclose(np.ravel(made.state()["patches"]), due[1:].detach(), atol=1e-6)
    assert made.state()["view"] == "layer 1, head 2"


def test_without_a_class_token_the_answer_is_the_mean_of_the_rows():
    weights = weights_of(0, n=SIDE**2)
    made = patch_clicker(rollout, {"first": (Model(weights), image_of(0))})
    rolled = rollout(weights.float()[:, None])[0]
    state = made.state()
    assert np.allclose(np.ravel(state["patches"]), rolled.mean(0))
    assert state["class token"] == 0
    assert np.allclose(np.ravel(made.set(token=3).state()["patches"]), rolled[2])
    assert "the mean of the patches gathers most" in made.press("Home").alt()


def test_where_all_heads_are_too_many_they_are_averaged():
    weights = weights_of(0, n=65, layers=3, heads=7)
    made = patch_clicker(rollout, {"large": (Model(weights), image_of(0, side=16))})
    assert made.views == ["rollout", *(f"layer {at}, mean of the heads" for at in range(3))]
    assert np.allclose(
        np.ravel(made.state()["patches"]), rollout(weights.float()[:, None])[0, 0, 1:]
    )
    state = made.set(view=2, token=4).state()
    assert np.allclose(np.ravel(state["patches"]), weights[1].mean(0)[4, 1:], atol=1e-6)


def test_weights_that_are_too_many_for_a_page_are_refused():
    many = Model(torch.full((256, 2, 17, 17), 1 / 17))
    with pytest.raises(ValueError, match="73,984 weights are more than the 70,000 that fit a page"):
        patch_clicker(rollout, {"large": (many, torch.zeros(20, 20))})


def test_tokens_that_form_no_square_are_refused():
    odd = Model(torch.full((2, 3, 7, 7), 1 / 7))
    with pytest.raises(ValueError, match="“odd” has 7 tokens"):
        patch_clicker(rollout, {"odd": (odd, torch.zeros(20, 20))})


def test_a_model_that_tells_no_weights_hears_what_it_must_offer():
    with pytest.raises(TypeError, match=r"“x”: Linear has no attention_weights\(images\), which"):
        patch_clicker(rollout, {"x": (torch.nn.Linear(2, 2), torch.zeros(20, 20))})


def test_weights_of_another_shape_are_refused():
    flat = SimpleNamespace(attention_weights=lambda images: torch.ones(1, 3, 17, 17) / 17)
    with pytest.raises(ValueError, match=r"returned \(1, 3, 17, 17\) for one image; \(L, 1, H"):
        patch_clicker(rollout, {"x": (flat, torch.zeros(20, 20))})


def test_the_figure_speaks_in_numbers():
    assert re.search(r"gathers most, \d\.\d\d, from the patch in row \d", make().alt())


def test_its_module_loads_nothing():
    from importlib.resources import files

    source = files("course_lib.explore").joinpath("static", "patch_clicker.js").read_text()
    for loads in ("import ", "import(", "fetch(", "XMLHttpRequest", "innerHTML", "https:"):
        assert loads not in source
