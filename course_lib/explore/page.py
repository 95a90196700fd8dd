"""Turn an explorer into HTML: its module, its numbers and a figure, all inlined.

The page works wherever HTML does: in a live notebook, in one reopened without Python, in an
exported file, without a network. Two calls give the same bytes.
"""

import html
import json
import math
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

_DIGITS = 4


def plain(value: Any) -> Any:
    """Return numbers, arrays and containers as JSON knows them, rounded to four decimals.

    JSON has no infinities: they become the strings that JavaScript's Number understands.

    >>> plain({"weights": np.array([0.123456, np.inf])})
    {'weights': [0.1235, 'Infinity']}
    """
    if isinstance(value, dict):
        return plain_dict(value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        if math.isfinite(value):
            return round(value, _DIGITS) + 0.0
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def plain_dict(facts: dict[str, Any]) -> dict[str, Any]:
    """Return `plain` of every entry."""
    return {str(name): plain(value) for name, value in facts.items()}


def _quoted(text: str) -> str:
    """Escape for an attribute in single quotes: JSON is full of double ones."""
    return text.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;")


@cache
def static(name: str) -> str:
    """Return the text of one file in `static/`."""
    return files("course_lib.explore").joinpath("static", name).read_text(encoding="utf-8")


def module(name: str) -> str:
    """Return an explorer's whole ES module: what all of them share, then its own `build`."""
    return f"{static('shared.js')}\n{static(name + '.js')}\nexport default {{ render }};\n"


def standin(name: str, script: str, image: str, note: str, facts: dict[str, Any] | None) -> str:
    """Return an explorer as HTML that runs without Python.

    The payload stands in one attribute, `data-course-payload`, which a comparison of outputs can
    blank; so can it the pixels of the figure, which stand in `src`.

    Args:
        name: of the explorer.
        script: the module in `static/` that draws it.
        image: its figure, as HTML.
        note: whose numbers are drawn.
        facts: all that the module draws from; None where that is too much to carry.
    """
    style = f"<style>\n{static('explorer.css')}</style>"
    figure = f'<div class="course-explorer-static">{image}<p>{html.escape(note)}</p></div>'
    if facts is None:
        return f'{style}\n<div class="course-explorer-standin">{figure}</div>'
    payload = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    source = f'{static("shared.js")}\n{static(script + ".js")}\nmountAll("{name}");'
    return (
        f'{style}\n<div class="course-explorer-standin" data-course-explorer="{name}" '
        f"data-course-payload='{_quoted(payload)}'>{figure}</div>\n"
        f'<script type="module">\n{source}\n</script>'
    )
