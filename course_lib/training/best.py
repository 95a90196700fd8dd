"""The best of a training's evaluations, and the weights that gave it."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from course_lib.training.checkpoints import Checkpoints
from course_lib.training.config import FitConfig


class Best:
    """Which evaluation was the best, how many have come since, and the weights to go back to.

    Args:
        config: names the number that decides, and says for how long a training may wait.
    """

    def __init__(self, config: FitConfig) -> None:
        self.config, self.waiting = config, 0
        self.weights: dict[str, Tensor] | None = None

    @property
    def enough(self) -> bool:
        """Whether no better one is waited for."""
        return self.config.patience is not None and self.waiting >= self.config.patience

    def beats(self, value: float, before: Sequence[float]) -> bool:
        """Tell whether a value is better than all before it."""
        sign = -1 if self.config.highest else 1
        return math.isfinite(value) and all(sign * value < sign * b for b in before if b == b)

    def keep(self, model: nn.Module) -> None:
        """Keep the weights, where a training may end before its last step."""
        if self.config.patience:
            weights = model.state_dict().items()
            self.weights = {name: value.detach().clone() for name, value in weights}

    def recall(self, store: Checkpoints, step: int, model: nn.Module) -> str | None:
        """Read the best weights of a checkpoint; return a sentence where they are damaged.

        The model has weights of its own, which it keeps.
        """
        now = {name: value.clone() for name, value in model.state_dict().items()}
        try:
            store.load_best(step, model)
        except (OSError, ValueError, KeyError) as problem:
            return f"The best weights are damaged ({problem}): passed over."
        else:
            self.keep(model)
        finally:
            model.load_state_dict(now)
        return None
