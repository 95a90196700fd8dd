"""Mistakes in “The same in NumPy alone”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.common import LOW


def _numpy_faulty(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray,
    *,
    root: float | None = None,
    axis: int = -1,
    fill: float = -np.inf,
    peak: str = "row",
    after: bool = False,
) -> np.ndarray:
    scores = q @ k.T / (math.sqrt(q.shape[-1]) if root is None else root)
    if not after:
        scores = np.where(mask, scores, fill)
    top = {"row": scores.max(axis, keepdims=True), "matrix": scores.max(), "none": 0.0}[peak]
    powers = np.exp(scores - top)
    weights = powers / powers.sum(axis, keepdims=True)
    return (weights * mask if after else weights) @ v


def _numpy_variant(**switches: Any) -> Callable[..., np.ndarray]:
    return lambda q, k, v, mask: _numpy_faulty(q, k, v, mask, **switches)


MISTAKES = (
    WrongAnswer(
        id="no_max",
        code=_numpy_variant(peak="none"),
        says="Your exponentials overflow: the largest score of each row is not subtracted.",
        why="exp(710) is infinite in float64, and ∞/∞ is NaN. Subtracting the row's maximum changes no weight: it "
        "cancels in the division.",
    ),
    WrongAnswer(
        id="one_max_for_all",
        code=_numpy_variant(peak="matrix"),
        says="You subtract the largest score of the whole matrix, not each row's.",
        why="A row whose scores all lie 800 below that maximum underflows: exp gives 0 everywhere, and 0/0 is NaN. Every "
        "row needs its own maximum.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_numpy_variant(root=1.0),
        says="Your scores are not divided by √d.",
        why="The definition is softmax(q kᵀ / √d) v.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_numpy_variant(axis=0),
        says="Your softmax runs down the columns (axis 0), over the queries.",
        why="Each query shares out a total of 1 over the keys: axis -1.",
    ),
    WrongAnswer(
        id="ignores_mask",
        code=lambda q, k, v, mask: _numpy_faulty(q, k, v, np.ones_like(mask)),
        says="Your function does not use the mask.",
        why="Forbidden keys still take part in the mean.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_numpy_variant(fill=0.0),
        says="You set forbidden scores to 0.",
        why="exp(0) is 1, so the key still takes part. Only −∞ becomes the weight 0.",
    ),
    WrongAnswer(
        id="fill_not_low_enough",
        code=_numpy_variant(fill=-100.0),
        says=LOW[0],
        why=LOW[1],
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_numpy_variant(after=True),
        says="Your mask comes after the softmax.",
        why="What is left of a row then sums to less than 1. Mask the scores, or divide by the sum afterwards.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=lambda q, k, v, mask: _numpy_faulty(q, k, v, ~mask),
        says="Your mask is inverted.",
        why="np.where(mask, a, b) takes a where the mask is True: the scores belong first, −∞ second.",
    ),
)
