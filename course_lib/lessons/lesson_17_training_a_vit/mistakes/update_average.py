"""Mistakes in “A moving average of the weights”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Tensors = Sequence[Tensor]


def _averaging(
    change: Callable[[Tensor, Tensor, float], Tensor],
) -> Callable[[Tensors, Tensors, float], list[Tensor]]:
    """Return an answer that averages the floats in its own way."""

    def update(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
        pairs = zip(average, weights, strict=True)
        return [
            change(old, new, decay) if new.is_floating_point() else new.clone()
            for old, new in pairs
        ]

    return update


def _counts_averaged(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [decay * old + (1 - decay) * new for old, new in pairs]


def _counts_kept(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [
        decay * old + (1 - decay) * new if new.is_floating_point() else old.clone()
        for old, new in pairs
    ]


def _counts_rounded(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [(decay * old + (1 - decay) * new).to(new.dtype) for old, new in pairs]


def _float32_alone(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [
        decay * old + (1 - decay) * new if new.dtype == torch.float32 else new.clone()
        for old, new in pairs
    ]


MISTAKES = (
    WrongAnswer(
        id="shares_swapped",
        code=_averaging(lambda old, new, decay: (1 - decay) * old + decay * new),
        says="You keep 1 − decay of the average and take decay from the new weights.",
        why="With a decay of 0.999 that forgets all but the last step. The decay is what stays of the average.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=_averaging(lambda old, new, decay: (old + new) / 2),
        says="You average in equal parts, whatever the decay.",
        why="That remembers about two steps. A decay of 0.999 remembers about a thousand.",
    ),
    WrongAnswer(
        id="copies",
        code=_averaging(lambda old, new, decay: new.clone()),
        says="You return the new weights: nothing is averaged.",
        why="The average keeps a share decay of what it was.",
    ),
    WrongAnswer(
        id="float32_alone",
        code=_float32_alone,
        says="You average float32 alone: what is float64 is copied.",
        why="Weights come in float16 and float64 as well. `is_floating_point()` tells fractions from counts.",
    ),
    WrongAnswer(
        id="stands_still",
        code=_averaging(lambda old, new, decay: old.clone()),
        says="Your average stays where it was.",
        why="Each update moves it by a share 1 − decay of the way to the new weights.",
    ),
    WrongAnswer(
        id="not_a_mean",
        code=_averaging(lambda old, new, decay: decay * old + new),
        says="You add the new weights whole, so your shares do not sum to 1.",
        why="Update after update the average would grow towards 1 / (1 − decay) times the weights.",
    ),
    WrongAnswer(
        id="counts_averaged",
        code=_counts_averaged,
        says="You average the whole numbers too, which makes floats of them.",
        why="A counter such as batch norm's num_batches_tracked is no weight. It is copied as it is.",
    ),
    WrongAnswer(
        id="counts_rounded",
        code=_counts_rounded,
        says="You average the whole numbers and cut them off.",
        why="A counter such as batch norm's num_batches_tracked is no weight. It is copied as it is.",
    ),
    WrongAnswer(
        id="counts_kept",
        code=_counts_kept,
        says="Your whole numbers stay as they were in the average.",
        why="Counters are copied from the model: the average should say how many batches it has seen.",
    ),
)
