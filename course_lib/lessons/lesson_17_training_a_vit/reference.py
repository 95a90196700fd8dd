"""The course's own versions of lesson 17's functions; pictures stand in `training.augment`."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def soft_cross_entropy(
    logits: Float[Tensor, "B K"], targets: Float[Tensor, "B K"], smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Return the mean over the batch of −Σ_k t_k log softmax(logits)_k, targets smoothed first.

    Smoothing takes a share of each target away and spreads it evenly over all K classes.

    Paper: Szegedy et al. 2016, §7 (smoothing).

    Args:
        logits: scores of the classes.
        targets: shares, which sum to 1 in each row.
        smoothing: the share that is spread.

    >>> soft_cross_entropy(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).exp()
    tensor(2.)
    """
    smoothed = (1 - smoothing) * targets + smoothing / targets.shape[-1]
    return -(smoothed * logits.log_softmax(-1)).sum(-1).mean()


def split_for_decay(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return the parameters to train: those that decay, with two axes or more, and the others.

    Args:
        model: any module.

    >>> [len(group) for group in split_for_decay(nn.Linear(2, 3))]
    [1, 1]
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    return [p for p in trained if p.ndim >= 2], [p for p in trained if p.ndim < 2]


def rates(epochs: int, per_epoch: int, warmup: int, peak: float) -> list[float]:
    """Return the learning rate of every step: up in a line to `peak`, then down half a cosine.

    Args:
        epochs: passes over the data.
        per_epoch: steps in each.
        warmup: steps of rising; step t of them has peak · (t + 1) / warmup.
        peak: the highest rate.

    >>> [round(rate, 3) for rate in rates(epochs=2, per_epoch=3, warmup=2, peak=1.0)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    steps = epochs * per_epoch
    rising = [(step + 1) / warmup for step in range(min(warmup, steps))]
    fall = steps - warmup
    falling = [(1 + math.cos(math.pi * step / fall)) / 2 for step in range(fall)]
    return [peak * share for share in rising + falling]


def update_average(
    average: Sequence[Tensor], weights: Sequence[Tensor], decay: float
) -> list[Tensor]:
    """Return decay · average + (1 − decay) · weights, pair by pair; whole numbers are copied.

    Args:
        average: what was there.
        weights: of the model, behind its update.
        decay: how much of the average stays.

    >>> update_average([torch.tensor(1.0)], [torch.tensor(3.0)], decay=0.75)
    [tensor(1.5000)]
    """
    pairs = zip(average, weights, strict=True)
    return [
        decay * old + (1 - decay) * new if new.is_floating_point() else new.clone()
        for old, new in pairs
    ]


def accuracy(
    model: nn.Module, images: Float[Tensor, "N ..."], labels: Int[Tensor, " N"], batch: int
) -> float:
    """Return the share of right answers, in evaluation mode; the mode comes back as it was.

    Args:
        model: returns logits.
        images: standardised.
        labels: what they show.
        batch: images at a time.

    >>> accuracy(nn.Identity(), torch.eye(3), torch.tensor([0, 1, 0]), batch=2)
    0.6666666666666666
    """
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for some, due in zip(images.split(batch), labels.split(batch), strict=True):
            right += int((model(some).argmax(-1) == due).sum())
    model.train(was)
    return right / len(labels)
