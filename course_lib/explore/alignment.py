"""Alignment: where a trained translator looks while it writes each target piece."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.number_map import NumberMap
from course_lib.explore.pair import CannotDraw, OneResult, as_pair, draw, note, several
from course_lib.figures.charts import weights_heatmap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_lib.models.recurrent_translator import RecurrentTranslator

_NUMBERS = (121, 4_057, 83_006, 132_333, 700_048)


class Alignment(NumberMap):
    """See `alignment`."""

    name = "alignment"
    title = "Alignment"
    keys: ClassVar = {
        "ArrowUp": ("row", -1),
        "ArrowDown": ("row", 1),
        "ArrowLeft": ("column", -1),
        "ArrowRight": ("column", 1),
        "PageUp": ("number", -1),
        "PageDown": ("number", 1),
    }

    def __init__(self, attend: Any, model: "RecurrentTranslator", numbers: Sequence[int]) -> None:
        if not numbers:
            raise ValueError("there is one number at least to align; the list is empty")
        super().__init__(numbers, start=min(1, len(numbers) - 1))
        self.pair, self.model = as_pair(attend), model

    def _ask(self, attend: Callable[..., Any]) -> dict[str, Any]:
        """Run the trained translator with the function at hand, along the right translation."""
        at, before = self.at["number"], self.model.parts
        source = torch.tensor([self.english.encode(self.sources[at])])
        pieces = self.german.encode(self.targets[at][:-1])
        target = torch.tensor([[*pieces, self.german.end]])
        self.model.parts = replace(before, attend=_tuple_of(attend, source.shape[1]))
        try:
            weights = self.model.alignment(source, target)[0]
            written, _ = self.model.translate(source, target.shape[1] + 2)
        finally:
            self.model.parts = before
        return {
            "weights": weights.double().numpy(),
            "written": written[0].numpy(),
        }

    def numbers(self) -> dict[str, Any]:
        pair = OneResult(self.pair, _joined)
        drawing = draw(pair, self._ask, lambda s, memory, *_: (len(s), sum(memory.shape[1:])))
        at, weights, beside = self.at["number"], drawing.values["weights"], drawing.beside
        return {
            "source": self.sources[at],
            "target": self.targets[at],
            "weights": weights.tolist(),
            "course_weights": beside["weights"].tolist() if beside else None,
            "best": weights.argmax(-1).tolist(),
            "written": "".join(self.german.decode(drawing.values["written"].tolist())),
            "right": "".join(self.targets[at][:-1]),
            "note": note(self.pair, drawing),
            "problem": drawing.problem,
        }

    def figure(self) -> "Figure":
        now = self.numbers()
        number = self.controls[0].values[self.at["number"]]
        title = f"{number:,}: German down, English across"
        return weights_heatmap(now["weights"], now["target"], now["source"], title)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Put context and weights side by side."""

    def joined(*args: Any) -> Any:
        out = several(function(*args), 2, "two results: context and weights are due.")
        for name, part, due in zip(("context", "weights"), out, _due(*args), strict=True):
            found = tuple(getattr(part, "shape", ()))
            if not isinstance(part, torch.Tensor) or found != due:
                raise CannotDraw(f"returned {name} of shape {found}; shape {due} is due.")
        return torch.cat([out[0], out[1]], -1)

    return joined


def _due(s: Any, memory: Any, *_: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (len(s), memory.shape[2]), (len(s), memory.shape[1])


def _tuple_of(joined: Callable[..., Any], words: int) -> Callable[..., Any]:
    """Undo `_joined` for the model; what is no number is drawn as it is."""

    def attend(*args: Any) -> Any:
        out = joined(*args)
        return out[:, :-words], out[:, -words:]

    return attend


def alignment(
    attend: Any, model: "RecurrentTranslator", *, numbers: Sequence[int] = _NUMBERS
) -> Alignment:
    """See where a trained translator of number words looks while it writes each piece.

    Args:
        attend: `lesson.pair("additive_attention")` or a function
            `attend(s, memory, mask, w_q, w_k, v)` that returns context and weights.
        model: trained, from English pieces to German ones.
        numbers: which can be chosen; each from 1 to 999,999.
    """
    return Alignment(attend, model, [int(np.int64(number)) for number in numbers])
