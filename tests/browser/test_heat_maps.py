"""Below a failed check on a matrix, JupyterLab shows three maps; below any other, none."""

import pytest

from .axe import violations
from .lab import Lab

SETUP = "from course_lib import Lesson\nlesson = Lesson('04')"
WRONG = "wrong = lesson.check(lambda q, k: q @ k.mT, 'scaled_scores')"
RIGHT = "right = lesson.check(lambda q, k: q @ k.mT / q.shape[-1] ** 0.5, 'scaled_scores')"
MAPS = ".jp-OutputArea-output svg[role=img]"
#: axe measures no contrast inside an SVG, so the words above the maps are looked at too.
OUTPUT = f".jp-OutputArea:has({MAPS})"


@pytest.fixture(scope="module", params=["light", "dark"])
def book(request, lab_url, lab_folder, browser):
    with Lab(lab_url, lab_folder, browser, dark=request.param == "dark") as lab:
        lab.open(lab.write(f"maps_{request.param}.ipynb", SETUP, WRONG, RIGHT))
        for index in range(3):
            lab.run_cell(index)
        yield lab
        lab.assert_stayed_home()


def test_a_failed_check_is_drawn_below_its_words(book):
    shown = book.cell(1).locator(MAPS)
    assert shown.count() == 1
    assert "rows query, columns key" in shown.get_attribute("aria-label")
    assert "the division by √d is missing" in book.outputs(1)
    assert book.cell(2).locator(MAPS).count() == 0


def test_it_is_accessible(book):
    book.unfold()
    assert violations(book.page, OUTPUT) == []
