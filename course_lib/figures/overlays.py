"""An image beside maps of where a model looks, each with the box of what is known to be there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.figures.style import ORANGE, WIDTH, house_style, to_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST, _ACROSS = 10, 5


def overlays(
    image: Any, maps: Mapping[str, Any], box: Sequence[int] | None = None, title: str = ""
) -> "Figure":
    """Draw an image, then each map from dark (its smallest number) to bright (its largest).

    Args:
        image: (H, W), 0 is black and 1 is white.
        maps: name to a map of any size; it is stretched to the image, without smoothing.
        box: top, left, bottom, right in pixels of the image, drawn on every panel.
        title: one line above all.

    Raises:
        ValueError: when there are more than nine maps, or one is no matrix.
    """
    picture = to_array(image)
    if len(maps) >= _MOST:
        raise ValueError(f"at most {_MOST - 1} maps fit beside an image, not {len(maps)}")
    panels = {"the image": picture, **{name: to_array(one) for name, one in maps.items()}}
    for name, one in panels.items():
        if one.ndim != 2:
            raise ValueError(f"“{name}” has shape {one.shape}; a map is one matrix")
    down = -(-len(panels) // _ACROSS)
    across = -(-len(panels) // down)
    with house_style():
        from matplotlib.figure import Figure

        size = (
            WIDTH * across / _ACROSS + 0.1 * (across < _ACROSS),
            1.45 * down + 0.3 * bool(title),
        )
        figure = Figure(figsize=(min(WIDTH, size[0]), size[1]), layout="constrained")
        for at, (name, one) in enumerate(panels.items()):
            axes = figure.add_subplot(down, across, at + 1)
            _panel(axes, name, one, picture.shape, picture=at == 0)
            if box is not None:
                _frame(axes, box)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def _panel(
    axes: "Axes", name: str, numbers: np.ndarray, shape: tuple[int, ...], *, picture: bool
) -> None:
    scale: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1} if picture else {}
    extent = (0, shape[1], shape[0], 0)
    axes.imshow(numbers, extent=extent, interpolation="nearest", **({"cmap": "viridis"} | scale))
    axes.set_title(name, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _frame(axes: "Axes", box: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    top, left, bottom, right = map(int, box)
    for colour, width in (("white", 3.0), (ORANGE, 1.6)):
        frame = Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour, lw=width)
        axes.add_patch(frame)
