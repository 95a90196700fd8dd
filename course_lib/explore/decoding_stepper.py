"""Decoding stepper: a model writes, token by token, by functions that temper and cut its scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore import page
from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, Pair, as_pair, draw, note, numbers
from course_lib.figures.charts import bars
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPS, _ROWS, _MOST_PATHS = 12, 8, 64
#: What each setting can be; `all` of k and p means: this cut is not made.
_ALL = 0
_SETTINGS: dict[str, tuple[float, ...]] = {
    "temperature": (0.2, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0, 3.0),
    "k": (1, 2, 5, 10, 20, 50, 200, _ALL),
    "p": (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, _ALL),
    "numbers": (1, 2, 3, 4, 5),
}
_START = {"temperature": 1.0, "k": 20, "p": 0.9, "numbers": 1}
#: The few that a page without Python can show.
_FEW: dict[str, tuple[float, ...]] = {
    "step": tuple(range(8)),
    "temperature": (0.5, 1.0, 1.6),
    "k": (20,),
    "p": (0.5, 0.9),
    "numbers": (1,),
}


@dataclass
class _Path:
    """One text under way: what has been chosen by one setting of the controls."""

    cache: Any
    tokens: list[int]
    uniforms: np.ndarray
    new: list[int]
    logits: torch.Tensor | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)


class DecodingStepper(Explorer):
    """See `decoding_stepper`."""

    name = "decoding_stepper"
    title = "Decoding, step by step"
    tabulated = False
    keys: ClassVar = {
        "ArrowLeft": ("step", -1),
        "ArrowRight": ("step", 1),
        "ArrowUp": ("temperature", 1),
        "ArrowDown": ("temperature", -1),
        "Home": ("step", -_STEPS),
        "End": ("step", _STEPS),
    }

    def __init__(
        self,
        pairs: tuple[Pair, Pair, Pair],
        model: Any,
        prompt: Sequence[int],
        names: Sequence[str],
        offered: dict[str, tuple[float, ...]],
    ) -> None:
        if not prompt:
            raise ValueError("the prompt has 0 tokens: one at least stands at the start")
        known = {"step": tuple(range(_STEPS)), **_SETTINGS, **offered}
        starts = {"step": 0, **_START}
        super().__init__(
            [Control(what, values, values.index(starts[what])) for what, values in known.items()]
        )
        self.temper, self.top_k, self.top_p = pairs
        self.model, self.prompt, self.names = model, list(map(int, prompt)), list(names)
        self._paths: dict[tuple[float, ...], _Path] = {}

    # The methods that know the signatures.

    def _ask_temper(self, logits: torch.Tensor, temperature: float) -> Drawing:
        shape = tuple(logits.shape)
        return draw(
            self.temper,
            lambda temper: {"out": numbers(temper(logits, temperature), shape)},
            lambda *_args, **_kwargs: shape,
        )

    def _ask_cut(self, pair: Pair, logits: torch.Tensor, bound: float) -> Drawing:
        shape = tuple(logits.shape)
        return draw(
            pair,
            lambda cut: {"out": numbers(cut(logits, bound), shape)},
            lambda *_args, **_kwargs: shape,
        )

    # Writing.

    def _value(self, name: str) -> float:
        return self._control(name).values[self.at[name]]

    def numbers(self) -> dict[str, Any]:
        settings = tuple(self._value(name) for name in _SETTINGS)
        if len(self._paths) > _MOST_PATHS:
            self._paths.clear()
        if settings not in self._paths:
            self._paths[settings] = self._begin(int(self._value("numbers")))
        path = self._paths[settings]
        while len(path.steps) <= self._value("step"):
            path.steps.append(self._write(path))
        return path.steps[int(self._value("step"))]

    def _begin(self, seed: int) -> _Path:
        uniforms = np.random.Generator(np.random.Philox(seed)).random(_STEPS)
        return _Path(self.model.new_cache(1), list(self.prompt), uniforms, list(self.prompt))

    def _write(self, path: _Path) -> dict[str, Any]:
        """Read what is new, choose the next token, and say everything about it."""
        step = len(path.steps)
        logits = self._read(path)
        tempered = self._ask_temper(logits, self._value("temperature"))
        scores = _log(tempered.values["out"])
        drawings = [tempered]
        kept = []
        for pair, name in ((self.top_k, "k"), (self.top_p, "p")):
            bound = self._value(name)
            if bound != _ALL:
                drawings.append(self._ask_cut(pair, scores, int(bound) if name == "k" else bound))
                scores = torch.from_numpy(drawings[-1].values["out"])
            kept.append((scores > -torch.inf).numpy()[0])
        last = self._ask_temper(scores, 1.0).values["out"]
        chosen = _point(last[0], path.uniforms[step])
        shown = _shown(logits, chosen)
        view = {
            "model": logits.softmax(-1)[0, shown].tolist(),
            "at_temperature": tempered.values["out"][0, shown].tolist(),
            "final": last[0, shown].tolist(),
            **self._rows(shown, kept, chosen),
            **_course(drawings, shown),
            **self._text(path, chosen),
            **self._cache(path, len(path.new), step),
            "uniform": float(path.uniforms[step]),
            "note": self._note(drawings),
            "problem": next((one.problem for one in drawings if one.problem), ""),
        }
        path.new = [] if chosen is None else [chosen]
        path.tokens += path.new
        return view

    def _read(self, path: _Path) -> torch.Tensor:
        """Return the scores of the next token, float64; only what is new is read."""
        if path.logits is None or path.new:  # where nothing could be drawn, nothing new is read
            with torch.no_grad():
                path.logits = self.model(torch.tensor([path.new]), path.cache)[:, -1].double()
        return path.logits

    # What is shown.

    def _rows(self, shown: list[int], kept: list[np.ndarray], chosen: int | None) -> dict[str, Any]:
        """Return the shown tokens, and which of the two cuts each fell to."""
        after_k, after_p = kept
        return {
            "names": [self._named(token) for token in shown],
            "kept": ["" if after_p[t] else "p" if after_k[t] else "k" for t in shown],
            "chosen": -1 if chosen is None else shown.index(chosen),
            "n_kept": [int(after_k.sum()), int(after_p.sum())],
        }

    def _named(self, token: int) -> str:
        """Show the blanks of a piece: they are part of it."""
        return self.names[token].replace(" ", "·").replace("\n", "↵")

    def _text(self, path: _Path, chosen: int | None) -> dict[str, Any]:
        return {
            "text": [self._named(token) for token in path.tokens],
            "n_prompt": len(self.prompt),
            "next": "" if chosen is None else self._named(chosen),
        }

    def _cache(self, path: _Path, read: int, step: int) -> dict[str, Any]:
        """Return how much is kept, and what was read for this token and so far."""
        n_layers, _, heads, _, width = path.cache.keys.shape
        n = int(path.cache.length)
        size = path.cache.keys.element_size()
        return {
            "layers": n_layers,
            "cached": n,
            "bytes": 2 * n_layers * heads * width * n * size,
            "read": read,
            "read_with": n,
            "read_without": sum(len(self.prompt) + past for past in range(step + 1)),
        }

    def _note(self, drawings: list[Drawing]) -> str:
        pairs = [self.temper]
        pairs += [pair for pair, name in ((self.top_k, "k"), (self.top_p, "p")) if self._cuts(name)]
        notes = [note(pair, one) for pair, one in zip(pairs, drawings, strict=True)]
        if all(
            said == f"Drawn by your {pair.name}." for said, pair in zip(notes, pairs, strict=True)
        ):
            *most, last = (f"your {pair.name}" for pair in pairs)
            return f"Drawn by {', '.join(most)}{' and ' if most else ''}{last}."
        return " ".join(notes)

    def _cuts(self, name: str) -> bool:
        return self._value(name) != _ALL

    def fixed(self) -> dict[str, Any]:
        return {"room": len(self.prompt) + len(self._control("step").values) - 1}

    def html(self) -> str:
        """Return the form without Python: the first steps, at a few settings."""
        pairs = self.temper, self.top_k, self.top_p
        few = _FewSteps(pairs, self.model, self.prompt, self.names, _FEW)
        return page.standin(few)

    def figure(self) -> "Figure":
        now = self.now()
        labels = [f"“{name}”" for name in now["names"]]
        return bars(now["final"], labels, self._where(), ylabel="probability")

    def _where(self) -> str:
        k, p = self._value("k"), self._value("p")
        return (
            f"Step {int(self._value('step'))}, temperature {short(self._value('temperature'))}, "
            f"k {int(k) if k else 'all'}, p {short(p) if p else 'all'}"
        )

    def alt(self) -> str:
        now = self.now()
        each = ", ".join(
            f"“{name}” {short(x)}" for name, x in zip(now["names"], now["final"], strict=True)
        )
        return (
            f"{self._where()}. Behind “{''.join(now['text'])}” {now['n_kept'][1]} tokens are kept; "
            f"the likeliest now have {each}. Drawn: “{now['next']}”. The cache holds "
            f"{now['cached']} positions in each of {now['layers']} layers."
        )


class _FewSteps(DecodingStepper):
    """What fits into a page: every position is computed beforehand."""

    tabulated = True


def _shown(logits: torch.Tensor, chosen: int | None) -> list[int]:
    """Return the model's likeliest tokens; one drawn from further down takes the last place."""
    shown: list[int] = logits[0].argsort(descending=True, stable=True)[:_ROWS].tolist()
    if chosen is not None and chosen not in shown:
        shown[-1] = chosen
    return shown


