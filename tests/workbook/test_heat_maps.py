"""A failed check on a matrix shows what is due, what came and the difference, as maps."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from course_lib.attention import scaled_dot_product
from course_lib.checking.check import check_exercise
from course_lib.checking.matrices import matrices
from course_lib.checking.result import Matrices
from course_lib.workbook import ask, heat_maps, registry
from course_lib.workbook.lesson import Lesson

SCORES = registry.find("04").exercise("scaled_scores")
DUE = np.array([[1.0, 2, 3], [4, 5, 6]])


def found(yours) -> Matrices:
    return Matrices(due=DUE, yours=np.array(yours), rows="query", columns="key")


def unscaled(q, k):
    return q @ k.transpose(-1, -2)


def test_a_wrong_matrix_is_kept_with_the_names_of_its_axes():
    result = check_exercise(SCORES, unscaled)
    assert result.matrices is not None
    assert (result.matrices.rows, result.matrices.columns) == ("query", "key")
    assert result.matrices.due.shape == result.matrices.yours.shape
    assert not np.allclose(result.matrices.due, result.matrices.yours)


@pytest.mark.parametrize(
    "answer",
    [
        lambda q, k: scaled_dot_product.scaled_scores(q, k),
        lambda q, k: torch.zeros(3),
        lambda q, k: None,
        lambda q, k: 1 / 0,
    ],
    ids=["right", "another shape", "nothing", "an error"],
)
def test_there_is_none_where_nothing_can_be_compared(answer):
    assert check_exercise(SCORES, answer).matrices is None


def test_the_first_matrix_of_a_batch_that_differs():
    due = torch.zeros(2, 3, 4, 5)
    yours = due.clone()
    yours[1, 2, 0, 0] = 1
    drawn = matrices(SCORES, yours, due)
    assert drawn is not None and drawn.at == (1, 2)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (25, 4), (4,)])
def test_a_row_a_column_and_what_is_too_large_are_told_in_words(shape):
    assert matrices(SCORES, torch.ones(shape), torch.zeros(shape)) is None


def test_the_picture_has_three_maps_one_scale_and_a_text():
    svg = heat_maps.heat_maps(found([[1.0, 2, 3], [4, 5, 9]]))
    tree = ElementTree.fromstring(svg)
    assert tree.attrib["role"] == "img"
    said = tree.attrib["aria-label"]
    assert "1 of 6 numbers differ, the first at row 1, column 2" in said
    assert all(f">{name}<" in svg for name in ("due", "yours", "yours − due"))
    assert svg.count("query") > 3 and svg.count("key →") == 3
    # 9 is the largest of all three maps; the scale ends there.
    assert re.findall(r"(−?9)</text>", svg)[-2:] == ["−9", "9"]


def test_numbers_that_are_none_are_named():
    svg = heat_maps.heat_maps(found([[np.nan, 2, -np.inf], [4, 5, 6]]))
    assert "NaN" in svg and "−∞" in svg
    ElementTree.fromstring(svg)


def test_without_a_front_end_there_are_words_alone(capsys):
    lesson = Lesson("04")
    lesson.check(unscaled, "scaled_scores")
    assert not ask.has_front_end()
    assert "svg" not in capsys.readouterr().out


def test_with_one_it_is_shown_below_the_words(monkeypatch):
    shown = []
    monkeypatch.setattr(heat_maps, "has_front_end", lambda: True)
    monkeypatch.setattr(heat_maps, "display", shown.append)
    Lesson("04").check(unscaled, "scaled_scores")
    Lesson("04").check(scaled_dot_product.scaled_scores, "scaled_scores")
    assert len(shown) == 1
    assert "<svg" in shown[0]._repr_html_() and "Three maps" in repr(shown[0])
