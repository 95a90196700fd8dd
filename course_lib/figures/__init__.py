"""Static figures, always with alternative text.

Example:
    >>> from course_lib.figures import show, bars
    >>> figure = bars([0.7, 0.3], labels=["cat", "mat"])
    >>> show(figure, alt="Two bars: cat 0.7, mat 0.3.")  # doctest: +SKIP
"""

from course_lib.figures.charts import bars, lines, vectors_2d, weights_heatmap
from course_lib.figures.pictures import pictures
from course_lib.figures.show import as_html, show
from course_lib.figures.style import BLUE, COLOURS, GREEN, ORANGE, PINK

__all__ = [
    "BLUE",
    "COLOURS",
    "GREEN",
    "ORANGE",
    "PINK",
    "as_html",
    "bars",
    "lines",
    "pictures",
    "show",
    "vectors_2d",
    "weights_heatmap",
]
