"""Cross-attention in exported HTML: keys, layers and heads, accessibility, light and dark."""

import pytest

from course_lib.explore import cross_attention
from course_lib.models.number_translator import Parts, seeded
from course_lib.training.number_translation import number_config

from .axe import violations
from .parts import embed, three_masks

WHERE = "[data-course-explorer=cross_attention]"


@pytest.fixture(scope="module")
def html():
    model = seeded(number_config(), 0, Parts(masks=three_masks, embed=embed)).eval()
    return cross_attention(three_masks, model, numbers=[21, 121]).html()


@pytest.fixture(params=["light", "dark"])
def page(request, html, browser, tmp_path):
    path = tmp_path / "cross.html"
    path.write_text(f'<!doctype html><html lang="en"><title>Maps</title><body>{html}', "utf-8")
    context = browser.new_context(color_scheme=request.param)
    one = context.new_page()
    one.complaints = []
    one.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.goto(path.as_uri())
    one.locator(f"{WHERE} [role=grid]").wait_for()
    yield one
    assert one.complaints == []
    context.close()


def says(page):
    return page.locator(f"{WHERE} [role=status]").inner_text()


def test_keys_walk_through_the_map_and_change_the_head(page):
    page.locator(f"{WHERE} [role=gridcell][tabindex='0']").focus()
    heard = [says(page)]
    for key in ("PageDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        heard.append(says(page))
    starts = [" ".join(one.split()[:6]) for one in heard]
    first = "Layer 0, head 0. Piece 1,"
    assert starts[0].startswith(first)
    assert starts[1].startswith("Layer 0, head 1. Piece 1,")
    assert starts[2].startswith("Layer 0, head 1. Piece 2,")
    assert "“one”" in heard[3]


def test_sliders_choose_number_layer_and_head(page):
    place = page.locator(WHERE)
    for name in ("number", "layer", "head"):
        place.get_by_role("slider", name=name).focus()
        page.keyboard.press("ArrowRight")
    assert says(page).startswith("Layer 1, head 1. Piece 1, “ein”")
    assert place.get_by_role("row").count() == 7


def test_it_is_accessible(page):
    assert violations(page, WHERE) == []
