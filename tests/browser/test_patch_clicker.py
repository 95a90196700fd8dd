"""The patch clicker in exported HTML: keys, clicks, both themes, and nothing asked of Python."""

import re

import pytest
import torch

from course_lib.attention.rollout import rollout
from course_lib.explore import patch_clicker

from .axe import violations

WHERE = "[data-course-explorer=patch_clicker]"


class Model:
    def __init__(self, weights):
        self.attention_weights = lambda images: weights[:, None]


def draws(seed, *shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    even, noisy = torch.full((2, 2, 10, 10), 0.1), (9 * draws(0, 2, 2, 10, 10)).softmax(-1)
    pictures = {
        "even": (Model(even), draws(0, 12, 12), (4, 4, 8, 12)),
        "noisy": (Model(noisy), draws(1, 12, 12)),
    }
    path = tmp_path_factory.mktemp("exported") / "clicker.html"
    page = (
        f"<!doctype html><html lang='en'><title>t</title>{patch_clicker(rollout, pictures).html()}"
    )
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(request, browser, exported):
    context = browser.new_context(color_scheme=request.param)
    context.route(re.compile("^https?://"), lambda route: route.abort())
    one = context.new_page()
    one.goto(exported.as_uri())
    one.locator(f"{WHERE} [role=status]").wait_for()
    yield one
    context.close()


def says(page):
    return page.locator(f"{WHERE} [role=status]").inner_text()


def test_keys_walk_and_change_the_view(page):
    page.locator(WHERE).get_by_role("slider", name="token").focus()
    # Two even layers: half of itself in each, so a quarter stays apart.
    assert says(page) == "The class token: most from class token, 0.33; the box holds 22 %."
    page.keyboard.press("ArrowRight")
    assert says(page).startswith("Patch 1 (row 0, column 0): most from row 0, column 0, 0.33")
    page.keyboard.press("ArrowDown")
    assert says(page).startswith("Patch 4 (row 1, column 0)")
    page.keyboard.press("PageDown")
    assert "0.10; the box holds 22 %" in says(page)
    page.keyboard.press("Home")
    assert says(page).startswith("The class token")


def test_a_click_chooses_the_patch_under_it(page):
    page.locator(f"{WHERE} canvas").first.click(position={"x": 270, "y": 140})
    assert says(page).startswith("Patch 6 (row 1, column 2)")


def test_another_picture_is_chosen_by_its_name(page):
    page.locator(WHERE).get_by_label("picture").select_option(label="noisy")
    assert "box" not in says(page)


def test_it_is_accessible(page):
    assert violations(page, WHERE) == []
