"""Temperature: scores as bars, and the weights that softmax makes of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import as_pair, draw, note, numbers
from course_lib.figures.charts import bars
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEMPERATURES = tuple(round(float(t), 4) for t in np.logspace(-1, 1, 41))


class Temperature(Explorer):
    """See `temperature`."""

    name = "temperature"
    title = "Softmax at a temperature"
    keys: ClassVar = {"ArrowLeft": ("temperature", -1), "ArrowRight": ("temperature", 1)}

    def __init__(self, softmax: Any, scores: Sequence[float], labels: Sequence[str]) -> None:
        if len(scores) != len(labels):
            raise ValueError(f"every score has a label: {len(scores)} scores, {len(labels)} labels")
        super().__init__([Control("temperature", _TEMPERATURES, start=20)])
        self.pair = as_pair(softmax)
        self.scores, self.labels = [float(score) for score in scores], list(labels)

    def _ask(self, softmax: Any) -> dict[str, Any]:
        """Call the learner's function: the one line that knows its signature."""
        out = softmax(torch.tensor(self.scores, dtype=torch.float64), self._temperature())
        return {"weights": numbers(out, (len(self.scores),))}

    def _temperature(self) -> float:
        return _TEMPERATURES[self.at["temperature"]]

    def numbers(self) -> dict[str, Any]:
        shape = (len(self.scores),)
        drawing = draw(self.pair, self._ask, lambda *_args, **_kwargs: shape)
        weights, beside = drawing.values["weights"], drawing.beside
        return {
            "weights": weights.tolist(),
            "course": beside["weights"].tolist() if beside else None,
            "sum": float(weights.sum()),
            "entropy": entropy(weights),
            "most": float(np.log(len(weights))),
            "note": note(self.pair, drawing),
            "problem": drawing.problem,
        }

    def fixed(self) -> dict[str, Any]:
        return {"labels": self.labels, "scores": self.scores}

    def figure(self) -> "Figure":
        now = self.now()
        title = f"Weights at temperature {short(self._temperature())}"
        return bars(now["weights"], self.labels, title, ylabel="weight", beside=now["course"])

    def alt(self) -> str:
        now = self.now()
        each = ", ".join(
            f"{label} {short(w)}" for label, w in zip(self.labels, now["weights"], strict=True)
        )
        return (
            f"Bars of the softmax weights at temperature {short(self._temperature())}: {each}; "
            f"entropy {short(now['entropy'])} nats."
        )


def entropy(weights: np.ndarray) -> float:
    """Return −Σ w log w in nats, where a weight of 0 adds nothing; nan for a negative weight."""
    with np.errstate(all="ignore"):
        terms = np.where(weights == 0, 0.0, weights * np.log(weights))
    return float(-terms.sum()) + 0.0


def temperature(
    softmax: Any,
    *,
    scores: Sequence[float] = (2.0, 1.0, 0.5, -1.0),
    labels: Sequence[str] = ("cat", "dog", "mat", "sky"),
) -> Temperature:
    """Explore what a temperature does to softmax.

    Args:
        softmax: `lesson.pair("softmax")` or a function `softmax(scores, temperature)`.
        scores: one for each label.
        labels: names of what is scored.
    """
    return Temperature(softmax, scores, labels)
