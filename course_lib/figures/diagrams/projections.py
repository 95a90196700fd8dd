"""Queries, keys and values leave x by three matrices."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import (
    HIGH,
    cells,
    heading,
    label_room,
    labels,
    matrix,
    numbers,
)
from course_lib.figures.diagrams.drawing import (
    KEY,
    PLAIN,
    QUERY,
    VALUE,
    Diagram,
    Drawing,
)
from course_lib.figures.style import to_array


def projections(x: Any, q: Any, k: Any, v: Any, *, tokens: Sequence[str] | None = None) -> Diagram:
    """Draw q, k and v leaving x, with their shapes and numbers.

    Args:
        x: (T, d_in), a row for each token; or (d_in,), and then q, k and v are one row too.
        q: (T, d_head).
        k: (T, d_head).
        v: (T, d_v).
        tokens: T labels; numbers when left out.

    Raises:
        ValueError: when one has another number of rows, or queries and keys differ in width.
    """
    rows, query, key, value = (np.atleast_2d(to_array(one)) for one in (x, q, k, v))
    rows = matrix(rows, "x")
    count = len(rows)
    parts = {"q": matrix(query, "q", count)}
    parts["k"] = matrix(key, "k", count, parts["q"].shape[1])
    parts["v"] = matrix(value, "v", count)
    names = labels(tokens, count, "tokens", "token ")
    title = "Queries, keys and values leave x"
    return Diagram(title, _words(names, {"x": rows, **parts}), _draw(title, names, rows, parts))


def _draw(title: str, names: list[str], x: np.ndarray, parts: dict[str, np.ndarray]) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title)
    tall = len(x) * HIGH
    block = tall + 44
    room = label_room(names)
    at_x = top + block + 22
    for row, name in enumerate(names):
        drawing.text(room + 2, at_x + (row + 0.5) * HIGH, name, room=room, anchor="end")
    right, _ = cells(drawing, room + 10, at_x, x, PLAIN, tints=np.full(x.shape, 0.12))
    _named(drawing, (room + 10 + right) / 2, at_x - 14, "x", x)
    start = (right + 8, at_x + tall / 2)
    reach = right + 110
    for place, (name, values) in enumerate(parts.items()):
        colour = {"q": QUERY, "k": KEY, "v": VALUE}[name]
        y = top + 22 + place * block
        middle = y + tall / 2
        drawing.line([start, (reach - 8, middle)], colour=colour, line=2.5, head=True, strength=1)
        x_mid, y_mid = (start[0] + reach) / 2 - 6, (start[1] + middle) / 2
        anchor = "middle" if place == 1 else "end"
        drawing.text(x_mid, y_mid + (-8, -12, 8)[place], f"W_{name}", anchor=anchor, bold=True)
        end, _ = cells(drawing, reach, y, values, colour, tints=np.full(values.shape, 0.4))
        _named(drawing, (reach + end) / 2, y - 14, name, values)
    return drawing


def _named(drawing: Drawing, x: float, y: float, name: str, values: np.ndarray) -> None:
    words = f"{name} {tuple(values.shape)}"
    drawing.text(x, y, words, bold=True)


def _words(names: list[str], parts: dict[str, np.ndarray]) -> str:
    said = []
    for name, values in parts.items():
        rows = [f"{token} ({', '.join(_row(values, i))})" for i, token in enumerate(names)]
        said.append(f"{name} has shape {tuple(values.shape)}: {'; '.join(rows)}.")
    return " ".join(said)


def _row(values: np.ndarray, row: int) -> list[str]:
    wide = values.shape[1]
    return numbers(values)[row * wide : (row + 1) * wide]
