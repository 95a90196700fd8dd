"""An image beside maps of where a model looks, each with the box of what is known to be there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.figures.style import ORANGE, WIDTH, house_style, short, to_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST, _ACROSS = 10, 5
_EDGE = 0.12


def overlays(
    image: Any,
    maps: Mapping[str, Any],
    box: Sequence[int] | None = None,
    title: str = "",
    *,
    common: bool = True,
) -> "Figure":
    """Draw an image, then each map from dark (0) to bright, with its largest number and a scale.

    Args:
        image: (H, W), 0 is black and 1 is white.
        maps: name to a map of any size; it is stretched to the image, without smoothing.
        box: top, left, bottom, right in pixels of the image, drawn on every panel.
        title: one line above all.
        common: whether bright is the largest number of all maps. Where maps measure different
            things, False makes each as bright as its own largest number, and the scale says so.

    Raises:
        ValueError: when there are more than nine maps, or one is no matrix.
    """
    picture = to_array(image)
    if len(maps) >= _MOST:
        raise ValueError(f"at most {_MOST - 1} maps fit beside an image, not {len(maps)}")
    arrays = {name: to_array(one) for name, one in maps.items()}
    for name, one in {"the image": picture, **arrays}.items():
        if one.ndim != 2:
            raise ValueError(f"“{name}” has shape {one.shape}; a map is one matrix")
    with house_style():
        figure, panels = _panels(len(arrays) + 1, bool(title))
        _picture(panels[0], picture)
        scales = _scales(list(arrays.values()), common)
        for axes, (name, one), norm in zip(panels[1:], arrays.items(), scales, strict=True):
            drawn = _map(axes, name, one, picture.shape, norm)
        if arrays:
            _bar(figure, drawn, panels, common)
        if box is not None:
            for axes in panels:
                _frame(axes, box)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def _panels(count: int, titled: bool) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    down = -(-count // _ACROSS)
    across = -(-count // down)
    width = min(WIDTH, WIDTH * across / _ACROSS + 0.1 * (across < _ACROSS))
    # The engine does not see all of a scale's numbers: without this edge they would be cut.
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1 - _EDGE / width, 1))
    figure = Figure(figsize=(width, 1.5 * down + 0.3 * titled), layout=layout)
    return figure, [figure.add_subplot(down, across, at + 1) for at in range(count)]


def _scales(arrays: Sequence[np.ndarray], common: bool) -> list[Any]:
    """Return a norm for each map: from 0, or its smallest below that, to the largest number."""
    from matplotlib.colors import Normalize

    if common and arrays:
        every = np.concatenate([one.ravel() for one in arrays])
        return [Normalize(*_ends(every))] * len(arrays)
    return [Normalize(*_ends(one)) for one in arrays]


def _ends(numbers: np.ndarray) -> tuple[float, float]:
    finite = numbers[np.isfinite(numbers)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    return low, high if high > low else low + 1.0


def _picture(axes: "Axes", picture: np.ndarray) -> None:
    extent = (0, picture.shape[1], picture.shape[0], 0)
    axes.imshow(picture, extent=extent, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _plain(axes, "the image")


def _map(axes: "Axes", name: str, numbers: np.ndarray, shape: tuple[int, ...], norm: Any) -> Any:
    extent = (0, shape[1], shape[0], 0)
    look: dict[str, Any] = {"interpolation": "nearest", "cmap": "viridis", "norm": norm}
    drawn = axes.imshow(numbers, extent=extent, **look)
    finite = numbers[np.isfinite(numbers)]
    most = short(float(finite.max())) if finite.size else "nan"
    _plain(axes, f"{name}\nlargest {most}")
    return drawn


def _plain(axes: "Axes", title: str) -> None:
    axes.set_title(title, fontsize=8.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _bar(figure: "Figure", drawn: Any, panels: Sequence["Axes"], common: bool) -> None:
    """Draw the scale: numbers where the maps share one, words where each has its own."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    shown = drawn if common else ScalarMappable(Normalize(0, 1), "viridis")
    bar = figure.colorbar(shown, ax=list(panels), fraction=0.03, pad=0.02, aspect=25)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    if not common:
        bar.set_ticks([0, 1], labels=["0", "its\nlargest"])


def _frame(axes: "Axes", box: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    top, left, bottom, right = map(int, box)
    for colour, width in (("white", 3.0), (ORANGE, 1.6)):
        frame = Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour, lw=width)
        axes.add_patch(frame)
