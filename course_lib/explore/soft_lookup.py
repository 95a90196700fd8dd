"""Soft lookup: keys on a line, a movable query, and the weighted mean that answers it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import as_pair, draw, note, numbers
from course_lib.figures.charts import lines
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_QUERIES = 41
_BANDWIDTHS = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
_KEYS = (0.0, 1.0, 2.0, 3.5, 4.0, 5.5, 7.0, 8.0)
_VALUES = (1.0, 3.0, 2.5, 5.0, 4.0, 1.5, 2.0, 4.5)


class SoftLookup(Explorer):
    """See `soft_lookup`."""

    name = "soft_lookup"
    title = "Soft lookup"
    # The query needs no new question: every query is asked at once, at each bandwidth.
    keys: ClassVar = {
        "ArrowLeft": ("query", -1),
        "ArrowRight": ("query", 1),
        "ArrowUp": ("bandwidth", 1),
        "ArrowDown": ("bandwidth", -1),
    }

    def __init__(self, lookup: Any, keys: Sequence[float], values: Sequence[float]) -> None:
        if len(keys) != len(values) or len(keys) < 2:
            raise ValueError(
                "every key has one value and there are two keys or more; "
                f"here are {len(keys)} keys and {len(values)} values"
            )
        self.at_keys = [float(key) for key in keys]
        self.at_values = [float(value) for value in values]
        low, high = min(self.at_keys), max(self.at_keys)
        # A little beyond the outermost keys, where there is nothing near to look up.
        unit = (high - low) / 8
        self.queries = np.linspace(low - unit, high + unit, _QUERIES).round(4)
        widths = tuple(round(width * unit, 4) for width in _BANDWIDTHS)
        super().__init__(
            [
                Control("query", tuple(self.queries.tolist()), start=_QUERIES // 2, computed=False),
                Control("bandwidth", widths, start=4),
            ]
        )
        self.pair = as_pair(lookup)

    def _ask(self, lookup: Any) -> dict[str, Any]:
        """Ask for all queries; values of ones and zeros beside the real ones show the weights."""
        keys, values = _column(self.at_keys), _column(self.at_values)
        one_hot = torch.eye(len(keys), dtype=keys.dtype)
        width = self.controls[1].values[self.at["bandwidth"]]
        out = lookup(_column(self.queries), keys, torch.cat([one_hot, values], 1), width)
        rows = numbers(out, (_QUERIES, len(keys) + 1))
        return {"weights": rows[:, :-1], "means": rows[:, -1]}

    def numbers(self) -> dict[str, Any]:
        drawing = draw(self.pair, self._ask, lambda q, _k, v, _h: (q.shape[0], v.shape[1]))
        beside = drawing.beside
        return {
            "all_weights": drawing.values["weights"].tolist(),
            "curve": drawing.values["means"].tolist(),
            "course_weights": beside["weights"].tolist() if beside else None,
            "course_curve": beside["means"].tolist() if beside else None,
            "note": note(self.pair, drawing),
            "problem": drawing.problem,
        }

    def state(self) -> dict[str, Any]:
        state, query = super().state(), self.at["query"]
        return {**state, "weights": state["all_weights"][query], "mean": state["curve"][query]}

    def fixed(self) -> dict[str, Any]:
        return {"keys_at": self.at_keys, "values_at": self.at_values}

    def figure(self) -> "Figure":
        now = self.state()
        named = {"weighted mean": now["curve"]}
        if now["course_curve"]:
            named["the course's"] = now["course_curve"]
        title = f"Soft lookup, bandwidth {short(now['bandwidth'])}"
        points = (self.at_keys, self.at_values)
        return lines(self.queries, named, title, xlabel="query", ylabel="answer", points=points)

    def alt(self) -> str:
        now = self.state()
        each = ", ".join(
            f"{short(w)} on key {key:g}"
            for key, w in zip(self.at_keys, now["weights"], strict=True)
            if w > 0.005
        )
        return (
            f"{len(self.at_keys)} points and the curve of weighted means at bandwidth "
            f"{short(now['bandwidth'])}. The query {short(now['query'])} is answered by "
            f"{short(now['mean'])}, with weights {each}."
        )


def _column(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64).unsqueeze(-1)


def soft_lookup(
    lookup: Any, *, keys: Sequence[float] = _KEYS, values: Sequence[float] = _VALUES
) -> SoftLookup:
    """Move a query along a line of keys and see which values answer it, at any bandwidth.

    Args:
        lookup: `lesson.pair("nadaraya_watson")` or a function
            `lookup(queries, keys, values, bandwidth)` of (T, 1), (S, 1), (S, d_v) and a number.
        keys: where values are known.
        values: one for each key.
    """
    return SoftLookup(lookup, keys, values)
