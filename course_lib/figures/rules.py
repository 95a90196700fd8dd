"""What every figure keeps: a title, and a scale beside every map of numbers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

#: Greys are pictures of things; any other colours stand for numbers and need their scale.
_GREYS = ("gray", "gray_r", "grey", "grey_r", "Greys", "Greys_r", "binary")


def check_figure(fig: "Figure") -> None:
    """Raise when a figure has no title, or a map in it no scale.

    Raises:
        ValueError: with what is missing and how to add it.
    """
    if not any(_titles(fig)):
        raise ValueError(
            "a figure needs a title: pass title=… to the helper, or axes.set_title(…), so that "
            "it says what it shows"
        )
    maps = [(axes, image) for axes in fig.axes for image in axes.get_images() if _counts(image)]
    scales = {image.norm for _, image in maps if image.colorbar is not None}
    for axes, image in maps:
        # Panels that share a norm share its scale; others tell their largest number.
        if image.norm not in scales and "largest" not in axes.get_title("left"):
            raise ValueError(
                f"the map {_name(axes)} has no scale: draw it with a helper, or add "
                "figure.colorbar(image), so that its colours can be read"
            )


def _counts(image: "AxesImage") -> bool:
    """Say whether the colours of an image stand for numbers."""
    numbers = image.get_array()
    return numbers is not None and numbers.ndim == 2 and image.get_cmap().name not in _GREYS


def _titles(fig: "Figure") -> list[str]:
    """Return the titles of a figure and of everything in it that is drawn on."""
    over = fig.get_suptitle()
    inside = [axes.get_title(loc) for axes in fig.axes for loc in ("left", "center", "right")]
    return [title.strip() for title in (over, *inside) if title.strip()]


def _name(axes: "Axes") -> str:
    titles = [axes.get_title(loc) for loc in ("left", "center", "right")]
    return next((f"“{title}”" for title in titles if title), "in this figure")
