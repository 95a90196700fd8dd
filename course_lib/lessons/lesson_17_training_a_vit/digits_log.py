"""The recorded log of lesson 17: how networks and classics read the digits, three seeds each."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from course_lib.data.recorded_files import recorded_log


@dataclass(frozen=True, kw_only=True)
class DigitsLog:
    """What `bench/record_digits.py` measured.

    Args:
        facts: command, hardware, steps and batch, as they were when it ran.
        runs: one entry for each model trained.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    def accuracies(self, model: str, padding: int = 0, key: str = "accuracy") -> list[float]:
        """Return the share of right answers of every seed.

        Args:
            model: "ViT", "CNN", "logistic regression" or "support-vector machine".
            padding: pixels by which digits were moved in training.
            key: "accuracy", or "accuracy_last" for the weights before averaging.

        Raises:
            KeyError: when this was not tried.
        """
        found = [r[key] for r in self.runs if (r["model"], r["padding"]) == (model, padding)]
        if not found:
            raise KeyError(f"nothing recorded for {model!r} with padding {padding}")
        return found


@cache
def digits_log() -> DigitsLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("digits", __package__)
    return DigitsLog(runs=tuple(facts.pop("runs")), facts=facts)
