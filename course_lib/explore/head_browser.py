"""Head browser: every layer and head of a real model on real tokens, without Python behind it."""

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from course_lib.explore.explorer import Control, Explorer
from course_lib.figures.charts import weights_heatmap
from course_lib.figures.style import short, to_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Bytes of weights on a live page (1.4 MB as base64), and in an output that is committed.
_LIVE, _KEPT = 1_050_000, 32_000
_MOST_TOKENS = 64
_IN_FIGURE = 24
_LISTED = 8


class HeadBrowser(Explorer):
    """See `head_browser`."""

    name = "head_browser"
    title = "Head browser"
    kernel_free = True
    keys: ClassVar = {
        "ArrowUp": ("query", -1),
        "ArrowDown": ("query", 1),
        "ArrowLeft": ("head", -1),
        "ArrowRight": ("head", 1),
        "PageUp": ("layer", -1),
        "PageDown": ("layer", 1),
        "Home": ("query", -_MOST_TOKENS),
        "End": ("query", _MOST_TOKENS),
    }

    def __init__(self, texts: list["_Text"], layer: int, head: int, query: int) -> None:
        layers, heads = texts[0].weights.shape[:2]
        for one in texts:
            if one.weights.shape[:2] != (layers, heads):
                raise ValueError(
                    f"all texts come from one model: {(layers, heads)} layers and heads in the "
                    f"first, {one.weights.shape[:2]} in “{one.name}”"
                )
        longest = max(len(one.tokens) for one in texts)
        starts = {"layer": (layer, layers), "head": (head, heads), "query": (query, longest)}
        for what, (start, count) in starts.items():
            if not 0 <= start < count:
                raise ValueError(f"{what} is 0 to {count - 1}, not {start}")
        self.texts = texts
        # A query that does not travel with the page cannot be chosen on it.
        starts["query"] = min(query, self._room() - 1), min(longest, self._room())
        controls = [
            Control(what, tuple(range(count)), start=start, computed=False)
            for what, (start, count) in starts.items()
        ]
        super().__init__([*controls, Control("text", tuple(range(len(texts))), computed=False)])

    def numbers(self) -> dict[str, Any]:
        return {"note": self._note(), "problem": ""}

    def _note(self) -> str:
        long = max(self.texts, key=lambda one: len(one.tokens))
        shown, whole = min(self._room(), len(long.tokens)), long.length
        said = "Drawn by a trained model: each row shares out 1 over its keys."
        if shown < whole:
            how = "; run this cell to see more" if shown < len(long.tokens) else ""
            said += f" Shown are the first {shown} of {whole} tokens{how}."
        return said

    def _room(self) -> int:
        """Return how many tokens of a text may travel with the page."""
        layers, heads = self.texts[0].weights.shape[:2]
        kept = os.environ.get("COURSE_STATIC") == "1"
        each = (_KEPT if kept else _LIVE) / (layers * heads * len(self.texts))
        return min(_MOST_TOKENS, max(2, int(each**0.5)))

    def fixed(self) -> dict[str, Any]:
        room = self._room()
        return {"listed": _LISTED, "texts": [one.packed(room) for one in self.texts]}

    def state(self) -> dict[str, Any]:
        """Return what the page shows: where, whose row, its weights and the base rates."""
        at, text = dict(self.at), self._text()
        row = min(at["query"], len(text.tokens) - 1)
        matrix, base = text.bytes[at["layer"], at["head"]] / 255, text.base[at["layer"], at["head"]]
        return {
            **at,
            "query": row,
            "tokens": text.tokens,
            "token": text.tokens[row],
            "weights": matrix[row].tolist(),
            "base": (base / 255).tolist(),
            **self.numbers(),
        }

    def _text(self) -> "_Text":
        return self.texts[self.at["text"]]

    def figure(self) -> "Figure":
        text, n = self._text(), _IN_FIGURE
        title = f"Layer {self.at['layer']}, head {self.at['head']}"
        weights = text.weights[self.at["layer"], self.at["head"], :n, :n]
        names = text.tokens[:n]
        # One head by itself: its scale ends at the tenth above its largest weight.
        most = min(1.0, float(np.ceil(10 * weights.max()) / 10))
        return weights_heatmap(weights, names, names, title, most=most or None)

    def alt(self) -> str:
        now = self.state()
        best = np.argsort(now["weights"])[::-1][:3]
        given = ", ".join(
            f"“{now['tokens'][k]}” {short(now['weights'][k])} (all tokens {short(now['base'][k])})"
            for k in best
        )
        return (
            f"Attention weights of layer {now['layer']}, head {now['head']}, on "
            f"“{self._text().name}”. The query “{now['token']}” gives {given}."
        )


class _Text:
    """One text: its tokens and the weights of every layer and head."""

    def __init__(self, name: str, weights: Any, tokens: Any) -> None:
        array, self.tokens, self.name = to_array(weights), [str(one) for one in tokens], name
        n = len(self.tokens)
        if array.ndim != 4 or array.shape[2:] != (n, n):
            raise ValueError(
                f"weights have shape (layers, heads, {n}, {n}) for {n} tokens, not {array.shape}"
            )
        if array.size == 0 or array.min() < -1e-6 or array.max() > 1 + 1e-6:
            raise ValueError("weights lie between 0 and 1: pass them after the softmax")
        self.length = n
        # A base rate counts all queries, also those that are not shown.
        self.base = _as_bytes(array.mean(axis=2))
        self.tokens = self.tokens[:_MOST_TOKENS]
        self.weights = array[..., :_MOST_TOKENS, :_MOST_TOKENS]
        self.bytes = _as_bytes(self.weights)

    def packed(self, room: int) -> dict[str, Any]:
        """Return the first tokens for the page: a row for each query, then the base rates."""
        n = min(room, len(self.tokens))
        rows = np.concatenate([self.bytes[..., :n, :n], self.base[:, :, None, :n]], axis=2)
        data = base64.b64encode(rows.tobytes()).decode("ascii")
        return {"name": self.name, "tokens": self.tokens[:n], "data": data}


def _as_bytes(array: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)


def head_browser(
    texts: Mapping[str, tuple[Any, Any]],
    *,
    layer: int = 0,
    head: int = 0,
    query: int | str = 0,
) -> HeadBrowser:
    """Browse the attention weights of a model, layer by layer and head by head.

    Args:
        texts: name to (weights, tokens); weights (layers, heads, T, T), after the softmax. Up to 64
            tokens of each are shown.
        layer: shown first.
        head: shown first.
        query: the token whose row is read out first, by place or by name.

    Raises:
        ValueError: when shapes, tokens and places do not fit; says which.
    """
    if not texts:
        raise ValueError("no text to browse: pass {name: (weights, tokens)}")
    read = [_Text(name, weights, tokens) for name, (weights, tokens) in texts.items()]
    return HeadBrowser(read, layer, head, _place(query, read[0].tokens))


def _place(query: int | str, tokens: list[str]) -> int:
    if isinstance(query, str):
        if query not in tokens:
            raise ValueError(f"“{query}” is not among the tokens {', '.join(tokens)}")
        return tokens.index(query)
    return query
