"""The recorded log of lesson 16: small ViTs on digits, with positions, without, on jigsaws."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.data.recorded_files import recorded_log


@dataclass(frozen=True, kw_only=True)
class PatchesLog:
    """What `bench/record_patches.py` measured.

    Args:
        facts: command, hardware, sizes and steps, as they were when it ran.
        runs: one entry for each model trained.
    """

    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]

    @property
    def kinds(self) -> list[str]:
        """Return what was trained."""
        return list(dict.fromkeys(run["kind"] for run in self.runs))

    def seeds(self, kind: str) -> list[int]:
        """Return the seeds that a kind was trained with."""
        return [run["seed"] for run in self.runs if run["kind"] == kind]

    def accuracies(self, kind: str, test: str) -> list[float]:
        """Return the share of right answers of every seed.

        Args:
            kind: one of `kinds`.
            test: "pictures", "jigsaw", or "other_jigsaw".
        """
        return [run[test] for run in self.runs if run["kind"] == kind]

    def similarities(self, kind: str, seed: int = 0) -> Float[Tensor, "N N"]:
        """Return the cosines between the learned positions of one model."""
        for run in self.runs:
            if (run["kind"], run["seed"]) == (kind, seed):
                return torch.tensor(run["similarities"])
        raise KeyError(f"no run of {kind!r} with seed {seed}; kinds are {', '.join(self.kinds)}")


@cache
def patches_log() -> PatchesLog:
    """Read the log that ships with the course; no network is needed."""
    facts = recorded_log("patches", __package__)
    return PatchesLog(runs=tuple(facts.pop("runs")), facts=facts)
