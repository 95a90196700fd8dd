"""The patch explorer in exported HTML: keys, clicks, other pictures and sizes, accessibility."""

import pytest

from course_lib.explore import patch_explorer

from .axe import violations
from .parts import patchify

WHERE = "[data-course-explorer=patch_explorer]"


@pytest.fixture(params=["light", "dark"])
def page(request, browser, tmp_path):
    import torch

    noise = torch.Generator().manual_seed(0)
    images = {
        "colours": torch.rand(3, 16, 24, generator=noise),
        "grey": torch.rand(1, 8, 12, generator=noise),
    }
    html = patch_explorer(patchify, images, patch_sizes=(8, 4)).html()
    path = tmp_path / "patches.html"
    path.write_text(f'<!doctype html><html lang="en"><title>Patches</title><body>{html}', "utf-8")
    context = browser.new_context(color_scheme=request.param)
    one = context.new_page()
    one.complaints = []
    one.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.goto(path.as_uri())
    yield one
    assert one.complaints == []
    context.close()


def says(page):
    return page.locator(f"{WHERE} [role=status]").inner_text()


def test_keys_walk_from_patch_to_patch(page):
    page.locator(WHERE).get_by_role("slider", name="token").focus()
    heard = [says(page)]
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowLeft"):
        page.keyboard.press(key)
        heard.append(says(page))
    tokens = [one.split(",")[0] for one in heard]
    assert tokens == ["Token 0", "Token 1", "Token 4", "Token 4", "Token 5", "Token 4"]
    assert all(one.endswith("the pixels of its patch.") for one in heard)


def test_a_click_goes_to_a_patch(page):
    canvas = page.locator(f"{WHERE} [role=slider] canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] - 5, "y": box["height"] - 5})
    assert says(page).startswith("Token 5, row 1, column 2")


def test_picture_and_size_are_chosen_by_keyboard(page):
    place = page.locator(WHERE)
    place.get_by_role("combobox", name="patch size").select_option("4 × 4")
    assert "All 24 tokens hold" in place.inner_text()
    place.get_by_role("combobox", name="picture").select_option("grey")
    assert "All 6 tokens hold" in place.inner_text()


def test_it_is_accessible(page):
    assert violations(page, WHERE) == []
