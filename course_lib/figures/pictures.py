"""Pictures side by side: photographs, digits, patches, maps of numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.figures.style import HEIGHT, WIDTH, house_style, to_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pictures(images: Mapping[str, Any], title: str = "", *, low: float = 0.0) -> "Figure":
    """Draw pictures in a row, each under its name; pixels are not smoothed.

    Args:
        images: name to (C, H, W) with one channel or three, or (H, W); numbers up to 1.
        title: one line above all of them.
        low: what is drawn black where there are no colours: 0, or −1 for cosines.

    Raises:
        ValueError: when a picture has another shape.
    """
    from matplotlib.figure import Figure

    arrays = {name: _drawable(name, to_array(image)) for name, image in images.items()}
    wide = sum(array.shape[1] / array.shape[0] for array in arrays.values())
    height = min(HEIGHT, (WIDTH - 0.2 * len(arrays)) / wide + 0.4 + 0.3 * bool(title))
    with house_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        ratios = [array.shape[1] / array.shape[0] for array in arrays.values()]
        every = figure.subplots(1, len(arrays), width_ratios=ratios, squeeze=False)[0]
        for axes, (name, array) in zip(every, arrays.items(), strict=True):
            axes.imshow(array, cmap="gray", vmin=low, vmax=1.0, interpolation="nearest")
            axes.set_title(name, fontsize=10)
            axes.set_axis_off()
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure


def _drawable(name: str, array: np.ndarray) -> np.ndarray:
    """Return (H, W) or (H, W, 3), as matplotlib takes it."""
    if array.ndim == 3 and len(array) in (1, 3):
        return array[0] if len(array) == 1 else array.transpose(1, 2, 0).clip(0, 1)
    if array.ndim != 2:
        raise ValueError(
            f"“{name}” has shape {array.shape}; a picture is (1, H, W), (3, H, W) or (H, W)"
        )
    return array
