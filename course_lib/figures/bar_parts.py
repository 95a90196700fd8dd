"""Bars, standing side by side or lying one below the other."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.figures.style import COLOURS, HEIGHT, printed, tilt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

GREY = "#767676"
_LINE, _MOST_LYING = 36, 9


def are_long(labels: Sequence[str]) -> bool:
    """Say whether labels are too long to stand side by side, and few enough to lie down."""
    crowded = tilt(labels) > 0 or max((len(label) for label in labels), default=0) > 24
    return crowded and len(labels) <= _MOST_LYING


def lying_height(count: int) -> float:
    """Return the height in inches of a figure with so many bars lying down."""
    return min(HEIGHT, 1.0 + 0.42 * max(count, 2))


def check_baselines(baselines: Sequence[str], labels: Sequence[str]) -> None:
    """Raise when a baseline is not among the labels."""
    for name in baselines:
        if name not in labels:
            raise ValueError(f"the baseline {name!r} is none of the labels: {list(labels)}")


def standing_series(
    axes: "Axes", values: np.ndarray, index: int, count: int, name: str, grey: Sequence[bool]
) -> None:
    """Draw one series of standing bars, their numbers on top."""
    at, width, look = _series(values, index, count, grey)
    heights = np.where(np.isfinite(values), values, 0.0)
    drawn = axes.bar(at, heights, width, label=name, **look)  # type: ignore[arg-type]
    axes.bar_label(drawn, printed(values), fontsize=8.5, padding=2)


def lying_series(
    axes: "Axes", values: np.ndarray, index: int, count: int, name: str, grey: Sequence[bool]
) -> None:
    """Draw one series of lying bars, their numbers at their ends."""
    at, width, look = _series(values, index, count, grey)
    lengths = np.where(np.isfinite(values), values, 0.0)
    drawn = axes.barh(at, lengths, width, label=name, **look)  # type: ignore[arg-type]
    axes.bar_label(drawn, printed(values), fontsize=8.5, padding=2)


def finish_bars(
    axes: "Axes",
    labels: Sequence[str],
    measure: str,
    series: Sequence[np.ndarray],
    most: float | None,
    *,
    lying: bool,
) -> None:
    """Name the bars and the axis, and end it where the numbers can end."""
    from matplotlib.ticker import MaxNLocator

    if lying:
        wrapped = [textwrap.fill(label, _LINE) for label in labels]
        axes.set_yticks(range(len(labels)), wrapped)
        axes.invert_yaxis()
        axes.axvline(0, color="#595959", linewidth=0.8)
        axes.set_xlabel(measure)
        axes.margins(x=0.12)
    else:
        axes.set_xticks(range(len(labels)), labels, rotation=tilt(labels))
        axes.axhline(0, color="#595959", linewidth=0.8)
        axes.set_ylabel(measure)
        axes.margins(y=0.15)
    axis: Axis = axes.xaxis if lying else axes.yaxis
    whole = all(np.all(one[np.isfinite(one)] % 1 == 0) for one in series)
    if whole:
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    if most is not None:
        low = min(0.0, *(float(one[np.isfinite(one)].min(initial=0.0)) for one in series))
        limit = axes.set_xlim if lying else axes.set_ylim
        limit(low, most + 0.12 * (most - low))
        axis.set_ticks([tick for tick in axis.get_majorticklocs() if low <= tick <= most])


def _series(
    values: np.ndarray, index: int, count: int, grey: Sequence[bool]
) -> tuple[np.ndarray, float, dict[str, object]]:
    width = 0.7 / count
    at = np.arange(len(values)) + (index - (count - 1) / 2) * width
    colours = [GREY if one else COLOURS[index] for one in grey]
    look: dict[str, object] = {"color": colours, "edgecolor": "white"}
    return at, width * 0.92, look | ({"hatch": "///"} if index else {})
