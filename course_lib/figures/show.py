"""Put a figure on the page with its alternative text.

matplotlib's own display loses alternative text, so figures reach a notebook as HTML with a real
`<img alt=…>`. The same figure gives the same bytes: no dates, no versions.
"""

import base64
import html
import io
import os
import sys
from typing import TYPE_CHECKING

from course_lib.figures.rules import check_figure
from course_lib.figures.style import HEIGHT, WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
_CSS_DPI = 96
_SHORTEST_ALT = 8


def show(fig: "Figure", alt: str) -> None:
    """Show a matplotlib figure in the notebook, with the text that stands for it.

    Args:
        fig: a figure of at most 6 × 3.5 inches; it is closed afterwards.
        alt: what the figure shows, in words and numbers, for those who cannot see it.

    Raises:
        ValueError: when `alt` says too little, or the figure is too large for the page; while a
            lesson is built, also when it has no title, or a map in it no scale.
    """
    from IPython.display import display

    display({"text/html": as_html(fig, alt), "text/plain": f"Figure: {alt}"}, raw=True)


def as_html(fig: "Figure", alt: str) -> str:
    """Return the `<img>` that `show` puts on the page, and close the figure."""
    alt = check_alt(alt)
    if not hasattr(fig, "get_size_inches"):
        raise TypeError(
            f"show takes a matplotlib figure, this is a {type(fig).__name__}: a diagram shows "
            "itself, so put it last in the cell, or display(it)"
        )
    width, height = fig.get_size_inches()
    if width > WIDTH + 0.01 or height > HEIGHT + 0.01:
        raise ValueError(
            f"a figure is at most {WIDTH:g} × {HEIGHT:g} inches, this is {width:g} × {height:g}: "
            f"make it with figsize=({WIDTH:g}, {HEIGHT:g})"
        )
    if os.environ.get("COURSE_STATIC") == "1":  # a lesson is built: a learner's own may do without
        check_figure(fig)
    data = base64.b64encode(_png(fig)).decode("ascii")
    _close(fig)
    return (
        f'<img class="course-figure" alt="{html.escape(alt)}" width="{round(width * _CSS_DPI)}" '
        f'style="max-width:100%;height:auto" src="data:image/png;base64,{data}">'
    )


def check_alt(alt: str) -> str:
    """Return `alt` on one line, or raise when it is missing or too short to say anything."""
    if not isinstance(alt, str) or len(alt.strip()) < _SHORTEST_ALT:
        raise ValueError(
            f"alt={alt!r} says too little: a figure needs alternative text of {_SHORTEST_ALT} "
            'characters or more, for instance alt="Bars: cat 0.7, mat 0.3."'
        )
    return " ".join(alt.split())


def _png(fig: "Figure") -> bytes:
    """Return the figure as PNG bytes without metadata, in 256 colours: a third of the size."""
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    full = Image.open(raw).convert("RGB")
    # Of Pillow's methods the closest: in our charts no channel is off by more than 8 of 255.
    few = full.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def _close(fig: "Figure") -> None:
    """Close a figure that pyplot keeps; one made outside pyplot needs nothing."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)
