"""The recorded log of lesson 10: how stacks trained, by place of the norm, rate and warm-up."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from course_lib.data.recorded_files import recorded_log


@dataclass(frozen=True, kw_only=True)
class DepthLog:
    """What `bench/record_depth.py` measured.

    Args:
        facts: command, hardware, steps and batch, as they were when it ran.
        runs: one entry for each stack trained.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    @property
    def settings(self) -> list[tuple[str, int, float, int]]:
        """Return what was tried: kind of block, depth, rate and steps of warm-up."""
        names = ("kind", "depth", "rate", "warmup")
        return list(dict.fromkeys(tuple(run[name] for name in names) for run in self.runs))

    def accuracies(self, kind: str, depth: int, rate: float, warmup: int) -> list[float]:
        """Return the share of right answers of every seed.

        Args:
            kind: "pre", "post", or "none" for blocks without a residual.
            depth: number of blocks.
            rate: Adam's.
            warmup: steps in which the rate grew from 0.

        Raises:
            KeyError: when this was not tried.
        """
        return [run["accuracy"] for run in self._of(kind, depth, rate, warmup)]

    def gradients(
        self, kind: str, depth: int, rate: float, warmup: int, seed: int = 0
    ) -> tuple[list[float], list[float]]:
        """Return the length of every block's gradient, before the first step and after the last."""
        for run in self._of(kind, depth, rate, warmup):
            if run["seed"] == seed:
                return run["gradients"]["before"], run["gradients"]["after"]
        raise KeyError(f"no run with seed {seed}")

    def _of(self, kind: str, depth: int, rate: float, warmup: int) -> list[dict[str, Any]]:
        wanted = {"kind": kind, "depth": depth, "rate": rate, "warmup": warmup}
        found = [run for run in self.runs if wanted.items() <= run.items()]
        if not found:
            raise KeyError(f"nothing recorded for {wanted}; there are {self.settings}")
        return found


@cache
def depth_log() -> DepthLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("depth", __package__)
    return DepthLog(runs=tuple(facts.pop("runs")), facts=facts)
