"""Explorers in JupyterLab with Python behind them: keys, numbers, words, themes."""

import pytest

from . import explorers
from .axe import violations
from .lab import Lab


@pytest.fixture(scope="module")
def book(lab_url, lab_folder, browser):
    """A notebook with every explorer, run."""
    with Lab(lab_url, lab_folder, browser) as lab:
        lab.open(lab.write("explorers.ipynb", *explorers.CELLS))
        lab.run_all()
        for index in explorers.LIVE:
            lab.explorer(index)
        yield lab
        lab.assert_stayed_home()


def status(explorer):
    return explorer.locator("[role=status]")


def alone(lab, index):
    """Return an explorer that asks Python nothing."""
    return lab.cell(index).locator(".course-explorer")


def test_every_explorer_comes_alive_and_hides_its_static_form(book):
    assert book.errors() == []
    for index in explorers.LIVE:
        assert book.explorer(index).is_visible()
        assert not book.cell(index).locator(".course-explorer-standin").first.is_visible()
    for index in explorers.ALONE:
        assert alone(book, index).is_visible()
        assert not book.cell(index).locator(".course-explorer-static").is_visible()


def test_arrow_keys_move_the_query_of_the_playground(book):
    explorer = book.explorer(explorers.PLAYGROUND)
    explorer.get_by_role("slider", name="query").focus()
    book.page.keyboard.press("ArrowUp")
    book.page.keyboard.press("ArrowRight")
    # cat is (3, 1): 3 · 2.5 + 1 · 2.5.
    status(explorer).get_by_text("Query (2.5, 2.5), cat: dot product 10.00").wait_for(timeout=5000)


def test_tab_picks_the_word_that_is_read_out(book):
    explorer = book.explorer(explorers.PLAYGROUND)
    explorer.get_by_role("slider", name="query").focus()
    book.page.keyboard.press("Tab")
    book.page.keyboard.press("Tab")
    status(explorer).get_by_text("dog: dot product").wait_for(timeout=5000)
    assert explorer.get_by_role("button", name="dog").get_attribute("aria-pressed") == "true"


def test_a_click_takes_the_query_there(book):
    explorer = book.explorer(explorers.PLAYGROUND)
    explorer.get_by_role("slider", name="query").click(position={"x": 151, "y": 151})
    status(explorer).get_by_text("Query (0.0, 0.0)").wait_for(timeout=5000)
    assert "nan" in explorer.inner_text()
    assert "by cosine: nobody" in explorer.inner_text()


def test_temperature_follows_a_function_that_multiplies(book):
    explorer = book.explorer(explorers.TEMPERATURE)
    explorer.get_by_role("slider").focus()
    for _ in range(20):
        book.page.keyboard.press("ArrowLeft")
    # At 0.1 the wrong function flattens where the right one sharpens.
    status(explorer).get_by_text("Temperature 0.10: cat 0.29").wait_for(timeout=5000)
    assert "course 1.000" in " ".join(explorer.inner_text().split())


def test_a_slider_held_down_ends_where_the_key_does(book):
    explorer = book.explorer(explorers.TEMPERATURE)
    explorer.get_by_role("slider").focus()
    book.page.keyboard.press("Home")
    for _ in range(40):
        book.page.keyboard.press("ArrowRight")
    status(explorer).get_by_text("Temperature 10.00").wait_for(timeout=5000)
    assert explorer.get_by_role("slider").input_value() == "40"


def test_soft_lookup_moves_by_its_two_sliders(book):
    explorer = book.explorer(explorers.LOOKUP)
    explorer.get_by_role("slider", name="Query").focus()
    book.page.keyboard.press("End")
    explorer.get_by_role("slider", name="Bandwidth").focus()
    book.page.keyboard.press("Home")
    # Beyond the last key (8) with a narrow bandwidth, its value (4.5) is the answer.
    status(explorer).get_by_text("Query 9.00, bandwidth 0.10: answer 4.500").wait_for(timeout=5000)


def test_the_painter_moves_paints_and_raises_its_alarm(book):
    explorer = book.explorer(explorers.PAINTER)
    explorer.locator("[role=gridcell][tabindex='0']").focus()
    for _ in range(4):
        book.page.keyboard.press("ArrowRight")
    book.page.keyboard.press(" ")
    status(explorer).get_by_text("Leaks: layer 1 1, layer 2 4.").wait_for(timeout=5000)
    assert "Layer 2: 4 of 5 outputs have seen their own future: the, cat, sat, on" in (
        explorer.inner_text()
    )


def test_a_preset_starts_over(book):
    explorer = book.explorer(explorers.PAINTER)
    explorer.get_by_role("button", name="Causal").focus()
    book.page.keyboard.press("Enter")
    status(explorer).get_by_text("Leaks: layer 1 0, layer 2 0.").wait_for(timeout=5000)


