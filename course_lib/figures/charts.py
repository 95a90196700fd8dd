"""The charts that lessons reuse: plain arrays or tensors in, a figure for `show` out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.figures.style import COLOURS, house_style, new_figure, short, to_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Beyond this many rows or columns the numbers would not be readable.
_NUMBERS_UP_TO = 10
_STYLES = ("-", "--", "-.", ":")


def weights_heatmap(
    weights: Any,
    queries: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    title: str = "",
    *,
    kind: Literal["weights", "scores"] = "weights",
) -> "Figure":
    """Draw a matrix of attention weights: a row for each query, a column for each key.

    Args:
        weights: (T, S), of any array type. Weights are coloured on a fixed scale from 0 to 1.
        queries: T labels; numbers when left out.
        keys: S labels; numbers when left out.
        title: one line above the matrix.
        kind: "scores" colours symmetrically around 0 instead.

    Raises:
        ValueError: when `weights` is no matrix or the labels do not fit it.
    """
    matrix = to_array(weights)
    if matrix.ndim != 2:
        raise ValueError(f"weights is one matrix (queries, keys), this has shape {matrix.shape}")
    rows = _labels(queries, matrix.shape[0], "queries")
    columns = _labels(keys, matrix.shape[1], "keys")
    with house_style():
        figure, axes = new_figure(*_matrix_size(matrix.shape))
        image = axes.imshow(matrix, aspect="auto", **_scale(matrix, kind))
        axes.set_xticks(range(len(columns)), columns, rotation=_tilt(columns))
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel="key", ylabel="query", title=title)
        axes.spines[:].set_visible(False)
        if max(matrix.shape) <= _NUMBERS_UP_TO:
            _write_numbers(axes, matrix, image)
        else:
            figure.colorbar(image, ax=axes, label=kind[:-1], shrink=0.9)
    return figure


def bars(
    values: Any,
    labels: Sequence[str],
    title: str = "",
    *,
    ylabel: str = "",
    beside: Any = None,
    names: tuple[str, str] = ("yours", "the course's"),
) -> "Figure":
    """Draw one bar for each label with its number on top; `beside` adds a second series.

    Args:
        values: one number for each label.
        labels: shown under the bars.
        title: one line above the bars.
        ylabel: what the numbers measure.
        beside: a second number for each label, drawn hatched.
        names: what the two series are called in the legend.
    """
    series = [to_array(values)] if beside is None else [to_array(values), to_array(beside)]
    for one in series:
        if one.shape != (len(labels),):
            raise ValueError(
                f"{len(labels)} labels need {len(labels)} numbers, these have shape {one.shape}"
            )
    with house_style():
        figure, axes = new_figure(height=3.0)
        for i, one in enumerate(series):
            _bar_series(axes, one, i, len(series), names[i])
        axes.axhline(0, color="#595959", linewidth=0.8)
        axes.set_xticks(range(len(labels)), labels, rotation=_tilt(labels))
        axes.set(title=title, ylabel=ylabel)
        axes.margins(y=0.15)
        if len(series) > 1:
            axes.legend()
    return figure


def lines(
    x: Any,
    ys: Mapping[str, Any],
    title: str = "",
    *,
    xlabel: str,
    ylabel: str,
    points: tuple[Any, Any] | None = None,
    logx: bool = False,
    logy: bool = False,
) -> "Figure":
    """Draw one line for each entry of `ys`, in its own colour and its own dash.

    Args:
        x: where the lines are known.
        ys: name to values; the names make the legend.
        title: one line above the lines.
        xlabel, ylabel: names and units of the axes.
        points: (x, y) of data shown as grey dots behind the lines.
        logx, logy: logarithmic axes.
    """
    at = to_array(x)
    with house_style():
        figure, axes = new_figure()
        axes.grid(True)
        if points is not None:
            axes.plot(
                to_array(points[0]),
                to_array(points[1]),
                "o",
                color="#767676",
                markersize=3,
                label="data",
            )
        for i, (name, values) in enumerate(ys.items()):
            axes.plot(at, to_array(values), _STYLES[i % 4], color=COLOURS[i % 4], label=name)
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
        axes.set_xscale("log" if logx else "linear")
        axes.set_yscale("log" if logy else "linear")
        if len(ys) > 1 or points is not None:
            axes.legend()
    return figure


def vectors_2d(
    vectors: Mapping[str, Any],
    title: str = "",
    *,
    highlight: str | None = None,
) -> "Figure":
    """Draw named vectors from the origin of a plane with equal units on both axes.

    Args:
        vectors: name to (x, y).
        title: one line above the plane.
        highlight: the name of one vector, drawn in orange and thicker.
    """
    ends = {name: to_array(v) for name, v in vectors.items()}
    for name, end in ends.items():
        if end.shape != (2,):
            raise ValueError(
                f"{name!r} has shape {end.shape}; a vector in the plane has shape (2,)"
            )
    with house_style():
        low, high = _plane(np.stack([*ends.values(), np.zeros(2)]))
        figure, axes = new_figure(*_plane_size(high - low))
        axes.grid(True)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.axhline(0, color="#8C8C8C", linewidth=0.8)
        axes.axvline(0, color="#8C8C8C", linewidth=0.8)
        for name, end in ends.items():
            _arrow(axes, name, end, strong=name == highlight, lift=_lift(name, ends))
        axes.set(title=title, xlabel="first number", ylabel="second number")
    return figure


def _labels(labels: Sequence[str] | None, count: int, what: str) -> list[str]:
    given = [str(i) for i in range(count)] if labels is None else [str(label) for label in labels]
    if len(given) != count:
        raise ValueError(f"{count} {what} need {count} labels, {len(given)} are given: {given}")
    return given


def _matrix_size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return a size that keeps small matrices small, within the largest figure."""
    rows, columns = shape
    return min(6.0, 1.9 + 0.55 * max(columns, 3)), min(3.5, 1.1 + 0.42 * max(rows, 2))


