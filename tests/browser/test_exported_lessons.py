"""Explorers of solved lessons in exported HTML: not blank, accessible, light and dark."""

from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from .axe import violations

ROOT = Path(__file__).resolve().parents[2]
WHERE = ":is(.course-explorer, .course-explorer-static)"
WITH_EXPLORERS = [
    path
    for path in sorted((ROOT / "solutions").glob("*.ipynb"))
    if "course-explorer" in path.read_text("utf-8")
]


def test_some_lessons_have_explorers():
    assert len(WITH_EXPLORERS) >= 3


@cache
def exported(path: Path) -> str:
    """Return a notebook as HTML."""
    exporter = HTMLExporter(mathjax_url="", require_js_url="")
    html, _ = exporter.from_notebook_node(nbformat.read(path, as_version=4))
    return str(html)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", WITH_EXPLORERS, ids=lambda path: path.stem[:2])
def test_explorers_of_a_lesson_are_accessible(path, scheme, browser, tmp_path):
    target = tmp_path / "lesson.html"
    target.write_text(exported(path), "utf-8")
    page = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme=scheme)
    try:
        page.goto(target.as_uri())
        page.locator(f"{WHERE}:visible").first.wait_for()
        page.wait_for_timeout(500)
        assert violations(page, WHERE) == []
    finally:
        page.close()