def test_the_stepper_shows_the_numbers_of_a_wrong_function(book):
    explorer = book.explorer(explorers.STEPPER)
    rows = explorer.locator("tbody tr").all_inner_texts()
    assert len(rows) == 8
    for row in rows:
        assert "0.777 (course 0." in row
        assert row.split().count("0.777") == 2


def test_the_stepper_writes_on_and_its_cache_grows(book):
    explorer = book.explorer(explorers.STEPPER)
    assert "Cache: 2 rows of K and 2 of V in each of 3 layers" in explorer.inner_text()
    explorer.get_by_role("slider", name="Step").focus()
    for _ in range(3):
        book.page.keyboard.press("ArrowRight")
    status(explorer).get_by_text("Cache 5 rows a layer.").wait_for(timeout=5000)
    assert "Read for this step: 1 token." in explorer.inner_text()
    assert explorer.locator(".ce-written").count() == 3


def test_the_alignment_shows_a_wrong_function_and_walks_by_keys(book):
    explorer = book.explorer(explorers.ALIGNMENT)
    explorer.locator("[role=gridcell][tabindex='0']").focus()
    book.page.keyboard.press("ArrowRight")
    said = "looks at word 2, “thousand” with weight 1.00"
    status(explorer).get_by_text(said).wait_for(timeout=5000)
    book.page.keyboard.press("PageUp")
    status(explorer).get_by_text("word 2, “hundred”").first.wait_for(timeout=5000)


def test_the_player_steps_through_glimpses_by_keys(book):
    explorer = book.explorer(explorers.GLIMPSES)
    before = status(explorer).inner_text()
    explorer.get_by_role("slider").first.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_function(
        "([node, before]) => node.textContent !== before",
        arg=[status(explorer).element_handle(), before],
    )


def test_cross_attention_walks_by_keys(book):
    explorer = alone(book, explorers.CROSS)
    explorer.locator("[role=gridcell][tabindex='0']").focus()
    book.page.keyboard.press("PageDown")
    book.page.keyboard.press("ArrowDown")
    status(explorer).get_by_text("Layer 0, head 1. Piece 2").wait_for(timeout=5000)


def test_the_clicker_walks_the_patches_and_its_views_by_keys(book):
    explorer = alone(book, explorers.CLICKER)
    explorer.get_by_role("slider", name="token").focus()
    for key in ("ArrowRight", "ArrowDown", "PageDown"):
        book.page.keyboard.press(key)
    status(explorer).get_by_text("Patch 4 (row 1, column 0)").wait_for(timeout=5000)
    assert "by layer 0, head 0:" in explorer.locator("caption").inner_text()


def test_saving_by_keyboard_still_works_inside_an_explorer(book):
    book.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.model.sharedModel.setMetadata('touched', 1)"
    )
    book.explorer(explorers.PAINTER).locator("[role=gridcell][tabindex='0']").focus()
    book.page.keyboard.press("Control+s")
    book.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.model.dirty")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_explorer_is_accessible(book, theme):
    book.unfold()
    book.theme(theme)
    found = violations(book.page, ".jp-OutputArea-output")
    book.theme("JupyterLab Light")
    assert found == []


def test_the_accessibility_check_would_see_a_violation(lab):
    bad = '<button></button><p style="color:#999;background:#aaa">faint words</p>'
    lab.open(lab.write("bad.ipynb", "1", f"from IPython.display import HTML\nHTML({bad!r})"))
    lab.run_all()
    lab.cell(1).locator(".jp-OutputArea p").wait_for()
    lab.unfold()
    found = {one["id"] for one in violations(lab.page, ".jp-OutputArea-output")}
    assert found == {"button-name", "color-contrast"}


def test_while_another_cell_runs_the_explorer_says_so_and_catches_up(lab):
    lab.open(lab.write("busy.ipynb", *explorers.CELLS[:3], "import time; time.sleep(8)"))
    for index in range(3):
        lab.run_cell(index)
    explorer = lab.explorer(explorers.TEMPERATURE)
    lab.page.evaluate(
        """() => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3;
            window.jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    lab.page.wait_for_timeout(500)
    explorer.get_by_role("slider").focus()
    lab.page.keyboard.press("ArrowRight")
    status(explorer).get_by_text("another cell may be running").wait_for(timeout=7000)
    status(explorer).get_by_text("Temperature 1.12").wait_for(timeout=10_000)


def test_when_python_is_gone_the_explorer_says_what_to_do(lab):
    lab.open(lab.write("gone.ipynb", *explorers.CELLS[:3]))
    lab.run_all()
    explorer = lab.explorer(explorers.TEMPERATURE)
    lab.shut_down()
    explorer.get_by_role("slider").focus()
    lab.page.keyboard.press("ArrowRight")
    status(explorer).get_by_text("Python has stopped.").wait_for(timeout=10_000)
