"""Mistakes in “Scaled dot-product attention”: the code that makes each, its name, and why it is wrong."""

import math

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_04_scaled_dot_product.given import faulty, variant
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.common import LOW


def _nan_hidden(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ v
    weights = (scores + torch.zeros_like(scores).masked_fill(~mask, -torch.inf)).softmax(-1)
    return torch.where(mask.any(-1, keepdim=True), weights, 0.0) @ v


MISTAKES = (
    WrongAnswer(
        id="ignores_mask",
        code=lambda q, k, v, mask=None: faulty(q, k, v),
        says="Your function does not use the mask.",
        why="A forbidden key still takes part in every mean, padding included.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=variant(after=True),
        says="Your mask comes after the softmax.",
        why="The forbidden keys have then already taken their share: what is left of a row sums to less than 1. "
        "Mask the scores.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=variant(flip=True),
        says="Your mask is inverted: it hides what it should allow.",
        why="True means “may attend”; masked_fill fills where its condition is True, so it needs ~mask.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=variant(fill=0.0),
        says="You set forbidden scores to 0.",
        why="exp(0) is 1: a score of 0 is an ordinary score, and beats every negative one. Only −∞ becomes the "
        "weight 0.",
    ),
    WrongAnswer(
        id="fill_not_low_enough",
        code=variant(fill=-100.0),
        says=LOW[0],
        why=LOW[1],
    ),
    WrongAnswer(
        id="nan_rows",
        code=variant(empty=False),
        says="A query with nothing to attend to gives NaN.",
        why="All its scores are −∞, and the softmax divides 0 by 0. This course gives such a row zeros, as "
        "PyTorch's fused call does.",
    ),
    WrongAnswer(
        id="nan_hidden",
        code=_nan_hidden,
        says="Your output is right, but gradients through a row with nothing to attend to are NaN.",
        why="The softmax made 0/0 there, and torch.where hides NaN on the way forward only. Fill the scores with "
        "masked_fill, which lets no gradient through where it fills, and zero the row after the softmax.",
    ),
    WrongAnswer(
        id="fill_minus_1e9",
        code=variant(fill=-1e9, empty=False),
        says="You fill with −1e9 instead of −∞.",
        why="A row with nothing to attend to then weighs all its forbidden keys alike, and float16, whose "
        "smallest number is −65504, raises.",
    ),
    WrongAnswer(
        id="fill_finite",
        code=lambda q, k, v, mask=None: faulty(
            q, k, v, mask, fill=torch.finfo(q.dtype).min, empty=False
        ),
        says="A query with nothing to attend to gives the plain mean of all values.",
        why="Its scores are all the same finite number, so the softmax shares out 1 among keys that are all "
        "forbidden. Its output should be zeros.",
    ),
    WrongAnswer(
        id="no_scale",
        code=variant(scale=1.0),
        says="Your scores are not divided by √d.",
        why="Without it the softmax sharpens as d grows, and its gradient fades. scaled_scores does it for you.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v, mask=None: faulty(q, k, v, mask, scale=1 / q.shape[-1]),
        says="Your scores are divided by d, not by √d.",
        why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=variant(axis=-2),
        says="Your softmax runs over the queries (axis -2), not over the keys (axis -1).",
        why="Each query shares out a total of 1 among the keys; yours lets each key share itself out among queries.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=variant(swap=True),
        says="Your output mixes the keys, not the values.",
        why="A key says where to look, a value says what is found there. The output is as wide as the values.",
    ),
)
