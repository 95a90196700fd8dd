"""The head browser in a browser: live, reopened without Python, and in exported HTML."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from .axe import violations
from .lab import Lab

CELL = """import numpy as np
from course_lib.explore import head_browser

scores = np.random.default_rng(0).normal(size=(6, 12, {n}, {n}))
weights = np.exp(3 * scores) / np.exp(3 * scores).sum(-1, keepdims=True)
tokens = ["[CLS]", "the", "cat"] + [f"w{{i}}" for i in range(3, {n})]
texts = {{"first": (weights, tokens), "second": (weights[::-1], tokens)}}
head_browser(texts, layer=1, head=2, query="cat")
"""
WHERE = "[data-course-explorer=head_browser]"


def says(page):
    return page.locator(f"{WHERE} [role=status]")


def ways(page):
    """Move by every key, and read what is said after each."""
    place = page.locator(WHERE)
    place.get_by_role("slider", name="query").focus()
    heard = [says(page).inner_text()]
    for key in ("ArrowDown", "ArrowRight", "PageDown", "Home"):
        page.keyboard.press(key)
        heard.append(says(page).inner_text())
    return heard


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The notebook executed as for keeping, as one HTML file."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(n=13))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STATIC", "1")
        NotebookClient(book, timeout=120, kernel_name="python3", store_widget_state=False).execute()
    html, _ = HTMLExporter(template_name="lab").from_notebook_node(book)
    path = tmp_path_factory.mktemp("exported") / "heads.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(request, browser, exported):
    context = browser.new_context(color_scheme=request.param)
    context.route(re.compile("^https?://"), lambda route: route.abort())
    one = context.new_page()
    one.goto(exported.as_uri())
    yield one
    context.close()


def test_keys_move_query_head_and_layer_in_an_exported_file(page):
    heard = ways(page)
    assert heard[0].startswith("Layer 1, head 2: “cat” gives")
    assert heard[1].startswith("Layer 1, head 2: “w3” gives")
    assert heard[2].startswith("Layer 1, head 3: “w3” gives")
    assert heard[3].startswith("Layer 2, head 3: “w3” gives")
    assert heard[4].startswith("Layer 2, head 3: “[CLS]” gives")


def test_sliders_and_the_choice_of_a_text_work_by_keyboard(page):
    place = page.locator(WHERE)
    before = says(page).inner_text()
    place.get_by_role("slider", name="head").focus()
    page.keyboard.press("End")
    assert "head 11" in says(page).inner_text()
    page.keyboard.press("Home")
    place.get_by_role("combobox", name="text").select_option("second")
    assert says(page).inner_text() != before


def test_a_click_on_a_row_chooses_its_query(page):
    canvas = page.locator(f"{WHERE} [role=slider] canvas")
    canvas.click(position={"x": 5, "y": canvas.bounding_box()["height"] - 3})
    assert "“w12” gives" in says(page).inner_text()


def test_an_exported_head_browser_is_accessible(page):
    assert violations(page, WHERE) == []


def test_it_works_live_and_reopened_without_python(lab_url, lab_folder, browser):
    with Lab(lab_url, lab_folder, browser) as lab:
        name = lab.write("heads.ipynb", CELL.format(n=64))
        lab.open(name)
        lab.run_all()
        says(lab.page).wait_for()
        live = ways(lab.page)
        assert live[3].startswith("Layer 2, head 3: “w3” gives")
        lab.save()
        lab.shut_down()
        lab.page.goto("about:blank")
        lab.open(name)
        says(lab.page).wait_for()
        assert ways(lab.page) == live
        lab.assert_stayed_home()
