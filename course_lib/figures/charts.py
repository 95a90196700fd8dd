"""The charts that lessons reuse: plain arrays or tensors in, a figure for `show` out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.figures.axes import mark_points, put_legend, whole_ticks
from course_lib.figures.bar_parts import (
    GREY,
    are_long,
    check_baselines,
    finish_bars,
    lying_height,
    lying_series,
    standing_series,
)
from course_lib.figures.maps import weights_heatmap
from course_lib.figures.style import COLOURS, house_style, new_figure, short, to_array

__all__ = ["bars", "lines", "vectors_2d", "weights_heatmap"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = ("-", "--", "-.", ":")


def bars(
    values: Any,
    labels: Sequence[str],
    title: str = "",
    *,
    ylabel: str = "",
    beside: Any = None,
    names: tuple[str, str] = ("yours", "the course's"),
    most: float | None = None,
    baselines: Sequence[str] = (),
) -> "Figure":
    """Draw one bar for each label with its number; `beside` adds a second series.

    Whole numbers are printed as whole numbers. Bars whose labels are too long to stand side by
    side lie down.

    Args:
        values: one number for each label.
        labels: shown under the bars.
        title: one line above the bars.
        ylabel: what the numbers measure.
        beside: a second number for each label, drawn hatched.
        names: what the two series are called in the legend.
        most: the most that can be reached, where the axis ends: 1 for shares, 32 of 32.
        baselines: labels whose bars are grey, since they are what the others are compared with.

    Raises:
        ValueError: when numbers and labels differ in count, a baseline has no bar, or a number is
            above `most`.
    """
    series = [to_array(values)] if beside is None else [to_array(values), to_array(beside)]
    for one in series:
        if one.shape != (len(labels),):
            raise ValueError(
                f"{len(labels)} labels need {len(labels)} numbers, these have shape {one.shape}"
            )
    check_baselines(baselines, labels)
    most = _end_of_axis(series, most, ylabel)
    with house_style():
        lying = are_long(labels)
        figure, axes = new_figure(height=lying_height(len(labels)) if lying else 3.0)
        draw = lying_series if lying else standing_series
        for i, one in enumerate(series):
            name = names[i] if len(series) > 1 else "_alone"
            draw(axes, one, i, len(series), name, [label in baselines for label in labels])
        finish_bars(axes, labels, ylabel, series, most, lying=lying)
        axes.set_title(title)
        if baselines:
            axes.bar([0], [0], color=GREY, label="to compare with")
        if len(series) > 1 or baselines:
            put_legend(figure, axes, "below")
    return figure


def _end_of_axis(series: list[np.ndarray], most: float | None, ylabel: str) -> float | None:
    """Return where the axis ends: as told, or at 1 for what is called a share or a rate."""
    top = max((float(one[np.isfinite(one)].max(initial=0.0)) for one in series), default=0.0)
    if most is None:
        shared = any(word in ylabel.split() for word in ("share", "rate", "probability"))
        return 1.0 if shared and 0.5 < top <= 1 else None
    if top > most:
        raise ValueError(f"most={most:g} is the end of the axis, and a bar reaches {top:g}")
    return most


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
    steps: bool = False,
    shade: Sequence[tuple[float, float]] = (),
    marks: Mapping[str, tuple[float, float]] | None = None,
    legend: Literal["inside", "below"] = "inside",
) -> "Figure":
    """Draw one line for each entry of `ys`, in its own colour and its own dash.

    Args:
        x: where the lines are known.
        ys: name to values; the names make the legend.
        title: one line above the lines.
        xlabel, ylabel: names and units of the axes.
        points: (x, y) of data shown as grey dots behind the lines.
        logx, logy: logarithmic axes.
        steps: draw level steps: for whole numbers, which have nothing in between.
        shade: stretches of x, from and to, with a grey ground: gaps, or what is not known.
        marks: name to a single (x, y), drawn as a marker with its name beside it.
        legend: "below" puts it under the axes, where it hides nothing.
    """
    at = to_array(x)
    with house_style():
        figure, axes = new_figure()
        axes.grid(True)
        for start, end in shade:
            axes.axvspan(start, end, color="#E8E8E8", zorder=0)
        if points is not None:
            axes.plot(
                to_array(points[0]),
                to_array(points[1]),
                "o",
                color="#767676",
                markersize=3,
                label="data",
            )
        style: dict[str, Any] = {"drawstyle": "steps-mid"} if steps else {}
        for i, (name, values) in enumerate(ys.items()):
            line, colour = _STYLES[i % 4], COLOURS[i % 4]
            axes.plot(at, to_array(values), line, color=colour, label=name, **style)
        mark_points(axes, marks or {}, len(ys))
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
        axes.set_xscale("log" if logx else "linear")
        axes.set_yscale("log" if logy else "linear")
        if not logx:
            whole_ticks(axes, at)
        if len(ys) > 1 or points is not None:
            put_legend(figure, axes, legend)
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
