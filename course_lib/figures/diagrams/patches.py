"""An image is cut into patches, and each patch becomes a row of numbers: a token."""

from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import heading
from course_lib.figures.diagrams.drawing import Diagram, Drawing
from course_lib.figures.style import BLUE, to_array

_SIDE, _MOST, _ROW = 224.0, 16, 16.0


def patches_to_tokens(image: Any, patches: Any) -> Diagram:
    """Draw an image with its cuts, and beside it one row for each patch, in the same greys.

    Args:
        image: (H, W) or (1, H, W), 0 is black and 1 is white; 16 pixels a side at most.
        patches: (N, P·P), a row for each patch, from left to right and from top to bottom.

    Raises:
        ValueError: when the patches do not hold as many numbers as the image, or are not square.
    """
    picture, rows = (
        _squeezed(image, 2, "image", "(H, W)"),
        _squeezed(patches, 2, "patches", "(N, P·P)"),
    )
    if max(picture.shape) > _MOST:
        raise ValueError(f"image has shape {picture.shape}; the picture holds {_MOST} by {_MOST}")
    side = round(rows.shape[1] ** 0.5)
    high, wide = picture.shape
    fits = side * side == rows.shape[1] and rows.size == picture.size
    if not fits or high % side or wide % side:
        raise ValueError(
            f"patches has shape {rows.shape}, expected (N, P·P) with N·P·P = {picture.size} for an "
            f"image of shape {picture.shape}, whose sides are multiples of P"
        )
    title = f"{high} × {wide} pixels become {len(rows)} tokens of {rows.shape[1]} numbers"
    words = (
        f"An image of {high} by {wide} pixels is cut into {len(rows)} patches of {side} by {side}, "
        "numbered from left to right and from top to bottom. Beside it stands one row for each "
        "patch: its pixels, one after another."
    )
    return Diagram(title, words, _draw(title, picture, rows, side))


def _squeezed(values: Any, axes: int, name: str, due: str) -> np.ndarray:
    array = to_array(values)
    while array.ndim > axes and array.shape[0] == 1:
        array = array[0]
    if array.ndim != axes:
        raise ValueError(f"{name} has shape {to_array(values).shape}, expected {due}")
    return array


def _draw(title: str, picture: np.ndarray, rows: np.ndarray, side: int) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title)
    high, wide = picture.shape
    pixel = _SIDE / max(high, wide)
    for (i, j), value in np.ndenumerate(picture):
        _pixel(drawing, 4 + j * pixel, top + i * pixel, pixel, pixel, value)
    across = wide // side
    for n in range(len(rows)):
        x, y = 4 + n % across * side * pixel, top + n // across * side * pixel
        drawing.box(x, y, side * pixel, side * pixel, edge=BLUE, line=2.5, round=0)
        _tag(drawing, x, y, str(n))
    right = 4 + wide * pixel
    drawing.line([(right + 10, top + _SIDE / 2), (right + 60, top + _SIDE / 2)], head=True)
    _tokens(drawing, right + 70, top, rows)
    return drawing


def _tokens(drawing: Drawing, x: float, top: float, rows: np.ndarray) -> None:
    cell = min(_ROW * 1.6, 360.0 / rows.shape[1])
    for n, row in enumerate(rows):
        y = top + n * (_ROW + 3)
        drawing.text(x + 18, y + _ROW / 2, str(n), anchor="end")
        for i, value in enumerate(row):
            _pixel(drawing, x + 26 + i * cell, y, cell, _ROW, value)
        drawing.box(x + 26, y, cell * len(row), _ROW, edge=BLUE, line=1.5, round=0)


def _pixel(drawing: Drawing, x: float, y: float, wide: float, high: float, value: float) -> None:
    """Draw a pixel in its own grey, whatever the page's colours are."""
    grey = round(255 * float(np.clip(value, 0, 1))) if np.isfinite(value) else 128
    drawing.grey(x, y, wide, high, grey)


def _tag(drawing: Drawing, x: float, y: float, words: str) -> None:
    drawing.badge(x, y, words)
