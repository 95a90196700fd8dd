"""Explorers without Python: in a notebook reopened the next day, and in exported HTML."""

import os
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from . import explorers
from .axe import violations
from .lab import Lab


@pytest.fixture(scope="module")
def reopened(lab_url, lab_folder, browser):
    """The notebook with every explorer: run, saved, its kernel ended, then opened again."""
    with Lab(lab_url, lab_folder, browser) as lab:
        name = lab.write("reopened.ipynb", *explorers.CELLS)
        lab.open(name)
        lab.run_all()
        for index in explorers.LIVE:
            lab.explorer(index)
        lab.shut_down()
        lab.page.goto("about:blank")
        lab.open(name)
        yield lab
        lab.assert_stayed_home()


def standin(lab, index):
    return lab.cell(index).locator(".course-explorer-standin")


@pytest.mark.parametrize("index", explorers.EVERY)
def test_a_reopened_explorer_is_not_blank(reopened, index):
    place = standin(reopened, index)
    place.wait_for(timeout=10_000)
    box = place.bounding_box()
    assert box["width"] > 300
    assert box["height"] > 200


def test_a_reopened_notebook_shows_no_broken_widget(reopened):
    standin(reopened, explorers.PAINTER).wait_for()
    reopened.page.wait_for_timeout(3500)
    for words in ("Error displaying widget", "Loading widget"):
        assert [one for one in reopened.page.get_by_text(words).all() if one.is_visible()] == []


def test_a_reopened_explorer_answers_keys_without_python(reopened):
    place = standin(reopened, explorers.TEMPERATURE)
    place.get_by_role("slider").focus()
    reopened.page.keyboard.press("End")
    place.get_by_text("Temperature 10.00: cat 1.00").wait_for(timeout=2000)


def test_the_painter_reopened_shows_its_figure_and_whose_it_is(reopened):
    place = standin(reopened, explorers.PAINTER)
    assert "Attention weights under the mask" in place.locator("img").get_attribute("alt")
    assert "Drawn by attention." in place.inner_text()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The same notebook, executed as for keeping and exported to one HTML file."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in explorers.CELLS])
    before = os.environ.get("COURSE_STATIC")
    os.environ["COURSE_STATIC"] = "1"
    try:
        NotebookClient(book, timeout=120, kernel_name="python3", store_widget_state=False).execute()
    finally:
        os.environ.pop("COURSE_STATIC")
        if before is not None:
            os.environ["COURSE_STATIC"] = before
    html, _ = HTMLExporter(template_name="lab").from_notebook_node(book)
    path = tmp_path_factory.mktemp("exported") / "explorers.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(request, browser, exported):
    """The exported file in a browser that prefers light, then dark; the network is refused."""
    context = browser.new_context(color_scheme=request.param)
    # The exporter itself asks a CDN for MathJax and require.js; offline these are not there.
    context.route(re.compile("^https?://"), lambda route: route.abort())
    one = context.new_page()
    one.complaints = []
    one.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.goto(exported.as_uri())
    yield one
    context.close()


def test_an_exported_explorer_answers_keys(page):
    place = page.locator("[data-course-explorer=temperature]")
    place.get_by_role("slider").focus()
    page.keyboard.press("Home")
    place.get_by_text("Temperature 0.10: cat 0.29").wait_for(timeout=2000)


def test_every_tabulated_explorer_starts_in_an_exported_file(page):
    tabulated = ("vector_playground", "temperature", "soft_lookup", "positions", "alignment")
    for name in (*tabulated, "glimpse_player", "cross_attention", "patch_clicker"):
        place = page.locator(f"[data-course-explorer={name}]")
        assert place.locator("[role=status]").inner_text()
        assert not place.locator(".course-explorer-static").is_visible()


def test_the_exported_playground_moves_its_query(page):
    place = page.locator("[data-course-explorer=vector_playground]")
    place.get_by_role("slider", name="query").focus()
    page.keyboard.press("ArrowUp")
    place.get_by_text("Query (2.0, 2.5), cat: dot product 8.50").wait_for(timeout=2000)


def test_the_exported_positions_move_both_cursors(page):
    place = page.locator("[data-course-explorer=positions]")
    place.get_by_role("button", name="Both one later").click()
    said = place.locator("[role=status]").inner_text()
    assert said.startswith("Query at 6, key at 10, width 8: similarity 0.57, rotary score −0.59")


def test_exported_maps_of_two_explorers_answer_each_for_itself(page):
    """Both come from one module."""
    for name, starts in (("alignment", "Piece 2"), ("cross_attention", "Layer 0, head 0. Piece 2")):
        place = page.locator(f"[data-course-explorer={name}]")
        place.locator("[role=gridcell][tabindex='0']").focus()
        page.keyboard.press("ArrowDown")
        place.locator("[role=status]").get_by_text(starts).wait_for(timeout=2000)


def test_every_image_of_an_exported_file_has_alternative_text(page):
    alts = page.locator("img.course-figure").evaluate_all("all => all.map((one) => one.alt)")
    assert len(alts) == len(explorers.EVERY) + 1
    assert all(len(alt) > 20 for alt in alts)


def test_an_exported_file_is_accessible(page):
    assert violations(page, ".jp-OutputArea-output") == []


def test_an_exported_file_has_no_script_of_ours_that_fails(page):
    ours = [one for one in page.complaints if "require" not in one and "MathJax" not in one]
    assert ours == []


def test_where_scripts_do_not_run_the_figures_stand(browser, exported):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(exported.as_uri())
    assert page.locator("img.course-figure:visible").count() == len(explorers.EVERY) + 1
    context.close()
