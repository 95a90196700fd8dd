"""Nearest sentences: choose or type one, and see which others a pooling and a search find."""

from collections.abc import Callable, Hashable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, Pair, as_pair, draw, note, numbers
from course_lib.figures.charts import bars
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Neighbours on the page, numbers of the sentence's vector, letters of a typed one that are read.
_SHOWN, _NUMBERS, _LETTERS = 6, 4, 300
Encode = Callable[[list[str]], tuple[torch.Tensor, torch.Tensor]]


class NearestSentences(Explorer):
    """See `nearest_sentences`."""

    name = "nearest_sentences"
    title = "Nearest sentences"
    keys: ClassVar = {
        "ArrowUp": ("query", -1),
        "ArrowDown": ("query", 1),
        "ArrowLeft": ("query", -1),
        "ArrowRight": ("query", 1),
        "Home": ("query", -10_000),
        "End": ("query", 10_000),
    }

    def __init__(self, pool: Pair, search: Pair, encode: Encode, sentences: Sequence[str]) -> None:
        if len(sentences) < 2:
            raise ValueError(f"{len(sentences)} sentences: two or more have neighbours")
        super().__init__([Control("query", tuple(range(len(sentences))))])
        self.pool, self.search, self.encode = pool, search, encode
        self.sentences, self.typed = [str(one) for one in sentences], ""
        self.states: tuple[torch.Tensor, torch.Tensor] | None = None

    # What moves it.

    def act(self, name: str, value: Any = None) -> "NearestSentences":
        """Search for a typed sentence (`ask`); an empty one goes back to the chosen."""
        if name != "ask":
            raise ValueError(f"{self.name} has no button {name!r}; it has ask")
        self.typed = " ".join(str(value or "").split())[:_LETTERS]
        return self

    def place(self, **steps: int) -> "NearestSentences":
        """Choose a sentence; what was typed is forgotten."""
        self.typed = ""
        super().place(**steps)
        return self

    def depends_on(self) -> Hashable:
        return self.at["query"], self.typed

    # What it finds.

    def numbers(self) -> dict[str, Any]:
        hidden, mask = self._states()
        at = None if self.typed else self.at["query"]
        if at is None:
            query = self._read([self.typed])
        else:
            query = hidden[at : at + 1], mask[at : at + 1]
        pooled, alone = self._pool(hidden, mask), self._pool(*query)
        found = self._find(alone.values["out"][0], pooled.values["out"])
        places, cosines = _ranked(found.values["out"], at)
        course = self._course(alone, pooled, found, at)
        if course is not None and places == course[0] and np.allclose(cosines, course[1]):
            course = None
        drawings = [pooled, found]
        return {
            "text": self.typed or self.sentences[self.at["query"]],
            "typed": bool(self.typed),
            "places": places,
            "cosines": cosines,
            "course_places": course and course[0],
            "course_cosines": course and course[1],
            "vector": alone.values["out"][0, :_NUMBERS].tolist(),
            "note": self._note(drawings),
            "problem": next((one.problem for one in drawings if one.problem), ""),
        }

    def _note(self, drawings: list[Drawing]) -> str:
        pairs = self.pool, self.search
        notes = [note(pair, one) for pair, one in zip(pairs, drawings, strict=True)]
        if notes == [f"Drawn by your {pair.name}." for pair in pairs]:
            return f"Drawn by your {self.pool.name} and your {self.search.name}."
        return " ".join(notes)

    def _states(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return hidden states and mask of all sentences; the encoder reads them once."""
        if self.states is None:
            self.states = self._read(self.sentences)
        return self.states

    def _read(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            hidden, mask = self.encode(texts)
        return hidden.double(), mask

    def _pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> Drawing:
        shape = len(hidden), hidden.shape[2]
        return draw(
            self.pool,
            lambda pool: {"out": numbers(pool(hidden, mask), shape)},
            lambda *_args: shape,
        )

    def _find(self, query: np.ndarray, vectors: np.ndarray) -> Drawing:
        """Ask for one neighbour more than is shown: a chosen sentence finds itself."""
        k = min(_SHOWN + 1, len(vectors))
        q, v = torch.from_numpy(query), torch.from_numpy(vectors)
        return draw(
            _stacked(self.search),
            lambda search: {"out": numbers(search(q, v, k), (2, k))},
            lambda *_args: (2, k),
        )

    def _course(
        self, alone: Drawing, pooled: Drawing, found: Drawing, at: int | None
    ) -> tuple[list[int], list[float]] | None:
        """Return what the course finds, where something of yours differs from it."""
        if pooled.beside is None and alone.beside is None and found.beside is None:
            return None
        query = (alone.beside or alone.values)["out"][0]
        vectors = (pooled.beside or pooled.values)["out"]
        k = min(_SHOWN + 1, len(vectors))
        out = _stacked(self.search).course(torch.from_numpy(query), torch.from_numpy(vectors), k)
        return _ranked(numbers(out, (2, k)), at)

    # What stands on the page.

    def fixed(self) -> dict[str, Any]:
        return {"sentences": self.sentences, "shown": min(_SHOWN, len(self.sentences) - 1)}

    def figure(self) -> "Figure":
        now = self.now()
        labels = [_cut(self._sentence(at), 72) for at in now["places"]]
        return bars(now["cosines"], labels, f"Nearest to: {_cut(now['text'], 50)}", ylabel="cosine")

    def alt(self) -> str:
        now = self.now()
        each = "; ".join(
            f"“{self._sentence(at)}” {short(x)}"
            for at, x in zip(now["places"], now["cosines"], strict=True)
        )
        return f"Nearest to “{now['text']}”, by cosine: {each}."

    def _sentence(self, at: int) -> str:
        return self.sentences[at] if 0 <= at < len(self.sentences) else f"no sentence {at}"


def _stacked(pair: Pair) -> Any:
    """Return the pair with both results in one array, places above cosines."""

    def both(function: Any) -> Any:
        if function is None:
            return None

        def stacked(*args: Any) -> torch.Tensor:
            places, cosines = function(*args)
            rows = [torch.as_tensor(one).double() for one in (places, cosines)]
            return torch.stack(rows)

        return stacked

    return SimpleNamespace(
        name=pair.name, yours=both(pair.yours), course=both(pair.course), passed=pair.passed
    )


def _ranked(found: np.ndarray, itself: int | None) -> tuple[list[int], list[float]]:
    """Return places and cosines, without the sentence itself, as many as are shown."""
    rows = [(int(at), float(x)) for at, x in found.T if int(at) != itself][:_SHOWN]
    return [at for at, _ in rows], [x for _, x in rows]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def nearest_sentences(
    mean_pool: Any, nearest: Any, *, encode: Encode, sentences: Sequence[str]
) -> NearestSentences:
    """Search sentences by meaning, with a pooling and a search of your own.

    Args:
        mean_pool: `lesson.pair("mean_pool")` or a function `f(hidden, mask)` that returns a vector
            for each text.
        nearest: a pair or a function `f(query, vectors, k)` that returns places and cosines.
        encode: from texts to hidden states (B, T, d) and mask (B, T), True at real tokens.
        sentences: that are searched.

    Raises:
        ValueError: when there are fewer than two sentences.
    """
    return NearestSentences(as_pair(mean_pool), as_pair(nearest), encode, sentences)
