"""Vector playground: words in the plane, a movable query, two measures of who is nearest."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import as_pair, draw, note, numbers
from course_lib.figures.charts import vectors_2d
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPS = tuple(step / 2 for step in range(-8, 9))
_WORDS = {"cat": (3.0, 1.0), "dog": (2.0, 1.0), "car": (1.0, 2.0)}


class VectorPlayground(Explorer):
    """See `vector_playground`."""

    name = "vector_playground"
    title = "Vector playground"
    keys: ClassVar = {
        "ArrowLeft": ("x", -1),
        "ArrowRight": ("x", 1),
        "ArrowDown": ("y", -1),
        "ArrowUp": ("y", 1),
    }

    def __init__(
        self,
        dot: Any,
        cosine: Any,
        words: Mapping[str, tuple[float, float]],
        query: tuple[float, float],
    ) -> None:
        names = [Control("word", tuple(range(len(words))), computed=False)]
        super().__init__([Control("x", _STEPS), Control("y", _STEPS), *names])
        self.dot, self.cosine = as_pair(dot), as_pair(cosine)
        self.words = {name: (float(x), float(y)) for name, (x, y) in words.items()}
        self.set(x=query[0], y=query[1])

    # The two lines that know the signatures: the loop of lesson 02 takes lists, the cosine arrays.

    def _ask_dot(self, dot: Any) -> dict[str, Any]:
        return self._each(lambda word: dot(list(self.query), list(word)))

    def _ask_cosine(self, cosine: Any) -> dict[str, Any]:
        return self._each(lambda word: cosine(np.array(self.query), np.array(word)))

    def _each(self, ask: Any) -> dict[str, Any]:
        return {"each": np.array([float(numbers(ask(word), ())) for word in self.words.values()])}

    @property
    def query(self) -> tuple[float, float]:
        """Where the query is."""
        return _STEPS[self.at["x"]], _STEPS[self.at["y"]]

    def numbers(self) -> dict[str, Any]:
        dot = draw(self.dot, self._ask_dot, lambda *_args: ())
        cosine = draw(self.cosine, self._ask_cosine, lambda *_args: ())
        return {
            "dots": dot.values["each"].tolist(),
            "cosines": cosine.values["each"].tolist(),
            "course_dots": dot.beside["each"].tolist() if dot.beside else None,
            "course_cosines": cosine.beside["each"].tolist() if cosine.beside else None,
            "length": math.hypot(*self.query),
            "best_dot": _best(dot.values["each"]),
            "best_cosine": _best(cosine.values["each"]),
            "note": f"{note(self.dot, dot)} {note(self.cosine, cosine)}",
            "problem": dot.problem or cosine.problem,
        }

    def fixed(self) -> dict[str, Any]:
        ends = [list(end) for end in self.words.values()]
        return {
            "words": list(self.words),
            "ends": ends,
            "lengths": [math.hypot(*end) for end in ends],
        }

    def figure(self) -> "Figure":
        return vectors_2d(
            {**self.words, "query": self.query}, "Words and a query", highlight="query"
        )

    def alt(self) -> str:
        now, (x, y) = self.now(), self.query
        each = "; ".join(
            f"{word}: dot product {short(d)}, cosine {short(c)}"
            for word, d, c in zip(self.words, now["dots"], now["cosines"], strict=True)
        )
        names = ", ".join(self.words)
        return f"Arrows in the plane for {names} and a query at ({x:g}, {y:g}). {each}."


def _best(scores: np.ndarray) -> list[int]:
    """Return the places of the largest score: several in a tie, none when nothing compares."""
    if not np.isfinite(scores).any():
        return []
    return np.flatnonzero(np.isclose(scores, np.nanmax(scores))).tolist()


def vector_playground(
    dot: Any,
    cosine: Any,
    *,
    words: Mapping[str, tuple[float, float]] = _WORDS,
    query: tuple[float, float] = (2.0, 2.0),
) -> VectorPlayground:
    """Move a query among words and see which is nearest by dot product, and which by cosine.

    Args:
        dot: `lesson.pair("dot_product")` or a function `dot(x, y)` of two lists.
        cosine: `lesson.pair("cosine_similarity")` or a function `cosine(x, y)` of two arrays.
        words: name to (x, y), each number between −4 and 4.
        query: where it starts; it moves in steps of 0.5.
    """
    return VectorPlayground(dot, cosine, words, query)
