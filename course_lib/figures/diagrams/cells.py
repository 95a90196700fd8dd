"""Rows of cells with numbers in them, and the rules by which numbers are printed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.figures.diagrams.drawing import (
    LARGE,
    PLAIN,
    SMALL,
    Drawing,
    width_of,
)
from course_lib.figures.style import short, to_array

HIGH, WIDE = 26.0, 46.0
#: Above this many rows or columns, a diagram says no more than a heat map.
MOST = 12
_TITLE = 700.0


def numbers(values: np.ndarray) -> list[str]:
    """Print numbers that stand together: whole ones as whole numbers, others with two
    decimals, or one where there are numbers from 100 on.

    >>> numbers(np.array([1.0, -np.inf])), numbers(np.array([0.5, 1.0]))
    (['1', '−∞'], ['0.50', '1.00'])
    """
    finite = values[np.isfinite(values)]
    digits = 0 if np.all(finite == np.round(finite)) else (2 if np.all(abs(finite) < 100) else 1)
    return [short(value, digits) for value in values.ravel()]


def vector(values: Any, what: str, size: int | None = None) -> np.ndarray:
    """Return (n,), whatever axes of size 1 stand in front.

    Raises:
        ValueError: with the name, the shape that was expected and the one that came.
    """
    array = _without_ones(to_array(values), 1)
    if array.ndim != 1 or (size is not None and len(array) != size):
        due = "(n,)" if size is None else f"({size},)"
        raise ValueError(f"{what} has shape {to_array(values).shape}, expected {due}")
    return array


def matrix(values: Any, what: str, rows: int | None = None, columns: int | None = None) -> Any:
    """Return (rows, columns), whatever axes of size 1 stand in front.

    Raises:
        ValueError: with the name, the shape that was expected and the one that came.
    """
    array = _without_ones(to_array(values), 2)
    found = array.ndim == 2 and rows in (None, array.shape[0]) and columns in (None, array.shape[1])
    if not found:
        due = f"({'rows' if rows is None else rows}, {'columns' if columns is None else columns})"
        raise ValueError(f"{what} has shape {to_array(values).shape}, expected {due}")
    if max(array.shape) > MOST:
        raise ValueError(f"{what} has shape {array.shape}; a diagram holds {MOST} by {MOST}")
    return array


def labels(given: Sequence[str] | None, count: int, what: str, name: str = "") -> list[str]:
    """Return `count` labels: those given, or numbers from 0."""
    found = [f"{name}{i}" for i in range(count)] if given is None else [str(one) for one in given]
    if len(found) != count:
        raise ValueError(f"{count} {what} need {count} labels, {len(found)} came: {found}")
    return found


def cell_width(values: np.ndarray) -> float:
    """Return how wide cells must be for the numbers in them."""
    return max([34.0, *(width_of(one, SMALL) + 10 for one in numbers(values))])


def cells(
    drawing: Drawing,
    x: float,
    y: float,
    values: np.ndarray,
    colour: str = PLAIN,
    *,
    wide: float | None = None,
    tints: np.ndarray | None = None,
    words: Sequence[str] | None = None,
) -> tuple[float, float]:
    """Draw a matrix as cells with its numbers; return the right and lower end.

    Args:
        drawing: the sheet.
        x: left end.
        y: upper end.
        values: (rows, columns).
        colour: of the cells.
        wide: of one cell; by its numbers when left out.
        tints: (rows, columns) from 0 to 1; the same for all when left out.
        words: what stands in the cells, when not their numbers.
    """
    rows, columns = values.shape
    width = cell_width(values) if wide is None else wide
    shown = iter(numbers(values) if words is None else words)
    strong = np.full(values.shape, 0.2) if tints is None else 0.04 + 0.5 * tints
    for row in range(rows):
        for column in range(columns):
            at = (x + column * width, y + row * HIGH)
            drawing.box(*at, width, HIGH, fill=colour, tint=float(strong[row, column]))
            middle = (at[0] + width / 2, at[1] + HIGH / 2)
            drawing.text(*middle, next(shown), room=width - 2)
    return x + columns * width, y + rows * HIGH


def heading(drawing: Drawing, title: str) -> float:
    """Write the title of a diagram; return where the rest begins."""
    drawing.text(4, 12, title, room=_TITLE, size=LARGE, anchor="start", bold=True)
    return 34.0


def label_room(names: Sequence[str], most: float = 96.0) -> float:
    """Return how much room a column of labels takes."""
    return min(most, max(width_of(name, SMALL) for name in names) + 4) if names else 0.0


def _without_ones(array: np.ndarray, axes: int) -> np.ndarray:
    while array.ndim > axes and array.shape[0] == 1:
        array = array[0]
    return array
