"""The recorded logs of lesson 14: masks drawn once or anew, and sentences with a feeling."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from course_lib.data.recorded_files import recorded_log


@dataclass(frozen=True, kw_only=True)
class MaskingLog:
    """What `bench/record_masked_words.py` measured.

    Args:
        facts: command, hardware, steps and sizes.
        runs: one entry for each model trained.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    def losses(self, way: str, on: str = "held_out") -> np.ndarray:
        """Return losses in nats a masked token, shape (seeds, times).

        Args:
            way: "static", "ten masks" or "dynamic".
            on: "held_out", or "read": the text that was learned from, with masks never seen.
        """
        return np.array([run[on] for run in self.runs if run["way"] == way])


@dataclass(frozen=True, kw_only=True)
class SentimentLog:
    """What `bench/record_sentiment.py` measured.

    Args:
        facts: command, hardware, epochs.
        runs: one entry for each seed: macro F1 by method.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    def f1(self, method: str) -> np.ndarray:
        """Return macro F1 on the test sentences, shape (seeds,).

        Args:
            method: "bag of words", "frozen encoder" or "two blocks tuned".
        """
        return np.array([run[method] for run in self.runs])


@cache
def masking_log() -> MaskingLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("masked_words", __package__)
    return MaskingLog(runs=tuple(facts.pop("runs")), facts=facts)


@cache
def sentiment_log() -> SentimentLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("sentiment", __package__)
    return SentimentLog(runs=tuple(facts.pop("runs")), facts=facts)
