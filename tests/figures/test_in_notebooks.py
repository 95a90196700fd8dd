"""Every picture in a solved notebook went through the helpers, which refuse one without a title."""

import json
import re
from pathlib import Path

import pytest

SOLVED = sorted((Path(__file__).parents[2] / "solutions").glob("*.ipynb"))


def shown(path):
    """Every output of a notebook that has HTML or an image in it: (cell, data)."""
    for at, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data or any(kind.startswith("image/") for kind in data):
                yield at, {kind: "".join(part) for kind, part in data.items()}


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem[:2])
def test_pictures_come_from_the_helpers(path):
    outputs = list(shown(path))
    for at, data in outputs:
        assert not [kind for kind in data if kind.startswith("image/")], f"cell {at}: a bare image"
        page = data["text/html"]
        for image in re.findall(r"<img [^>]{0,60}", page):
            assert 'class="course-figure"' in image, f"cell {at}: {image}"
        for svg in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
            assert 'role="img"' in svg, f"cell {at}: an SVG without a role"
            assert "<title>" in svg, f"cell {at}: an SVG without a title"
    assert outputs, "a solved notebook without a picture"


def test_there_are_notebooks_to_look_at():
    assert len(SOLVED) >= 19
