"""Mistakes in “Hard forward, soft backward”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _hard(w: Tensor, axis: int = -1) -> Tensor:
    return torch.zeros_like(w).scatter(axis, w.argmax(axis, keepdim=True), 1.0)


MISTAKES = (
    WrongAnswer(
        id="no_gradient",
        code=_hard,
        says="The value is right, but no gradient comes back: the choice alone has none.",
        why="A one-hot row does not move when the weights move a little. Add something that is 0 in value and has the gradient of the weights.",
    ),
    WrongAnswer(
        id="soft_returned",
        code=lambda w: w,
        says="You return the soft weights; forward, one place alone is due.",
        why="In the forward pass everything but the largest must be exactly 0: nothing else is looked at.",
    ),
    WrongAnswer(
        id="detached_wrong_way",
        code=lambda w: _hard(w) + w,
        says="You add the weights without taking them off again, detached.",
        why="hard + w is no one-hot row. w − w.detach() is 0 and keeps the gradient.",
    ),
    WrongAnswer(
        id="masked_weights",
        code=lambda w: _hard(w) * w,
        says="You keep the largest weight as it is; a 1 is due.",
        why="hard · w is the weight itself at the chosen place, and only that place gets a gradient.",
    ),
    WrongAnswer(
        id="only_winner_learns",
        code=lambda w: _hard(w) * (1 + w - w.detach()),
        says="The value is right, but only the chosen place gets a gradient.",
        why="Straight-through passes the gradient to all weights, as if the choice had been the weights themselves.",
    ),
    WrongAnswer(
        id="divided_by_itself",
        code=lambda w: _hard(w) * w / w.detach().amax(-1, keepdim=True),
        says="The value is right, but the gradient is divided by the largest weight.",
        why="w / w.detach() is 1 in value and has the gradient 1/w, for the chosen place alone.",
    ),
    WrongAnswer(
        id="sign_flipped",
        code=lambda w: _hard(w) + w.detach() - w,
        says="The value is right, but the gradient has its sign flipped.",
        why="w.detach() − w has the gradient −1. It is w − w.detach() that has +1.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda w: _hard(w, 0) + w - w.detach(),
        says="You choose along axis 0, the batch.",
        why="Each row chooses one of its own places, along the last axis.",
    ),
    WrongAnswer(
        id="all_the_largest",
        code=lambda w: (w == w.amax(-1, keepdim=True)).to(w.dtype) + w - w.detach(),
        says="Where several weights are equally large, you choose them all.",
        why="weights == weights.amax(-1, keepdim=True) is True at each of them. Forward, one place alone is looked at: argmax returns one.",
    ),
    WrongAnswer(
        id="threshold",
        code=lambda w: (w > 0.5).to(w.dtype) + w - w.detach(),
        says="You choose whatever has a weight above 0.5.",
        why="In many rows no weight is that large, and then nothing is looked at. The largest is chosen, however small.",
    ),
    WrongAnswer(
        id="index_returned",
        code=lambda w: w.argmax(-1),
        says="You return the number of the place; a row of zeros with a single one is due.",
        why="A whole number carries no gradient; a row of floats can.",
    ),
)
