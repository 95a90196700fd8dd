"""Notice what an answer changes behind its caller's back, and put it back."""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

#: No number that a learner would choose: setting it again would pass for no change.
SEED = 2_718_281


@dataclass(frozen=True)
class GlobalState:
    """Torch's, NumPy's and Python's global settings at one moment."""

    seed: torch.Tensor
    numpy_seed: Any
    python_seed: Any
    dtype: torch.dtype
    device: torch.device
    grad: bool
    threads: int

    @classmethod
    def now(cls) -> "GlobalState":
        """Take the settings as they are."""
        return cls(
            seed=torch.get_rng_state(),
            numpy_seed=np.random.get_state(),
            python_seed=random.getstate(),
            dtype=torch.get_default_dtype(),
            device=torch.get_default_device(),
            grad=torch.is_grad_enabled(),
            threads=torch.get_num_threads(),
        )

    @classmethod
    def seeded(cls) -> "GlobalState":
        """Seed the global generators and take the settings: whoever runs next has equal draws.

        A model in training mode draws for its dropout. Two answers that make the same mistake then
        give the same numbers, whatever was drawn before them.
        """
        torch.default_generator.manual_seed(SEED)
        np.random.seed(SEED)
        random.seed(SEED)
        return cls.now()

    def changes(self) -> list[str]:
        """Name, in words, what differs now; an empty list when nothing does."""
        now, found = GlobalState.now(), []
        if not torch.equal(now.seed, self.seed):
            found.append(
                "torch's global random generator (torch.manual_seed sets it; torch.rand, a new "
                "layer and a DataLoader draw from it)"
            )
        if not _same_numpy(now.numpy_seed, self.numpy_seed):
            found.append("NumPy's global random generator (np.random.seed or np.random.rand)")
        if now.python_seed != self.python_seed:
            found.append("Python's global random generator (the random module)")
        if now.dtype != self.dtype:
            found.append(f"torch's default dtype (from {self.dtype} to {now.dtype})")
        if now.device != self.device:
            found.append(f"torch's default device (from {self.device} to {now.device})")
        if now.grad != self.grad:
            found.append("torch's gradient mode (torch.set_grad_enabled)")
        if now.threads != self.threads:
            found.append(f"torch's threads (from {self.threads} to {now.threads})")
        return found

    def restore(self) -> None:
        """Put every setting back."""
        torch.set_rng_state(self.seed)
        np.random.set_state(self.numpy_seed)
        random.setstate(self.python_seed)
        torch.set_default_dtype(self.dtype)
        if torch.get_default_device() != self.device:
            torch.set_default_device(None if self.device.type == "cpu" else self.device)
        torch.set_grad_enabled(self.grad)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


def _same_numpy(first: Any, second: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
