"""Mistakes in “What each head adds”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import slices_of, viewed


def _rows_of(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    heads, width = v.shape[-3], v.shape[-1]
    rows = [w_o[h * width : (h + 1) * width] for h in range(heads)]
    return torch.stack([(weights @ v)[..., h, :, :] @ rows[h] for h in range(heads)], -3)


MISTAKES = (
    WrongAnswer(
        id="viewed_slices",
        code=lambda weights, v, w_o: weights @ v @ viewed(v, w_o),
        says="You viewed W_o as (H, d_head, d_out), but a view moves no number.",
        why="Its columns must be cut: view it as (d_out, H, d_head) first, then permute the axes to (H, d_head, d_out).",
    ),
    WrongAnswer(
        id="rows_of_w_o",
        code=_rows_of,
        says="You cut W_o into rows; a head owns columns.",
        why="nn.Linear keeps outputs down and inputs across. The heads are inputs of W_o, so head h owns W_o[:, slice h].",
    ),
    WrongAnswer(
        id="interleaved",
        code=lambda weights, v, w_o: weights @ v @ slices_of(w_o, v.shape[-3], True),
        says="Your head h takes every H-th column of W_o.",
        why="merge_heads lays slices side by side: head h owns the columns h·d_head to (h+1)·d_head − 1.",
    ),
    WrongAnswer(
        id="same_slice",
        code=lambda weights, v, w_o: weights @ v @ w_o[:, : v.shape[-1]].T,
        says="All your heads use the first slice of W_o.",
        why="Each head has columns of its own. That is how one layer lets them write different things.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda weights, v, w_o: (weights @ v @ slices_of(w_o, v.shape[-3])).sum(-3),
        says="You have added the heads up already.",
        why="The sum is the layer's output; what is asked for is the terms: (B, H, T, d_out).",
    ),
    WrongAnswer(
        id="averaged",
        code=lambda weights, v, w_o: weights @ v @ slices_of(w_o, v.shape[-3]) / v.shape[-3],
        says="Your contributions are divided by the number of heads.",
        why="Heads add up; nobody takes their mean. Their plain sum, plus the bias, is the output.",
    ),
    WrongAnswer(
        id="no_projection",
        code=lambda weights, v, w_o: weights @ v,
        says="You stop at weights · v; W_o is not used.",
        why="That is what a head hands to W_o, d_head numbers in its own slice. What it adds to the output is d_out "
        "numbers, after its columns of W_o.",
    ),
    WrongAnswer(
        id="values_not_weighted",
        code=lambda weights, v, w_o: v @ slices_of(w_o, v.shape[-3]),
        says="The weights are not used.",
        why="That is what each key could add. The weights say how much of it reaches which query.",
    ),
)
