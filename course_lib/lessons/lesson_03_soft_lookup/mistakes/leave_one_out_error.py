"""Mistakes in “Leave one out”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import (
    Bandwidth,
    itself_left_in,
    kernel_of,
    others,
    squares,
)


def _zeroed_after(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    weights = (-squares(k, k) / (2 * h**2)).softmax(-1)
    return (weights * (1 - torch.eye(len(k), dtype=k.dtype)) @ v - v).square().mean()


def _underflowing(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = kernel_of(k, k, h) * (1 - torch.eye(len(k), dtype=k.dtype))
    return (kernel / kernel.sum(-1, keepdim=True) @ v - v).square().mean()


def _finite_fill(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    scores = (-squares(k, k) / (2 * h**2)).masked_fill(torch.eye(len(k), dtype=torch.bool), -1e3)
    return (scores.softmax(-1) @ v - v).square().mean()


MISTAKES = (
    WrongAnswer(
        id="itself_left_in",
        code=itself_left_in,
        says="Each key still finds itself among the keys.",
        why="It lies at distance 0 and its score 0 is the highest there is (so setting that score to 0 "
        "changes nothing: take it out with −inf). The error would fall to 0 as h does.",
    ),
    WrongAnswer(
        id="zeroed_after_softmax",
        code=_zeroed_after,
        says="You set each key's own weight to 0 after the softmax, so the others no longer sum to 1.",
        why="What is left sums to 1 − w. Take the key out before the softmax: a score of −inf.",
    ),
    WrongAnswer(
        id="sum_not_mean",
        code=lambda k, v, h: others(k, v, h).square().sum(),
        says="You sum the squared errors; their mean is asked for.",
        why="A sum grows with the number of points, and with it the steps of gradient descent.",
    ),
    WrongAnswer(
        id="sum_over_width",
        code=lambda k, v, h: others(k, v, h).square().sum(-1).mean(),
        says="You sum over the width of the values and average over the keys alone.",
        why="The mean squared error divides by every number there is: keys times width.",
    ),
    WrongAnswer(
        id="root",
        code=lambda k, v, h: others(k, v, h).square().mean().sqrt(),
        says="You took the root at the end.",
        why="That is a fine number to report, in the unit of the values, but this exercise asks for the mean "
        "square.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda k, v, h: others(k, v, h).abs().mean(),
        says="You average absolute errors, not squared ones.",
        why="Its slope jumps wherever an error changes sign; the square is smooth.",
    ),
    WrongAnswer(
        id="not_squared",
        code=lambda k, v, h: others(k, v, h).mean(),
        says="You average the errors without squaring them.",
        why="Errors above and below cancel: a poor prediction can have a mean error of 0.",
    ),
    WrongAnswer(
        id="finite_fill",
        code=_finite_fill,
        says="You put a finite number on the diagonal, and far from all others a key still finds itself.",
        why="Every other score can be lower than that number. −inf is below every score: its weight is exactly 0.",
    ),
    WrongAnswer(
        id="underflows",
        code=_underflowing,
        says="For a key far from all others every exp(score) underflows to 0, and 0/0 is NaN.",
        why="Put −inf on the diagonal of the scores and let the softmax subtract each row's maximum.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=lambda k, v, h: ((v.sum(0) - v) / (len(v) - 1) - v).square().mean(),
        says="You predict each value by the plain mean of the others: the bandwidth is not used.",
        why="That is the limit of a very large bandwidth.",
    ),
)