def _course(drawings: list[Drawing], shown: list[int]) -> dict[str, Any]:
    """Return the course's numbers where they differ, on the inputs that yours were given."""
    tempered, *cuts = drawings
    stays = None
    if any(one.beside for one in cuts):
        outs = [(one.beside or one.values)["out"][0, shown] for one in cuts]
        stays = [bool(stay) for stay in np.all([out > -np.inf for out in outs], axis=0)]
    beside = tempered.beside["out"][0, shown].tolist() if tempered.beside else None
    return {"course_at_temperature": beside, "course_kept": stays}


def _log(probabilities: np.ndarray) -> torch.Tensor:
    with np.errstate(all="ignore"):
        return torch.from_numpy(np.log(probabilities))


def _point(probabilities: np.ndarray, uniform: float) -> int | None:
    """Return the token that a number points at; None where these are no probabilities."""
    ends = probabilities.cumsum()
    if not np.isfinite(ends[-1]) or ends[-1] <= 0:
        return None
    return int(np.searchsorted(ends, uniform * ends[-1], side="right").clip(max=len(ends) - 1))


def decoding_stepper(
    with_temperature: Any,
    keep_top_k: Any,
    keep_top_p: Any,
    *,
    model: Any,
    prompt: Sequence[int],
    names: Sequence[str],
) -> DecodingStepper:
    """Watch a model write, and see what temperature, k and p do to each choice.

    Args:
        with_temperature: `lesson.pair("with_temperature")` or a function `f(logits, temperature)`
            that returns probabilities; logits are (1, V).
        keep_top_k: a pair or a function `f(logits, k)` that returns logits with −inf.
        keep_top_p: a pair or a function `f(logits, p)` likewise.
        model: `model(tokens, cache)` gives logits (1, T, V); it has `new_cache(1)`, and the cache
            has `keys` (L, 1, H, N, d) and `length`.
        prompt: tokens that the text begins with.
        names: what each token of the vocabulary reads.

    Raises:
        ValueError: when the prompt is empty.
    """
    pairs = as_pair(with_temperature), as_pair(keep_top_k), as_pair(keep_top_p)
    return DecodingStepper(pairs, model, prompt, names, {})
