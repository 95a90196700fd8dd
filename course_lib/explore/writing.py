"""A model writes token by token: its scores are tempered, cut, and a number points into the rest.

Nothing here knows what a page shows; `decoding_stepper.py` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course_lib.explore.pair import Drawing, Pair, draw, note, numbers

#: A bound of k or of p that means: this cut is not made.
ALL = 0


@dataclass(frozen=True)
class Choice:
    """How one token was chosen.

    Args:
        logits: the model's scores, (1, V), float64.
        drawings: what the functions gave: the tempering, then each cut that was made.
        kept: which tokens are left after the cut by k, and after that by p.
        last: the probabilities that are drawn from.
        uniform: the number that points into them.
        token: what it points at; None where these are no probabilities.
        note: whose functions they are.
    """

    logits: torch.Tensor
    drawings: list[Drawing]
    kept: tuple[np.ndarray, np.ndarray]
    last: np.ndarray
    uniform: float
    token: int | None
    note: str


class Text:
    """One text under way, written under one setting of the controls.

    Args:
        model: see `decoding_stepper`.
        prompt: tokens that it begins with.
        seed: of the numbers that point at tokens.
        most: tokens that may be written.
    """

    def __init__(self, model: Any, prompt: Sequence[int], seed: int, most: int) -> None:
        self.model, self.cache = model, model.new_cache(1)
        self.tokens, self.new = list(prompt), list(prompt)
        self.uniforms = np.random.Generator(np.random.Philox(seed)).random(most)
        self._logits: torch.Tensor | None = None

    def read(self) -> torch.Tensor:
        """Return the scores of the next token, float64; only what is new is read."""
        if self._logits is None or self.new:  # where nothing could be drawn, nothing new is read
            with torch.no_grad():
                scores = self.model(torch.tensor([self.new]), self.cache)
            self._logits = scores[:, -1].double()
        return self._logits

    def take(self, token: int | None) -> None:
        """Append what was chosen."""
        self.new = [] if token is None else [token]
        self.tokens += self.new


class Chooser:
    """The three functions that stand between a model's scores and its next token."""

    def __init__(self, temper: Pair, top_k: Pair, top_p: Pair) -> None:
        self.temper, self.cuts = temper, (top_k, top_p)

    # The two methods that know the signatures.

    def _tempered(self, logits: torch.Tensor, temperature: float) -> Drawing:
        shape = tuple(logits.shape)
        return draw(
            self.temper,
            lambda temper: {"out": numbers(temper(logits, temperature), shape)},
            lambda *_args, **_kwargs: shape,
        )

    def _cut(self, pair: Pair, logits: torch.Tensor, bound: float) -> Drawing:
        shape = tuple(logits.shape)
        return draw(
            pair,
            lambda cut: {"out": numbers(cut(logits, bound), shape)},
            lambda *_args, **_kwargs: shape,
        )

    def choose(
        self, logits: torch.Tensor, uniform: float, *, temperature: float, k: int, p: float
    ) -> Choice:
        """Choose the next token; k and p may be `ALL`."""
        drawings = [self._tempered(logits, temperature)]
        scores = _log(drawings[0].values["out"])
        kept, asked = [], [self.temper]
        for pair, bound in zip(self.cuts, (k, p), strict=True):
            if bound != ALL:
                asked.append(pair)
                drawings.append(self._cut(pair, scores, bound))
                scores = torch.from_numpy(drawings[-1].values["out"])
            kept.append((scores > -torch.inf).numpy()[0])
        last = self._tempered(scores, 1.0).values["out"][0]
        token = _point(last, uniform)
        return Choice(
            logits, drawings, (kept[0], kept[1]), last, uniform, token, _whose(asked, drawings)
        )


def _whose(pairs: list[Pair], drawings: list[Drawing]) -> str:
    """Say whose functions were asked; in one sentence where all are the learner's own."""
    notes = [note(pair, one) for pair, one in zip(pairs, drawings, strict=True)]
    if notes != [f"Drawn by your {pair.name}." for pair in pairs]:
        return " ".join(notes)
    *most, last = (f"your {pair.name}" for pair in pairs)
    return f"Drawn by {', '.join(most)}{' and ' if most else ''}{last}."


def _log(probabilities: np.ndarray) -> torch.Tensor:
    with np.errstate(all="ignore"):
        return torch.from_numpy(np.log(probabilities))


def _point(probabilities: np.ndarray, uniform: float) -> int | None:
    """Return the token that a number points at; None where these are no probabilities."""
    ends = probabilities.cumsum()
    if not np.isfinite(ends[-1]) or ends[-1] <= 0:
        return None
    return int(np.searchsorted(ends, uniform * ends[-1], side="right").clip(max=len(ends) - 1))
