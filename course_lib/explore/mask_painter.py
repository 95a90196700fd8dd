"""Mask painter: allow and forbid, see the weights change, and count who has seen the future."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, as_pair, draw, note, numbers
from course_lib.figures.charts import weights_heatmap
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORDS = ("the", "cat", "sat", "on", "mats", "and", "fell", "asleep")
_WIDTH = 6
_PRESETS = ("causal", "full", "padding", "band")


class MaskPainter(Explorer):
    """See `mask_painter`."""

    name = "mask_painter"
    title = "Mask painter"
    keys: ClassVar = {
        "ArrowUp": ("row", -1),
        "ArrowDown": ("row", 1),
        "ArrowLeft": ("column", -1),
        "ArrowRight": ("column", 1),
        " ": ("toggle", 0),
        "Enter": ("toggle", 0),
    }
    # 2 to the power of 25 masks are too many to compute beforehand.
    tabulated = False

    def __init__(self, attention: Any, n_tokens: int, layers: int, tokens: Sequence[str]) -> None:
        if not 2 <= n_tokens <= len(tokens):
            raise ValueError(f"n_tokens is 2 to {len(tokens)}, the number of words, not {n_tokens}")
        places = tuple(range(n_tokens))
        super().__init__(
            [Control("row", places, computed=False), Control("column", places, computed=False)]
        )
        self.pair, self.layers = as_pair(attention), layers
        self.tokens = list(tokens)[:n_tokens]
        self.mask = preset("causal", n_tokens)
        self.x, self.w_q, self.w_k = _inputs(n_tokens)

    # What the buttons and the space bar do.

    def press(self, key: str) -> "MaskPainter":
        if self.keys.get(key) == ("toggle", 0):
            return self.act("toggle")
        super().press(key)
        return self

    def act(self, name: str, value: Any = None) -> "MaskPainter":
        if name == "toggle":
            row, column = (self.at["row"], self.at["column"]) if value is None else value
            self.mask[row, column] = ~self.mask[row, column]
        elif name == "preset":
            self.mask = preset(value, len(self.tokens))
        else:
            super().act(name, value)
        return self

    # What the learner's function is asked.

    def _ask(self, attention: Any) -> dict[str, Any]:
        """Ask for the weights, by values of ones and zeros, and for what each output has seen."""
        n = len(self.tokens)
        one_hot = torch.eye(n, dtype=self.x.dtype)
        out = attention(self.x @ self.w_q, self.x @ self.w_k, one_hot, self.mask)
        return {"weights": numbers(out, (n, n)), "seen": self._seen(attention)}

    def _seen(self, attention: Any) -> np.ndarray:
        """Return (layers, T, T): whether output t depends on input s after one layer, two, …"""
        x = self.x.clone().requires_grad_()
        outs = self._layers(attention, x)
        if all(out.requires_grad for out in outs):
            return np.stack([_influence(out, x) for out in outs])
        return self._moved(attention, outs)

    def _layers(self, attention: Any, x: Tensor) -> list[Tensor]:
        outs = [x]
        for _ in range(self.layers):
            outs.append(attention(outs[-1] @ self.w_q, outs[-1] @ self.w_k, outs[-1], self.mask))
        return outs[1:]

    def _moved(self, attention: Any, outs: list[Tensor]) -> np.ndarray:
        """Return the same for an answer that stops gradients: move each input, see what moves."""
        seen = np.zeros((self.layers, len(self.x), len(self.x)), dtype=bool)
        for s in range(len(self.x)):
            x = self.x.clone()
            x[s] += 1.0
            for layer, out in enumerate(self._layers(attention, x)):
                seen[layer, :, s] = (out != outs[layer]).any(-1).numpy()
        return seen

    def _draw(self) -> Drawing:
        return draw(self.pair, self._ask, lambda q, _k, v, *_mask: (*q.shape[:-1], v.shape[-1]))

    def numbers(self) -> dict[str, Any]:
        drawing = self._draw()
        beside = drawing.beside
        return {
            "mask": self.mask.tolist(),
            "weights": drawing.values["weights"].tolist(),
            "sums": drawing.values["weights"].sum(-1).tolist(),
            "seen": drawing.values["seen"].tolist(),
            "leaks": leaks(drawing.values["seen"]),
            "course_weights": beside["weights"].tolist() if beside else None,
            "course_leaks": leaks(beside["seen"]) if beside else None,
            "note": note(self.pair, drawing),
            "problem": drawing.problem,
        }

    def depends_on(self) -> Hashable:
        return tuple(self.mask.flatten().tolist())

    def fixed(self) -> dict[str, Any]:
        return {"tokens": self.tokens, "layers": self.layers, "presets": list(_PRESETS)}

    def figure(self) -> "Figure":
        weights = self.now()["weights"]
        return weights_heatmap(weights, self.tokens, self.tokens, "Weights under the mask")

    def alt(self) -> str:
        now = self.now()
        rows = "; ".join(
            f"{token}: {', '.join(short(weight) for weight in row)}"
            for token, row in zip(self.tokens, now["weights"], strict=True)
        )
        counts = ", ".join(
            f"{len(which)} of {len(self.tokens)} after layer {layer}"
            for layer, which in enumerate(now["leaks"], start=1)
        )
        return (
            f"Attention weights under the mask, a row for each query. {rows}. "
            f"Outputs that have seen their own future: {counts}."
        )


def leaks(seen: np.ndarray) -> list[list[int]]:
    """Return, for each layer, the outputs that depend on a later input."""
    return [np.flatnonzero(np.triu(layer, 1).any(1)).tolist() for layer in seen]


def preset(name: str, n: int) -> Tensor:
    """Return a boolean (n, n) mask, True = may attend.

    >>> preset("band", 3).int().tolist()
    [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    """
    every = torch.ones(n, n, dtype=torch.bool)
    masks = {
        "causal": every.tril(),
        "full": every,
        "padding": torch.arange(n).expand(n, n) < n - 1,
        "band": every.tril(1).triu(-1),
    }
    if name not in masks:
        raise ValueError(f"no preset {name!r}; there are {', '.join(masks)}")
    return masks[name].clone()


def _inputs(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs and two projections; noise, so that no gradient is zero by accident."""
    rng = np.random.Generator(np.random.Philox(4))
    shapes = ((n, _WIDTH), (_WIDTH, _WIDTH), (_WIDTH, _WIDTH))
    x, w_q, w_k = (torch.from_numpy(rng.standard_normal(shape)) for shape in shapes)
    return x, w_q / _WIDTH**0.25, w_k / _WIDTH**0.25


def _influence(out: Tensor, x: Tensor) -> np.ndarray:
    """Return True at [t, s] where the gradient of output t with respect to input s is not 0."""
    rows = []
    for row in out:
        (gradient,) = torch.autograd.grad(row.sum(), x, retain_graph=True, allow_unused=True)
        rows.append(torch.zeros_like(x) if gradient is None else gradient)
    return (torch.stack(rows).abs().amax(-1) > 0).numpy()


def mask_painter(
    attention: Any, *, n_tokens: int = 5, layers: int = 2, tokens: Sequence[str] = _WORDS
) -> MaskPainter:
    """Paint a mask and see the weights, and which outputs have seen their own future.

    Args:
        attention: `lesson.pair("scaled_dot_product_attention")` or a function
            `attention(q, k, v, mask)`; the mask is boolean, True = may attend.
        n_tokens: rows and columns of the mask.
        layers: how many layers of the same attention the alarm looks at.
        tokens: the words; the first `n_tokens` are used.
    """
    return MaskPainter(attention, n_tokens, layers, tokens)
