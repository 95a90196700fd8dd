"""The house style: one place for colours, sizes and fonts. Loads matplotlib when first used."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Distinguishable with every common kind of colour vision; always beside a number, label or marker.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
COLOURS = (BLUE, ORANGE, GREEN, PINK)

WIDTH, HEIGHT = 6.0, 3.5

# White and dark grey in every theme: a figure is a card, readable on light pages and dark ones.
_RC: dict[str, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": "#595959",
    "axes.labelcolor": "#262626",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": "#E0E0E0",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "xtick.color": "#404040",
    "ytick.color": "#404040",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 2.0,
    "text.color": "#262626",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside a `with` block, whatever the caller's settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        for name, value in _RC.items():
            matplotlib.rcParams[name] = value  # type: ignore[index]
        yield


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> tuple["Figure", "Axes"]:
    """Return a figure and its axes, outside pyplot: nothing is left open and no window appears."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def to_array(values: Any) -> np.ndarray:
    """Return `values` (list, array, tensor on any device) as a float64 array."""
    if hasattr(values, "detach"):
        # NumPy knows no bfloat16, so the dtype changes on torch's side.
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64)


def short(value: float, digits: int = 2) -> str:
    """Return a number as figures print it: two decimals, a real minus sign."""
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else ("∞" if value > 0 else "−∞")
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def printed(values: np.ndarray) -> list[str]:
    """Print numbers that stand together: whole ones as whole numbers, others with two decimals.

    >>> printed(np.array([3.0, 12.0])), printed(np.array([0.5, 1.0]))
    (['3', '12'], ['0.50', '1.00'])
    """
    finite = values[np.isfinite(values)]
    digits = 0 if np.all(finite == np.round(finite)) else 2
    return [short(value, digits) for value in values.ravel()]


def tilt(labels: Sequence[str]) -> float:
    """Return a slant for the labels of the x axis when they would run into each other."""
    return 40.0 if sum(len(label) + 2 for label in labels) > 64 else 0.0
