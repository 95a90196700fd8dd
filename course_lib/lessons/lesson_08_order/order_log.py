"""The recorded log of lesson 08: how models told order in six ways copy longer and longer texts."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from course_lib.data.recorded_files import recorded_log


@dataclass(frozen=True, kw_only=True)
class OrderLog:
    """What `bench/record_order.py` measured.

    Args:
        facts: command, hardware, steps, batch and lengths, as they were when it ran.
        runs: one entry for each model trained.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    @property
    def lengths(self) -> list[int]:
        """Lengths that every model was tested on; the first is the longest in training."""
        return list(self.facts["tested_on"])

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks."""
        return list(dict.fromkeys(run["task"] for run in self.runs))

    @property
    def orders(self) -> list[str]:
        """Names of the encodings."""
        return list(dict.fromkeys(run["order"] for run in self.runs))

    def accuracy(self, task: str, order: str) -> np.ndarray:
        """Return the share of right answers, shape (seeds, lengths)."""
        return np.array([run["accuracy"] for run in self._of(task, order)])

    def parameters(self, order: str) -> int:
        """Return the number of trained parameters, a learned table's unused rows included."""
        return int(self._of(self.tasks[0], order)[0]["parameters"])

    def _of(self, task: str, order: str) -> list[dict[str, Any]]:
        found = [run for run in self.runs if (run["task"], run["order"]) == (task, order)]
        if not found:
            raise KeyError(
                f"nothing recorded for {task!r} with {order!r}; there are {', '.join(self.tasks)} "
                f"with {', '.join(self.orders)}"
            )
        return found


@cache
def order_log() -> OrderLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("order", __package__)
    return OrderLog(runs=tuple(facts.pop("runs")), facts=facts)
