"""Glimpse player: replay where a model looked, and what it made of it, glimpse by glimpse."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from course_lib.data.digit_canvas import CANVAS, DIGIT, glimpse_log
from course_lib.explore.explorer import Control, Explorer
from course_lib.figures.style import BLUE, ORANGE, house_style, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = 16


class GlimpsePlayer(Explorer):
    """See `glimpse_player`."""

    name = "glimpse_player"
    title = "Glimpses, replayed"
    keys: ClassVar = {
        "ArrowLeft": ("glimpse", -1),
        "ArrowRight": ("glimpse", 1),
        "ArrowUp": ("canvas", -1),
        "ArrowDown": ("canvas", 1),
    }

    def __init__(self, log: Mapping[str, Any], canvas: int) -> None:
        self.log, self.episodes = log, log["episodes"]
        if not 1 <= canvas <= len(self.episodes):
            raise ValueError(f"canvas is 1 to {len(self.episodes)}, not {canvas}")
        glimpses = len(self.episodes[0]["places"])
        # Everything is recorded, so nothing is asked again: both controls are cursors.
        super().__init__(
            [
                Control(
                    "canvas",
                    tuple(range(1, len(self.episodes) + 1)),
                    start=canvas - 1,
                    computed=False,
                ),
                Control("glimpse", tuple(range(glimpses + 1)), computed=False),
            ]
        )

    def numbers(self) -> dict[str, Any]:
        log = self.log
        note = (
            f"Recorded by `{log['command']}` on one {log['hardware']}, in {log['steps']:,} steps."
        )
        return {"note": note, "problem": ""}

    def fixed(self) -> dict[str, Any]:
        return {
            "episodes": self.episodes,
            "windows": self.log["windows"],
            "size": CANVAS,
            "window": DIGIT,
        }

    def state(self) -> dict[str, Any]:
        episode, glimpse = self._episode(), self.at["glimpse"]
        chances = episode["chances"][glimpse]
        looked = episode["places"][:glimpse]
        return {
            **super().state(),
            "label": episode["label"],
            "looked": looked,
            "chances": chances,
            "guess": int(np.argmax(chances)),
            "next": episode["weights"][glimpse] if glimpse < len(episode["weights"]) else None,
            "seen": float(self._seen(looked).mean()),
        }

    def _episode(self) -> dict[str, Any]:
        episode: dict[str, Any] = self.episodes[self.at["canvas"]]
        return episode

    def _seen(self, looked: list[int]) -> np.ndarray:
        seen = np.zeros((CANVAS, CANVAS), dtype=bool)
        for row, column in (self.log["windows"][place] for place in looked):
            seen[row : row + DIGIT, column : column + DIGIT] = True
        return seen

    def figure(self) -> "Figure":
        from matplotlib.figure import Figure

        episode = self._episode()
        image = np.array(episode["image"]).reshape(CANVAS, CANVAS) / _INK
        with house_style():
            figure = Figure(figsize=(6.0, 2.6), layout="constrained")
            left, right = figure.subplots(1, 2)
            left.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            left.set_title("the canvas and five glimpses")
            for number, place in enumerate(episode["places"], start=1):
                self._frame(left, place, number)
            seen = self._seen(episode["places"])
            right.imshow(np.where(seen, image, 0.25), cmap="gray_r", vmin=0, vmax=1)
            right.set_title("what was seen, the rest grey")
            for axes in (left, right):
                axes.set_xticks([])
                axes.set_yticks([])
        return figure

    def _frame(self, axes: "Axes", place: int, number: int) -> None:
        from matplotlib.patches import Rectangle

        row, column = self.log["windows"][place]
        colour = ORANGE if number == 1 else BLUE
        box = Rectangle(
            (column - 0.5, row - 0.5), DIGIT, DIGIT, fill=False, edgecolor=colour, linewidth=1.6
        )
        axes.add_patch(box)
        axes.text(column + 0.2 + 1.4 * (number - 1), row + 1.4, str(number), color=colour)

    def alt(self) -> str:
        episode = self._episode()
        last = episode["chances"][-1]
        looked = "; ".join(
            f"{number}: row {self.log['windows'][place][0]}, column {self.log['windows'][place][1]}"
            for number, place in enumerate(episode["places"], start=1)
        )
        row, column = episode["digit_at"]
        return (
            f"A canvas of {CANVAS} × {CANVAS} pixels with the digit {episode['label']} at row "
            f"{row}, column {column}. A model looked through windows of {DIGIT} × {DIGIT} with "
            f"their corners at {looked}. It names the digit {int(np.argmax(last))}, with chance "
            f"{short(max(last))}, and has seen {self._seen(episode['places']).mean():.0%} of it."
        )


def glimpse_player(log: Mapping[str, Any] | None = None, *, canvas: int = 1) -> GlimpsePlayer:
    """Step through recorded glimpses: the window, what the model then believes, where it goes.

    Args:
        log: as `course_lib.data.digit_canvas.glimpse_log()` returns it; that one when left out.
        canvas: the first one shown, counted from 1.
    """
    return GlimpsePlayer(glimpse_log() if log is None else log, canvas)
