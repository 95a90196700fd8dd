"""Decoding stepper: a model writes, token by token, by functions that temper and cut its scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, Pair, as_pair
from course_lib.explore.writing import ALL, Choice, Chooser, Text
from course_lib.figures.charts import bars
from course_lib.figures.style import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPS, _ROWS, _MOST_TEXTS = 12, 8, 64
#: What each setting can be.
_SETTINGS: dict[str, tuple[float, ...]] = {
    "temperature": (0.2, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0, 3.0),
    "k": (1, 2, 5, 10, 20, 50, 200, ALL),
    "p": (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, ALL),
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
        self.pairs, self._chooser = pairs, Chooser(*pairs)
        self.model, self.prompt, self.names = model, list(map(int, prompt)), list(names)
        #: By setting: the text, and what is shown of each step that was written.
        self._texts: dict[tuple[float, ...], tuple[Text, list[dict[str, Any]]]] = {}

    def _value(self, name: str) -> float:
        return self._control(name).values[self.at[name]]

    def numbers(self) -> dict[str, Any]:
        settings = tuple(self._value(name) for name in _SETTINGS)
        if len(self._texts) > _MOST_TEXTS:
            self._texts.clear()
        if settings not in self._texts:
            seed = int(self._value("numbers"))
            self._texts[settings] = Text(self.model, self.prompt, seed, _STEPS), []
        text, steps = self._texts[settings]
        while len(steps) <= self._value("step"):
            steps.append(self._write(text, len(steps)))
        return steps[int(self._value("step"))]

    def _write(self, text: Text, step: int) -> dict[str, Any]:
        """Choose the next token, and say everything about it."""
        choice = self._chooser.choose(
            text.read(),
            float(text.uniforms[step]),
            temperature=self._value("temperature"),
            k=int(self._value("k")),
            p=self._value("p"),
        )
        view = {
            **self._chosen(choice),
            **self._so_far(text, choice),
            **self._cache(text, step),
            "uniform": choice.uniform,
            "note": choice.note,
            "problem": next((one.problem for one in choice.drawings if one.problem), ""),
        }
        text.take(choice.token)
        return view

    # What is shown.

    def _chosen(self, choice: Choice) -> dict[str, Any]:
        """Return the shown tokens, their probabilities, and which of the two cuts each fell to."""
        shown = _shown(choice.logits, choice.token)
        after_k, after_p = choice.kept
        tempered = choice.drawings[0].values["out"]
        return {
            "model": choice.logits.softmax(-1)[0, shown].tolist(),
            "at_temperature": tempered[0, shown].tolist(),
            "final": choice.last[shown].tolist(),
            "names": [self._named(token) for token in shown],
            "kept": ["" if after_p[t] else "p" if after_k[t] else "k" for t in shown],
            "chosen": -1 if choice.token is None else shown.index(choice.token),
            "n_kept": [int(after_k.sum()), int(after_p.sum())],
            **_course(choice.drawings, shown),
        }

    def _named(self, token: int) -> str:
        """Show the blanks of a piece: they are part of it."""
        return self.names[token].replace(" ", "·").replace("\n", "↵")

    def _so_far(self, text: Text, choice: Choice) -> dict[str, Any]:
        return {
            "text": [self._named(token) for token in text.tokens],
            "n_prompt": len(self.prompt),
            "next": "" if choice.token is None else self._named(choice.token),
        }

    def _cache(self, text: Text, step: int) -> dict[str, Any]:
        """Return how much is kept, and what was read for this token and so far."""
        n_layers, _, heads, _, width = text.cache.keys.shape
        n = int(text.cache.length)
        size = text.cache.keys.element_size()
        return {
            "layers": n_layers,
            "cached": n,
            "bytes": 2 * n_layers * heads * width * n * size,
            "read": len(text.new),
            "read_with": n,
            "read_without": sum(len(self.prompt) + past for past in range(step + 1)),
        }

    def fixed(self) -> dict[str, Any]:
        return {"room": len(self.prompt) + len(self._control("step").values) - 1}

    def html(self) -> str:
        """Return the form without Python: the first steps, at a few settings."""
        return _FewSteps(self.pairs, self.model, self.prompt, self.names, _FEW).html()

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
    html = Explorer.html


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
