"""What charts put on their axes: ticks at whole numbers, marks, a legend that hides nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from course_lib.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "^so"
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
_FEW, _MOST = 8, 60


def whole_ticks(axes: "Axes", at: np.ndarray) -> None:
    """Put ticks on whole numbers where x counts something: blocks, steps, places."""
    steps = np.diff(at)
    if not 1 < len(at) <= _MOST or np.any(steps != 1) or np.any(at != np.round(at)):
        return
    step = next((one for one in _STEPS if len(at) / one <= _FEW), _STEPS[-1])
    first, last = int(at[0]), int(at[-1])
    ticks = [tick for tick in range(first, last + 1) if tick % step == 0]
    # The first counts too, unless the next tick would touch it.
    if ticks[0] - first >= step / 2:
        ticks.insert(0, first)
    axes.set_xticks(ticks)


def mark_points(axes: "Axes", marks: Mapping[str, tuple[float, float]], after: int) -> None:
    """Draw single points with their names beside them, in the colours that lines left over."""
    for i, (name, (x, y)) in enumerate(marks.items()):
        colour = COLOURS[(after + i) % 4]
        axes.plot([x], [y], _MARKERS[i % 3], color=colour, markersize=8)
        axes.annotate(
            name, (x, y), xytext=(-8, -4), textcoords="offset points", ha="right", va="top"
        )


def put_legend(figure: "Figure", axes: "Axes", where: str) -> None:
    """Draw the legend inside the axes, or below them.

    Raises:
        ValueError: for another place.
    """
    if where == "inside":
        axes.legend()
    elif where == "below":
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    else:
        raise ValueError(f'a legend stands "inside" or "below", not {where!r}')
