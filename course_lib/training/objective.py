"""What is made small: model and loss in one, and what a loss may be."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.errors import CourseError

Loss = Callable[[Any, Any], Any]


class Objective(nn.Module):
    """Model and loss as one module, so that several processes meet whatever the loss calls."""

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Any) -> Any:
        """Return what the loss makes of a batch."""
        return self.loss(self.model, batch)


def scalar(value: Any, step: int) -> Tensor:
    """Return the loss in float32 or better, or say what is wrong with it."""
    if not isinstance(value, Tensor) or value.ndim:
        came = f"of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value)
        raise CourseError(
            f"loss returned {came} at step {step}: it returns one number, a tensor without axes. "
            "Take the .mean()."
        )
    if not value.requires_grad:
        raise CourseError(
            f"the loss of step {step} depends on no trainable parameter: it was computed without "
            "the model, under torch.no_grad(), or through .detach(), .item() or .argmax()."
        )
    return value if value.dtype == torch.float64 else value.float()
