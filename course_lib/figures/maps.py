"""A matrix of weights or scores as a map: a row for each query, a column for each key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.figures.style import house_style, new_figure, printed, tilt, to_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Beyond this many rows or columns the numbers would not be readable.
_NUMBERS_UP_TO = 10
# Beyond this many, weights below the second number are left out: their cells are dark anyway.
_ALL_UP_TO, _LEAST = 6, 0.05


def weights_heatmap(
    weights: Any,
    queries: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    title: str = "",
    *,
    kind: Literal["weights", "scores"] = "weights",
    most: float | None = None,
) -> "Figure":
    """Draw a matrix of attention weights with its scale: a row for each query, a column a key.

    Whole numbers are printed as whole numbers. In a map of more than 6 rows or columns, weights
    below 0.05 are not printed, and the scale says so.

    Args:
        weights: (T, S), of any array type. Weights are coloured on a fixed scale from 0 to 1.
        queries: T labels; numbers when left out.
        keys: S labels; numbers when left out.
        title: one line above the matrix.
        kind: "scores" colours symmetrically around 0 instead.
        most: where the scale ends when it is not 1: for weights that are all small.

    Raises:
        ValueError: when `weights` is no matrix, the labels do not fit it, or `most` is not above 0.
    """
    matrix = to_array(weights)
    if matrix.ndim != 2:
        raise ValueError(f"weights is one matrix (queries, keys), this has shape {matrix.shape}")
    if most is not None and not most > 0:
        raise ValueError(f"a scale ends above 0, not at {most}")
    rows = _labels(queries, matrix.shape[0], "queries")
    columns = _labels(keys, matrix.shape[1], "keys")
    with house_style():
        figure, axes = new_figure(*_matrix_size(matrix.shape))
        image = axes.imshow(matrix, aspect="auto", **_scale(matrix, kind, most))
        across, down = _some(columns, keys is None), _some(rows, queries is None)
        names = [columns[i] for i in across]
        axes.set_xticks(across, names, rotation=tilt(names))
        axes.set_yticks(down, [rows[i] for i in down])
        axes.set(xlabel="key", ylabel="query", title=title)
        axes.spines[:].set_visible(False)
        label = kind[:-1]
        if max(matrix.shape) <= _NUMBERS_UP_TO:
            label += _write_numbers(axes, matrix, image, kind)
        bar = figure.colorbar(image, ax=axes, label=label, fraction=0.08, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8)
    return figure


def _labels(labels: Sequence[str] | None, count: int, what: str) -> list[str]:
    given = [str(i) for i in range(count)] if labels is None else [str(label) for label in labels]
    if len(given) != count:
        raise ValueError(f"{count} {what} need {count} labels, {len(given)} are given: {given}")
    return given


def _some(labels: Sequence[str], counted: bool) -> list[int]:
    """Return which labels are shown: all that were given; of mere numbers as many as fit."""
    step = max(1, -(-len(labels) // 12)) if counted else 1
    return list(range(0, len(labels), step))


def _matrix_size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return a size that keeps small matrices small, within the largest figure."""
    rows, columns = shape
    return min(6.0, 1.9 + 0.55 * max(columns, 3)), min(3.5, 1.1 + 0.42 * max(rows, 2))


def _scale(matrix: np.ndarray, kind: str, most: float | None) -> dict[str, Any]:
    if kind == "weights":
        return {"cmap": "viridis", "vmin": 0.0, "vmax": most or 1.0}
    finite = np.abs(matrix[np.isfinite(matrix)])
    largest = most or (float(finite.max()) if finite.size and finite.max() > 0 else 1.0)
    return {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}


def _write_numbers(axes: "Axes", matrix: np.ndarray, image: Any, kind: str) -> str:
    """Write numbers into their cells, dark on light or light on dark; say which are left out."""
    sparse = kind == "weights" and max(matrix.shape) > _ALL_UP_TO
    left_out = False
    for ((row, column), value), words in zip(np.ndenumerate(matrix), printed(matrix), strict=True):
        if sparse and abs(value) < _LEAST:
            left_out = True
            continue
        red, green, blue, _ = image.cmap(image.norm(value)) if np.isfinite(value) else (1, 1, 1, 1)
        dark = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < 0.18
        colour = "white" if dark else "#111111"
        axes.text(column, row, words, ha="center", va="center", color=colour, fontsize=8.5)
    return f" (printed from {_LEAST:g} on)" if left_out else ""
