"""The recorded log of lesson 12: how small language models learn, and toys that repeat."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from course_lib.data.recorded_files import recorded_log

Kind = Literal["characters", "pieces"]


@dataclass(frozen=True, kw_only=True)
class LanguageLog:
    """What `bench/record_language_model.py` measured.

    Args:
        facts: command, hardware and steps, as they were when it ran.
        baselines: held-out loss of guesses without a network, in nats a character.
        runs: one entry for each model trained.
        toys: one entry for each toy on texts that repeat.
    """

    facts: dict[str, Any]
    baselines: dict[str, float]
    runs: tuple[dict[str, Any], ...]
    toys: tuple[dict[str, Any], ...]

    def steps(self) -> list[int]:
        """Return the steps after which the models were measured."""
        return [int(step) for step in self.runs[0]["held_out"]]

    def held_out(self, kind: Kind = "characters") -> np.ndarray:
        """Return held-out losses in nats a token, shape (seeds, steps)."""
        return np.array([list(run["held_out"].values()) for run in self._of(kind)])

    def bits_per_byte(self, kind: Kind) -> np.ndarray:
        """Return what each finished model spends on a byte, shape (seeds,)."""
        return np.array([run["bits_per_byte"] for run in self._of(kind)])

    def fact(self, kind: Kind, name: str) -> Any:
        """Return what is equal in all runs of a kind, such as "parameters"."""
        return self._of(kind)[0][name]

    def repeats(self, layers: int) -> np.ndarray:
        """Return (seeds, times, 3): step, loss on what repeats, largest induction score."""
        return np.array([toy["curve"] for toy in self.toys if toy["layers"] == layers])

    def _of(self, kind: Kind) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["kind"] == kind]


@cache
def language_log() -> LanguageLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("language_model", __package__)
    return LanguageLog(
        baselines=facts.pop("baselines"),
        runs=tuple(facts.pop("runs")),
        toys=tuple(facts["toys"].pop("runs")),
        facts=facts,
    )


@cache
def shakespeare_log() -> dict[str, Any]:
    """Return what `bench/shakespeare.py --recipe hour` measured."""
    return recorded_log("shakespeare", __package__)
