"""Mistakes in “How noisy the estimate is”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _estimates(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    return (r - b)[:, None] * (torch.eye(len(w), dtype=w.dtype) - w)


def _variance(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return w @ (g - w @ g).square().sum(-1)


def _unweighted(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return (g - g.mean(0)).square().sum(-1).mean()


def _weighted_about_plain_mean(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return w @ (g - g.mean(0)).square().sum(-1)


def _no_onehot_minus(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = (r - b)[:, None] * torch.eye(len(w), dtype=w.dtype)
    return w @ (g - w @ g).square().sum(-1)


def _weights_as_column(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = (r - b)[:, None] * (torch.eye(len(w), dtype=w.dtype) - w[:, None])
    return w @ (g - w @ g).square().sum(-1)


def _summed_over_places(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return (g - w @ g).square().sum()


MISTAKES = (
    WrongAnswer(
        id="summed_over_places",
        code=lambda w, r, b=0.0: _summed_over_places(w, r, b),
        says="You add up the squared deviations of all places without weighing them.",
        why="Place a comes up with probability w[a], so its deviation counts that much.",
    ),
    WrongAnswer(
        id="summed_about_plain_mean",
        code=lambda w, r, b=0.0: _unweighted(w, r, b) * len(w),
        says="Neither your mean nor your sum of squares weighs the places by w.",
        why="Places are drawn with probabilities w; every expectation over the draw uses them.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda w, r, b=0.0: w @ _estimates(w, r, b).square().sum(-1),
        says="You return E‖g‖² and leave out − ‖E g‖².",
        why="Variance is the spread about the mean. An estimate that is always right has E‖g‖² above 0 and no variance.",
    ),
    WrongAnswer(
        id="unweighted",
        code=lambda w, r, b=0.0: _unweighted(w, r, b),
        says="You count every place equally; places are drawn with probabilities w.",
        why="An expectation over a choice weighs each outcome by its probability, in the mean and in the spread.",
    ),
    WrongAnswer(
        id="about_plain_mean",
        code=lambda w, r, b=0.0: _weighted_about_plain_mean(w, r, b),
        says="You measure the spread about the plain mean of the estimates, not about their expectation.",
        why="E g weighs each estimate by w. About any other point the spread comes out larger.",
    ),
    WrongAnswer(
        id="baseline_forgotten",
        code=lambda w, r, b=0.0: _variance(w, r, 0.0 * b),
        says="The baseline is not used.",
        why="Each estimate is (R − b) times the same direction; b is what makes the estimates smaller.",
    ),
    WrongAnswer(
        id="baseline_added",
        code=lambda w, r, b=0.0: _variance(w, r, -b),
        says="You add the baseline where it is taken off.",
        why="Only R − b is small when b is near R; R + b makes every estimate larger.",
    ),
    WrongAnswer(
        id="no_pull_down",
        code=lambda w, r, b=0.0: _no_onehot_minus(w, r, b),
        says="Your estimates are (R − b) · onehot; − w is missing.",
        why="∂log w[a]/∂s is onehot(a) − w: the chosen place goes up, and every place goes down by its weight.",
    ),
    WrongAnswer(
        id="weights_as_column",
        code=lambda w, r, b=0.0: _weights_as_column(w, r, b),
        says="Your w stands as a column, so each estimate takes one weight off all its entries.",
        why="Row a of the estimates is onehot(a) − w with the whole of w in it. Without [:, None] w is such a row.",
    ),
    WrongAnswer(
        id="deviation",
        code=lambda w, r, b=0.0: _variance(w, r, b).sqrt(),
        says="You return the standard deviation; the variance is its square.",
        why="The mean of K independent tries has 1/K of the variance of one. Deviations do not divide like that.",
    ),
    WrongAnswer(
        id="mean_over_entries",
        code=lambda w, r, b=0.0: _variance(w, r, b) / len(w),
        says="You average over the N entries of the gradient; their sum is due.",
        why="‖g‖² is a sum of squares. A mean would shrink with the number of places.",
    ),
    WrongAnswer(
        id="variance_of_rewards",
        code=lambda w, r, b=0.0: w @ (r - w @ r).square(),
        says="You return the variance of the rewards, not of the gradient's estimate.",
        why="A constant added to all rewards leaves their variance alone, yet makes every estimate longer.",
    ),
)
