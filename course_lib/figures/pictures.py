"""Pictures side by side: photographs, digits, patches, maps of numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.figures.style import HEIGHT, ORANGE, WIDTH, house_style, to_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def pictures(
    images: Mapping[str, Any],
    title: str = "",
    *,
    low: float = 0.0,
    kind: Literal["pixels", "cosines"] = "pixels",
    frames: Mapping[str, tuple[int, int]] | None = None,
) -> "Figure":
    """Draw pictures in a row, each under its name; pixels are not smoothed.

    Args:
        images: name to (C, H, W) with one channel or three, or (H, W); numbers up to 1.
        title: one line above all of them.
        low: what is drawn black where there are no colours.
        kind: "cosines" draws (H, W) of numbers from −1 to 1 in two colours, with their scale.
        frames: name to the row and column of a pixel that gets a frame.

    Raises:
        ValueError: when a picture has another shape, or a frame lies outside its picture.
    """
    from matplotlib.figure import Figure

    arrays = {name: _drawable(name, to_array(image)) for name, image in images.items()}
    wide = sum(array.shape[1] / array.shape[0] for array in arrays.values())
    height = min(HEIGHT, (WIDTH - 0.2 * len(arrays)) / wide + 0.4 + 0.3 * bool(title))
    look: dict[str, Any] = {"cmap": "gray", "vmin": low, "vmax": 1.0}
    if kind == "cosines":
        from matplotlib.colors import Normalize

        look = {"cmap": "RdBu_r", "norm": Normalize(-1.0, 1.0)}
    with house_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        ratios = [array.shape[1] / array.shape[0] for array in arrays.values()]
        every = figure.subplots(1, len(arrays), width_ratios=ratios, squeeze=False)[0]
        for axes, (name, array) in zip(every, arrays.items(), strict=True):
            drawn = axes.imshow(array, interpolation="nearest", **look)
            axes.set_title(name, fontsize=10)
            axes.set_axis_off()
            if name in (frames or {}):
                _frame(axes, name, array.shape, *(frames or {})[name])
        if kind == "cosines":
            figure.colorbar(drawn, ax=every, label="cosine", fraction=0.04, ticks=(-1, 0, 1))
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure


def _frame(axes: "Axes", name: str, shape: tuple[int, ...], row: int, column: int) -> None:
    """Draw a frame around one pixel, seen on light and on dark."""
    from matplotlib.patches import Rectangle

    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        raise ValueError(f"“{name}” has shape {shape[:2]}; there is no pixel ({row}, {column})")
    for colour, line in (("white", 4.0), (ORANGE, 2.0)):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, ec=colour, lw=line, clip_on=False))


def _drawable(name: str, array: np.ndarray) -> np.ndarray:
    """Return (H, W) or (H, W, 3), as matplotlib takes it."""
    if array.ndim == 3 and len(array) in (1, 3):
        return array[0] if len(array) == 1 else array.transpose(1, 2, 0).clip(0, 1)
    if array.ndim != 2:
        raise ValueError(
            f"“{name}” has shape {array.shape}; a picture is (1, H, W), (3, H, W) or (H, W)"
        )
    return array
