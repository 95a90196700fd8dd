"""Mistakes in “Attention without √d”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor,
    mask: Tensor,
    *,
    scale: float = 0.0,
    bias_scaled: bool = False,
    when: str = "before",
    masked: str = "inf",
    axis: int = -1,
) -> Tensor:
    """Unscaled attention with switches for its classic mistakes; all off, it is right."""
    shrink = q.shape[-1] ** -scale
    scores = q @ k.mT * shrink
    if when == "before":
        scores = (q @ k.mT + bias) * shrink if bias_scaled else scores + bias
    if when == "times":
        scores = scores * bias
    if masked == "inf":
        scores = scores.masked_fill(~mask, -torch.inf)
    if masked == "finite":
        scores = scores.masked_fill(~mask, -1e9)
    if masked == "zero":
        scores = scores.masked_fill(~mask, 0.0)
    if masked == "inverted":
        scores = scores.masked_fill(mask, -torch.inf)
    weights = scores.softmax(axis).nan_to_num(0.0)
    if masked == "after":
        weights = weights * mask
    if when == "after":
        weights = weights + bias * mask
    return weights @ v


def _attend_fault(**switches: Any) -> Callable[..., Tensor]:
    return lambda q, k, v, bias, mask: _attend(q, k, v, bias, mask, **switches)


MISTAKES = (
    WrongAnswer(
        id="scores_scaled",
        code=_attend_fault(scale=0.5),
        says="You divide the scores by √d, as everybody else does. T5 does not.",
        why="Its first query weights are smaller by √d instead, and its pretrained weights have grown up without the division: with it "
        "every attention of a loaded model is too flat.",
    ),
    WrongAnswer(
        id="bias_scaled_too",
        code=_attend_fault(scale=0.5, bias_scaled=True),
        says="You divide by √d, the bias too.",
        why="T5 divides nothing: scores plus bias go into the softmax as they are.",
    ),
    WrongAnswer(
        id="lesson_04_again",
        code=_attend_fault(scale=0.5, when="never"),
        says="That is lesson 04's attention: scores divided by √d, and no bias.",
        why="T5 divides nothing, and the bias is all that tells its encoder the order of words.",
    ),
    WrongAnswer(
        id="no_bias",
        code=_attend_fault(when="never"),
        says="The bias is missing.",
        why="It is all that tells T5's encoder the order of words. Without it a sentence is a bag.",
    ),
    WrongAnswer(
        id="bias_after_softmax",
        code=_attend_fault(when="after"),
        says="You add the bias to the weights, after the softmax.",
        why="Rows then no longer sum to 1, and weights may be negative. It is added to the scores.",
    ),
    WrongAnswer(
        id="bias_multiplied",
        code=_attend_fault(when="times"),
        says="You multiply the scores by the bias.",
        why="A bias of 0 means no preference; as a factor it would wipe the score out. It is added.",
    ),
    WrongAnswer(
        id="mask_dropped",
        code=_attend_fault(masked="never"),
        says="The mask is not used.",
        why="Padding is read, and a decoder sees its own future.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_attend_fault(masked="inverted"),
        says="Your mask is upside down.",
        why="True means: may attend. What gets −inf is where it is False.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_attend_fault(masked="zero"),
        says="Masked scores become 0, which is a score like any other.",
        why="exp(0) = 1: what is masked keeps a share. −inf leaves it none.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_attend_fault(masked="after"),
        says="You mask after the softmax, so rows no longer sum to 1.",
        why="What was masked has taken part in the sum. Mask the scores, then take the softmax.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_attend_fault(axis=-2),
        says="Your softmax runs over the queries.",
        why="Each query shares out its attention over keys: along the last axis.",
    ),
    WrongAnswer(
        id="values_for_keys",
        code=lambda q, k, v, bias, mask: (
            _attend(q, k, k[..., : v.shape[-1]], bias, mask)
            if v.shape[-1] <= k.shape[-1]
            else _attend(q, k, torch.cat([k] * v.shape[-1], -1)[..., : v.shape[-1]], bias, mask)
        ),
        says="You average keys; values are averaged.",
        why="Keys say where to look, values what is fetched.",
    ),
    WrongAnswer(
        id="fill_finite",
        code=_attend_fault(masked="finite"),
        says="A query with no key allowed gets the plain mean of all values: its scores are filled with a finite number.",
        why="All its scores are the same then, and the softmax shares out 1 among keys that are all forbidden. Such a query gets zeros.",
    ),
)
