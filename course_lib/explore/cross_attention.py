"""Cross-attention: where every layer and head of a trained translator looks in the source."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.explorer import Control
from course_lib.explore.number_map import NumberMap
from course_lib.explore.pair import CannotDraw, OneResult, as_pair, draw, note, several
from course_lib.figures.charts import weights_heatmap
from course_lib.models.beam import greedy_translate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_lib.models.number_translator import NumberTranslator

_NUMBERS = (121, 4_057, 700_048)
_MASKS = ("encoder", "decoder", "memory")


class CrossAttention(NumberMap):
    """See `cross_attention`."""

    name = "cross_attention"
    title = "Cross-attention"
    kernel_free = True
    keys: ClassVar = {
        "ArrowUp": ("row", -1),
        "ArrowDown": ("row", 1),
        "ArrowLeft": ("column", -1),
        "ArrowRight": ("column", 1),
        "PageUp": ("head", -1),
        "PageDown": ("head", 1),
    }

    def __init__(
        self, masks: Any, model: "NumberTranslator", numbers: Sequence[int], layer: int, head: int
    ) -> None:
        if not numbers:
            raise ValueError("there is one number at least to translate; the list is empty")
        layers, heads = model.config.decoder_layers, model.config.n_heads
        places = (("layer", layers, layer), ("head", heads, head))
        for what, count, start in places:
            if not 0 <= start < count:
                raise ValueError(f"{what} is 0 to {count - 1}, not {start}")
        more = [Control(what, tuple(range(count)), start=start) for what, count, start in places]
        super().__init__(numbers, more, padded=True)
        self.pair, self.model = as_pair(masks), model
        self._drawn: dict[int, Any] = {}

    def _ask(self, masks: Callable[..., Any]) -> dict[str, Any]:
        """Run the trained translator with the masks at hand, along the right translation."""
        at, before = self.at["number"], self.model.parts
        config = self.model.config
        # A column of padding, as a batch would have it: a mask that forgets it shows here.
        source = torch.tensor([[*self.english.encode(self.sources[at][:-1]), config.pad]])
        target = torch.tensor([[config.start, *self.german.encode(self.targets[at][:-1])]])
        self.model.parts = replace(before, masks=_separate(masks))
        try:
            with torch.no_grad():
                weights = self.model.cross_attention(source, target)[:, 0]
                words = self._written(source, target.shape[1] + 2)
        finally:
            self.model.parts = before
        return {"weights": weights.double().numpy(), "written": words.numpy()}

    def _written(self, source: torch.Tensor, max_len: int) -> torch.Tensor:
        """Return what the translator writes by itself."""
        memory, config = self.model.encode(source), self.model.config
        prefix = torch.tensor([[config.start]])

        def decode(words: torch.Tensor) -> torch.Tensor:
            return self.model.decode(words, memory, source)

        return greedy_translate(decode, prefix, config.end, max_len)[0]

    def _drawing(self) -> Any:
        """Ask once for each number: all layers and heads come together."""
        at = self.at["number"]
        if at not in self._drawn:
            self._drawn[at] = draw(OneResult(self.pair, _joined), self._ask, _size)
        return self._drawn[at]

    def numbers(self) -> dict[str, Any]:
        drawing, at = self._drawing(), self.at
        where = at["layer"], at["head"]
        weights, beside = drawing.values["weights"][where], drawing.beside
        written = self.german.decode(drawing.values["written"].tolist())
        return {
            "source": self.sources[at["number"]],
            "target": self.targets[at["number"]],
            "weights": weights.round(3).tolist(),
            "course_weights": beside["weights"][where].round(3).tolist() if beside else None,
            "best": weights.argmax(-1).tolist(),
            "written": "".join(written),
            "right": "".join(self.targets[at["number"]][:-1]),
            "note": note(self.pair, drawing),
            "problem": drawing.problem,
        }

    def figure(self) -> "Figure":
        now, state = self.numbers(), self.at
        number = self.controls[0].values[state["number"]]
        title = f"{number:,}: layer {state['layer']}, head {state['head']}"
        return weights_heatmap(now["weights"], now["target"], now["source"], title)

    def alt(self) -> str:
        where = f"Layer {self.at['layer']}, head {self.at['head']}"
        return f"{where}: {super().alt()}"


def _due(source: Any, target: Any) -> tuple[tuple[int, ...], ...]:
    (b, s), t = source.shape, target.shape[1]
    return (b, s, s), (b, t, t), (b, t, s)


def _size(source: Any, target: Any, pad: int) -> tuple[int, ...]:
    return (sum(int(np.prod(shape)) for shape in _due(source, target)),)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Put the numbers of three masks in one row."""

    def joined(source: Any, target: Any, pad: int) -> Any:
        words = "three results: one mask for each attention is due."
        out = several(function(source, target, pad), 3, words)
        for name, part, due in zip(_MASKS, out, _due(source, target), strict=True):
            if not isinstance(part, torch.Tensor) or part.dtype != torch.bool:
                raise CannotDraw(f"returned no boolean tensor for the {name}'s mask.")
            if tuple(part.shape) != due:
                shape = tuple(part.shape)
                raise CannotDraw(f"returned a mask of shape {shape} for the {name}; {due} is due.")
        return torch.cat([part.flatten() for part in out])

    return joined


def _separate(joined: Callable[..., Any]) -> Callable[..., Any]:
    """Undo `_joined` for the model."""

    def masks(source: Any, target: Any, pad: int) -> tuple[Any, ...]:
        due = _due(source, target)
        parts = joined(source, target, pad).split([int(np.prod(shape)) for shape in due])
        return tuple(part.view(shape) for part, shape in zip(parts, due, strict=True))

    return masks


def cross_attention(
    masks: Any,
    model: "NumberTranslator",
    *,
    numbers: Sequence[int] = _NUMBERS,
    layer: int = 0,
    head: int = 0,
) -> CrossAttention:
    """See where each layer and head of a translator looks while it writes each piece.

    The source has a place of padding at its end: weight lands there if the mask lets it through.

    Args:
        masks: `lesson.pair("three_masks")` or a function `three_masks(source, target, pad)`.
        model: trained, from English pieces to German ones.
        numbers: which can be chosen; each from 1 to 999,999.
        layer: shown first.
        head: shown first.
    """
    return CrossAttention(masks, model, [int(np.int64(one)) for one in numbers], layer, head)
