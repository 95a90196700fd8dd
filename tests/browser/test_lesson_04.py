"""Lesson 04 as a learner meets it: open, run, answer wrongly, take a hint, look, paint."""

import shutil
from pathlib import Path

import nbformat
import pytest

from .axe import violations
from .lab import Lab

ROOT = Path(__file__).resolve().parents[2]
LESSON = "04_scaled_dot_product.ipynb"
OUTPUTS = ".jp-OutputArea-output"

DIVIDES_BY_D = """def scaled_scores(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1]
"""
# Every weight 0.777, whatever the mask says: a number that no right answer shows.
ALL_ALIKE = """def scaled_dot_product_attention(q, k, v, mask=None):
    return torch.full((*q.shape[:-1], k.shape[-2]), 0.777, dtype=v.dtype) @ v
"""


@pytest.fixture(scope="module")
def cells():
    """Where each cell stands: by the name that an exercise defines, or by its first words."""
    book = nbformat.read(ROOT / "notebooks" / LESSON, as_version=4)
    return [cell.source for cell in book.cells]


@pytest.fixture(scope="module")
def lesson(lab_url, lab_folder, browser):
    """The learner's copy of lesson 04, open, with every cell run."""
    shutil.copy(ROOT / "notebooks" / LESSON, lab_folder / LESSON)
    with Lab(lab_url, lab_folder, browser) as lab:
        lab.open(LESSON)
        lab.run_all(timeout=240)
        yield lab


def place(cells, start):
    return next(i for i, source in enumerate(cells) if source.startswith(start))


def answer(lesson, cells, name, source):
    """Type an answer into an exercise's cell, run it and its check; return what the check says."""
    index = place(cells, f"def {name}")
    lesson.type_into(index, source)
    lesson.run_cell(index)
    lesson.run_cell(index + 1)
    return lesson.outputs(index + 1)


def test_every_cell_runs_and_none_complains(lesson):
    assert lesson.errors() == []
    counts = lesson.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter((cell) => cell.model.type === "code" && cell.model.sharedModel.source)
            .map((cell) => cell.model.executionCount)"""
    )
    assert len(counts) > 30
    assert None not in counts


def test_an_empty_exercise_is_told_to_be_written(lesson, cells):
    said = lesson.outputs(place(cells, "def causal_mask") + 1)
    assert "4.5" in said
    assert "course's version" in said


def test_a_wrong_answer_is_diagnosed_on_the_page(lesson, cells):
    said = answer(lesson, cells, "scaled_scores", DIVIDES_BY_D)
    assert "divided by d" in said
    assert "✗" in said


def test_a_hint_opens(lesson, cells):
    index = place(cells, "lesson.quiz()")
    lesson.type_into(index, 'lesson.hint("scaled_scores")')
    lesson.run_cell(index)
    assert "Hint 1 of 3" in lesson.outputs(index)
    lesson.type_into(index, "lesson.quiz()")
    lesson.run_cell(index)


@pytest.fixture(scope="module")
def painter(lesson, cells):
    """The mask painter, drawn by the distinctively wrong function."""
    answer(lesson, cells, "scaled_dot_product_attention", ALL_ALIKE)
    index = place(cells, "from course_lib.explore import mask_painter")
    lesson.run_cell(index)
    explorer = lesson.explorer(index)
    explorer.scroll_into_view_if_needed()
    return explorer


def test_the_explorer_shows_the_numbers_of_the_wrong_function(painter):
    weights = painter.locator("[role=gridcell] span").all_inner_texts()
    assert len(weights) == 25
    assert {weight.removeprefix("× ") for weight in weights} == {"0.78"}
    assert "Where the course's differs, it stands beside yours." in painter.inner_text()


def test_the_course_stands_beside_the_wrong_numbers(painter):
    first = painter.locator("[role=gridcell]").first
    assert first.inner_text().split() == ["0.78", "course", "1.00"]


def test_the_explorer_moves_by_keyboard_and_space_paints(lesson, painter):
    status = painter.locator("[role=status]")
    painter.locator("[role=gridcell][tabindex='0']").focus()
    for _ in range(4):
        lesson.page.keyboard.press("ArrowRight")
    status.get_by_text("Query the, key mats: forbidden").wait_for(timeout=5000)
    assert lesson.page.evaluate("document.activeElement.ariaLabel").startswith(
        "query the, key mats: forbidden"
    )
    lesson.page.keyboard.press(" ")
    status.get_by_text("key mats: allowed, weight 0.78").wait_for(timeout=5000)


def test_keys_in_the_explorer_are_not_the_notebooks(lesson, painter):
    count = "window.jupyterapp.shell.currentWidget.content.widgets.length"
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = lesson.page.evaluate(count), lesson.page.evaluate(active)
    painter.locator("[role=gridcell][tabindex='0']").focus()
    for key in ("a", "b", "d", "d", "ArrowDown", "j", "Enter"):
        lesson.page.keyboard.press(key)
    lesson.page.wait_for_timeout(300)
    assert (lesson.page.evaluate(count), lesson.page.evaluate(active)) == before


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_outputs_are_accessible(lesson, painter, theme):
    lesson.unfold()
    lesson.theme(theme)
    found = violations(lesson.page, OUTPUTS)
    lesson.theme("JupyterLab Light")
    assert found == []


def test_nothing_was_asked_of_another_machine_and_nothing_failed(lesson, painter):
    lesson.assert_stayed_home()