def _scale(matrix: np.ndarray, kind: str) -> dict[str, Any]:
    if kind == "weights":
        return {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}
    finite = np.abs(matrix[np.isfinite(matrix)])
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    return {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}


def _write_numbers(axes: "Axes", matrix: np.ndarray, image: Any) -> None:
    """Write each number into its cell, dark on light or light on dark."""
    for (row, column), value in np.ndenumerate(matrix):
        red, green, blue, _ = image.cmap(image.norm(value)) if np.isfinite(value) else (1, 1, 1, 1)
        dark = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < 0.18
        colour = "white" if dark else "#111111"
        axes.text(column, row, short(value), ha="center", va="center", color=colour, fontsize=8.5)


def _bar_series(axes: "Axes", values: np.ndarray, index: int, count: int, name: str) -> None:
    width = 0.7 / count
    at = np.arange(len(values)) + (index - (count - 1) / 2) * width
    heights = np.where(np.isfinite(values), values, 0.0)
    hatch = "///" if index else None
    drawn = axes.bar(
        at, heights, width * 0.92, color=COLOURS[index], hatch=hatch, edgecolor="white", label=name
    )
    axes.bar_label(drawn, [short(v) for v in values], fontsize=8.5, padding=2)


def _lift(name: str, ends: Mapping[str, np.ndarray]) -> int:
    """Count the names that this one would run into: ends to its right, at about its height."""
    low, high = np.min([*ends.values()], axis=0), np.max([*ends.values()], axis=0)
    span = max(float((high - low).max()), 1.0)
    names = list(ends)
    count = 0
    for other in names:
        right, up = ends[other] - ends[name]
        later = right > 0 or (right == 0 and names.index(other) > names.index(name))
        count += other != name and later and right < 0.28 * span and abs(up) < 0.1 * span
    return count


def _arrow(axes: "Axes", name: str, end: np.ndarray, *, strong: bool, lift: int = 0) -> None:
    colour = COLOURS[1] if strong else COLOURS[0]
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "lw": 2.6 if strong else 1.8,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", xy=tuple(end), xytext=(0, 0), arrowprops=style)
    below = end[1] < 0
    axes.annotate(
        f"{name} ({_brief(end[0])}, {_brief(end[1])})",
        xy=tuple(end),
        xytext=(0, (5 + 13 * lift) * (-1 if below else 1)),
        textcoords="offset points",
        ha="center",
        va="top" if below else "bottom",
        weight="bold" if strong else "normal",
    )


def _brief(value: float) -> str:
    """Return a coordinate with one decimal at most: 3, −0.5."""
    return short(value, 0 if float(value).is_integer() else 1)


def _plane(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a plane with room around the arrows for their names."""
    low, high = ends.min(axis=0), ends.max(axis=0)
    room = max(float((high - low).max()), 1.0) * np.array([0.2, 0.16])
    return low - room, high + room


def _plane_size(extent: np.ndarray) -> tuple[float, float]:
    """Return the size of a figure whose axes have the shape of the plane, within the largest."""
    wide, high = float(extent[0]), float(extent[1])
    inch = min(5.1 / wide, 2.7 / high)
    return max(wide * inch + 0.9, 3.0), high * inch + 0.8


def _tilt(labels: Sequence[str]) -> float:
    """Return a slant for the labels of the x axis when they would run into each other."""
    return 40.0 if sum(len(label) + 2 for label in labels) > 64 else 0.0
