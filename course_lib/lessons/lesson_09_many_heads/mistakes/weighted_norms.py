"""Mistakes in “Weigh by what arrives”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import slices_of, viewed


def _norms(v: Tensor, w_o: Tensor, interleaved: bool = False, ord: float = 2) -> Tensor:
    added = v @ slices_of(w_o, v.shape[-3], interleaved)
    return torch.linalg.vector_norm(added, ord=ord, dim=-1).unsqueeze(-2)


def _shares(x: Tensor) -> Tensor:
    return x / x.sum(-1, keepdim=True)


MISTAKES = (
    WrongAnswer(
        id="viewed_slices",
        code=lambda weights, v, w_o: weights * (v @ viewed(v, w_o)).norm(dim=-1).unsqueeze(-2),
        says="You viewed W_o as (H, d_head, d_out), but a view moves no number.",
        why="Its columns must be cut: view it as (d_out, H, d_head) first, then permute the axes to (H, d_head, d_out).",
    ),
    WrongAnswer(
        id="weights_alone",
        code=lambda weights, v, w_o: weights.clone(),
        says="You return the weights alone.",
        why="A weight of 0.9 on a value of length 0.1 adds less than a weight of 0.1 on a value of length 2.",
    ),
    WrongAnswer(
        id="norm_of_v",
        code=lambda weights, v, w_o: weights * v.norm(dim=-1).unsqueeze(-2),
        says="You took the length of v itself, before W_o.",
        why="W_o may stretch a value or send it to nothing. What reaches the output is v W_o[:, slice h]ᵀ.",
    ),
    WrongAnswer(
        id="not_weighted",
        code=lambda weights, v, w_o: _norms(v, w_o).expand_as(weights).clone(),
        says="Your lengths are not multiplied by the weights.",
        why="That is how much each key could add; its weight says how much of it does arrive.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda weights, v, w_o: weights * _norms(v, w_o) ** 2,
        says="Your lengths are squared: the root is missing.",
        why="A vector twice as long adds twice as much, not four times.",
    ),
    WrongAnswer(
        id="sum_of_sizes",
        code=lambda weights, v, w_o: weights * _norms(v, w_o, ord=1),
        says="Your lengths are sums of absolute values.",
        why="‖x‖ is the root of the sum of squares, which does not change when the axes are turned.",
    ),
    WrongAnswer(
        id="shares",
        code=lambda weights, v, w_o: _shares(weights * _norms(v, w_o)),
        says="You divided each row by its sum.",
        why="That comes later, for the picture. The lengths themselves also say which head writes much and which little.",
    ),
    WrongAnswer(
        id="interleaved",
        code=lambda weights, v, w_o: weights * _norms(v, w_o, True),
        says="Your head h takes every H-th column of W_o.",
        why="Head h owns neighbouring columns, h·d_head to (h+1)·d_head − 1.",
    ),
    WrongAnswer(
        id="length_of_the_sum",
        code=lambda weights, v, w_o: (weights @ v @ slices_of(w_o, v.shape[-3])).norm(dim=-1),
        says="You measured the whole sum, not each key's part of it.",
        why="One number a query cannot say which key it came from; the result has one for each query and key.",
    ),
)
