"""Positions: the table that is added to tokens, who resembles whom in it, and rotary scores."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, as_pair, draw, note, numbers
from course_lib.figures.style import BLUE, ORANGE, house_style, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PLACES = 20
_WIDTHS = (4, 8, 16)


class Positions(Explorer):
    """See `positions`."""

    name = "positions"
    title = "Positions"
    keys: ClassVar = {
        "ArrowLeft": ("key", -1),
        "ArrowRight": ("key", 1),
        "ArrowUp": ("query", -1),
        "ArrowDown": ("query", 1),
    }

    def __init__(self, table: Any, rotate: Any) -> None:
        everywhere = tuple(range(_PLACES))
        super().__init__(
            [
                Control("query", everywhere, start=5, computed=False),
                Control("key", everywhere, start=9, computed=False),
                Control("width", _WIDTHS, start=1),
            ]
        )
        self.table_of, self.rotate = as_pair(table), as_pair(rotate)

    # The two methods that know the signatures.

    def _ask_table(self, table_of: Any) -> dict[str, Any]:
        """Ask for the rows of all places; rows of one length resemble each other by dot product."""
        rows = numbers(table_of(_places(), self._width()), (_PLACES, self._width()))
        with np.errstate(all="ignore"):
            return {"table": rows, "similar": rows @ rows.T * 2 / self._width()}

    def _ask_rotate(self, rotate: Any) -> dict[str, Any]:
        """Turn one and the same query and key at every place; each place's query meets each key."""
        d = self._width()
        query, key = _content(d)
        turned = [
            numbers(rotate(one.expand(_PLACES, d).clone(), _places()), (_PLACES, d))
            for one in (query, key)
        ]
        with np.errstate(all="ignore"):
            return {"scores": turned[0] @ turned[1].T / np.sqrt(d)}

    def _width(self) -> int:
        return _WIDTHS[self.at["width"]]

    def _draw(self) -> tuple[Drawing, Drawing]:
        table = draw(self.table_of, self._ask_table, lambda at, d: (len(at), d))
        rotary = draw(self.rotate, self._ask_rotate, lambda x, _at: tuple(x.shape))
        return table, rotary

    def numbers(self) -> dict[str, Any]:
        table, rotary = self._draw()
        return {
            "table": table.values["table"].tolist(),
            "similar": table.values["similar"].tolist(),
            "scores": rotary.values["scores"].tolist(),
            "course_table": table.beside["table"].tolist() if table.beside else None,
            "course_similar": table.beside["similar"].tolist() if table.beside else None,
            "course_scores": rotary.beside["scores"].tolist() if rotary.beside else None,
            "note": f"{note(self.table_of, table)} {note(self.rotate, rotary)}",
            "problem": table.problem or rotary.problem,
        }

    def state(self) -> dict[str, Any]:
        """Return every number, and those under the two cursors by themselves."""
        now, query, key = super().state(), self.at["query"], self.at["key"]
        on = max(query, key) + 1 < _PLACES
        return {
            **now,
            "similarity": now["similar"][query][key],
            "score": now["scores"][query][key],
            "score_moved": now["scores"][query + 1][key + 1] if on else None,
        }

    def fixed(self) -> dict[str, Any]:
        return {"places": _PLACES}

    def figure(self) -> "Figure":
        now = self.state()
        with house_style():
            from matplotlib.figure import Figure

            figure = Figure(figsize=(6.0, 3.2), layout="constrained")
            left, right = figure.subplots(1, 2, width_ratios=(2, 3))
            table = left.imshow(now["table"], aspect="auto", cmap="RdBu_r", vmin=-1, vmax=1)
            figure.colorbar(table, ax=left, ticks=(-1, 0, 1), fraction=0.1, pad=0.03)
            left.set_yticks(range(0, _PLACES, 5))
            left.set(title="Table", xlabel="column", ylabel="position")
            right.plot(now["similar"][now["query"]], color=BLUE, label="similarity of rows")
            right.plot(now["scores"][now["query"]], "--", color=ORANGE, label="rotary score")
            right.axvline(now["key"], color="#595959", linewidth=0.8)
            right.set(title=f"Query {now['query']} and every key", xlabel="key")
            right.grid(True)
            right.margins(y=0.25)  # room for the legend above the curves
            right.legend(loc="upper center", ncols=2)
        return figure

    def alt(self) -> str:
        now = self.state()
        row = ", ".join(short(value) for value in now["table"][now["query"]])
        moved = now["score_moved"]
        again = "" if moved is None else f", and {short(moved)} when both move on by one"
        return (
            f"A table of {_PLACES} positions, {now['width']} columns wide; row {now['query']} is "
            f"{row}. Beside it two curves over the keys: rows {now['query']} and {now['key']} have "
            f"similarity {short(now['similarity'])}; the rotary score of query {now['query']} and "
            f"key {now['key']} is {short(now['score'])}{again}."
        )


def _places() -> Tensor:
    return torch.arange(_PLACES, dtype=torch.float64)


def _content(d: int) -> tuple[Tensor, Tensor]:
    """Return a query and a key, the same at every place."""
    rng = np.random.Generator(np.random.Philox(8))
    query, key = rng.standard_normal((2, max(_WIDTHS)))
    return torch.from_numpy(query[:d].copy()), torch.from_numpy(key[:d].copy())


def positions(table: Any, rotate: Any) -> Positions:
    """Look at a table of positions, at which rows are alike, and at scores of turned vectors.

    Args:
        table: `lesson.pair("sinusoidal_positions")` or a function `table(positions, d)` that
            returns a row for each position.
        rotate: `lesson.pair("rotate_halves")` or a function `rotate(x, positions)` that turns the
            rows of x.
    """
    return Positions(table, rotate)
