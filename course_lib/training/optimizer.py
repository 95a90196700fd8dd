"""AdamW, with weight decay on matrices alone."""

from typing import Any

import torch
from torch import nn

from course_lib.errors import CourseError


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the trainable parameters in two groups: decayed and not.

    Decayed is what has two or more axes, embeddings included, as in nanoGPT: a table of embeddings
    is often tied to the matrix that gives the logits. Biases and the gains of normalisations, of
    one axis, are left alone: decay would pull a gain to 0, where it switches its feature off.
    A tied parameter comes once.

    Args:
        model: anything with parameters.
        weight_decay: of the first group; the second has 0.

    Raises:
        CourseError: when nothing can be trained.

    >>> groups = parameter_groups(nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5)), 0.1)
    >>> [(len(group["params"]), group["weight_decay"]) for group in groups]
    [(1, 0.1), (3, 0.0)]
    """
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise CourseError(
            f"{type(model).__name__} has no parameter to train: it has none at all, or "
            "requires_grad is False for every one. Unfreeze one with parameter.requires_grad_()."
        )
    groups = [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def adamw(
    model: nn.Module, rate: float, weight_decay: float, betas: tuple[float, float]
) -> torch.optim.AdamW:
    """Return AdamW over `parameter_groups`, in its fused form, the fastest everywhere.

    Paper: Loshchilov and Hutter 2019, algorithm 2.
    """
    groups = parameter_groups(model, weight_decay)
    return torch.optim.AdamW(groups, lr=rate, betas=betas, fused=True)
