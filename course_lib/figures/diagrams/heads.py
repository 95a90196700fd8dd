"""What splitting heads does to the columns of x, beside a split that is wrong."""

from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import (
    HIGH,
    MOST,
    cell_width,
    cells,
    heading,
    matrix,
    numbers,
)
from course_lib.figures.diagrams.drawing import SMALL, Diagram, Drawing
from course_lib.figures.style import COLOURS, to_array

_GAP, _DEEP = 56.0, 22.0


def split_heads_picture(x: Any, right: Any, wrong: Any = None) -> Diagram:
    """Draw the columns of x in a colour for each head, and where their numbers go.

    Every number keeps the colour that it has in x, so the numbers of x must all differ.

    Args:
        x: (T, d).
        right: (H, T, d_head), the split.
        wrong: the same shape, another split.

    Raises:
        ValueError: when shapes do not fit, two numbers of x are equal, or a split holds others.
    """
    rows = matrix(x, "x")
    splits = {"split": _planes(right, "right", rows)}
    if wrong is not None:
        splits = {"right": splits["split"], "wrong": wrong}
        splits["wrong"] = _planes(wrong, "wrong", rows, splits["right"].shape)
    heads, _, wide = next(iter(splits.values())).shape
    title = f"({rows.shape[0]}, {rows.shape[1]}) becomes {heads} heads of width {wide}"
    return Diagram(title, _words(rows, splits), _draw(title, rows, splits, wide))


def _planes(
    given: Any, name: str, x: np.ndarray, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    planes = to_array(given)
    while planes.ndim > 3 and planes.shape[0] == 1:
        planes = planes[0]
    if planes.ndim != 3 or planes.size != x.size or (shape and planes.shape != shape):
        due = shape or f"(H, {x.shape[0]}, {x.shape[1]}/H)"
        raise ValueError(f"{name} has shape {to_array(given).shape}, expected {due}")
    if len(planes) > len(COLOURS):
        raise ValueError(f"{name} has {len(planes)} heads; the picture holds {len(COLOURS)}")
    if len(np.unique(x)) < x.size:
        raise ValueError("two numbers of x are equal: take different ones, so each can be followed")
    if not np.array_equal(np.sort(planes.ravel()), np.sort(x.ravel())):
        raise ValueError(f"{name} holds other numbers than x: a split only moves them")
    if max(planes.shape) > MOST:
        raise ValueError(f"{name} has shape {planes.shape}; a diagram holds {MOST} by {MOST}")
    return planes


def _draw(title: str, x: np.ndarray, splits: dict[str, np.ndarray], wide: int) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title) + 22
    owner = {value: column // wide for (_, column), value in np.ndenumerate(x)}
    tall = max(len(p) * (p.shape[1] * HIGH + _DEEP) - _DEEP for p in splits.values())
    start = top + (tall - len(x) * HIGH) / 2
    right = _coloured(drawing, 4, start, x, owner)
    drawing.text((4 + right) / 2, start - 12, f"x {x.shape}", bold=True)
    for name, planes in splits.items():
        middle = top + tall / 2
        if name != "wrong":
            drawing.line([(right + 8, middle), (right + _GAP - 8, middle)], head=True)
        left = right + _GAP + 46
        y = top
        for head, plane in enumerate(planes):
            drawing.text(left - 6, y + plane.shape[0] * HIGH / 2, f"head {head}", anchor="end")
            right = _coloured(drawing, left, y, plane, owner)
            y += plane.shape[0] * HIGH + _DEEP
        drawing.text((left + right) / 2, top - 12, name, bold=True, size=SMALL)
    return drawing


def _coloured(
    drawing: Drawing, x: float, y: float, values: np.ndarray, owner: dict[float, int]
) -> float:
    """Draw a plane, each number in the colour of the columns that it comes from."""
    wide, printed = cell_width(values), iter(numbers(values))
    for (row, column), value in np.ndenumerate(values):
        colour = COLOURS[owner[value]]
        one = np.array([[value]])
        at = (x + column * wide, y + row * HIGH)
        cells(
            drawing, *at, one, colour, wide=wide, words=[next(printed)], tints=np.full((1, 1), 0.7)
        )
    return x + float(values.shape[1] * wide)


def _words(x: np.ndarray, splits: dict[str, np.ndarray]) -> str:
    said = [f"x: {_rows(x)}."]
    for name, planes in splits.items():
        told = [f"head {i} {_rows(plane)}" for i, plane in enumerate(planes)]
        said.append(f"{name.capitalize()}: {'; '.join(told)}.")
    return " ".join(said)


def _rows(values: np.ndarray) -> str:
    printed, wide = numbers(values), values.shape[1]
    rows = [printed[i : i + wide] for i in range(0, len(printed), wide)]
    return ", ".join(f"({' '.join(row)})" for row in rows)
