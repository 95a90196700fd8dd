"""Mistakes in “A training loop”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_01_warm_up.given import autograd


def _descend(
    x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int, scale: float | None = None
) -> Tensor:
    for _ in range(steps):
        w = w - rate * (2 / len(y) if scale is None else scale) * x.T @ (x @ w - y)
    return w


def _in_place(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    for _ in range(steps):
        w -= rate * 2 / len(y) * x.T @ (x @ w - y)
    return w


def _point_by_point(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    for _ in range(steps):
        for row, target in zip(x, y, strict=True):
            w = w - rate * 2 * (row @ w - target) * row
    return w


def _same_gradient(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    return w - steps * rate * 2 / len(y) * x.T @ (x @ w - y)


MISTAKES = (
    WrongAnswer(
        id="gradients_pile_up",
        code=lambda x, y, w, rate, steps: autograd(x, y, w, rate, steps, clear=False),
        says="Your gradients pile up: each step uses the sum of all gradients so far.",
        why="backward() adds to w.grad; it never replaces what is there. Clear it after every step: "
        "w.grad.zero_(), or optimiser.zero_grad().",
    ),
    WrongAnswer(
        id="climbs",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, -rate, steps),
        says="You go up the slope: the gradient is added.",
        why="The gradient points where the error rises. Descent subtracts it.",
    ),
    WrongAnswer(
        id="no_two",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps, 1 / len(y)),
        says="Your steps are half as long: the factor 2 of the gradient is missing.",
        why="The slope of z² is 2 z. error_gradient from the exercise before has the factor.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps, 2.0),
        says="Your error is a sum over the points; a mean is due.",
        why="With a sum, the step grows with the number of points, and a rate that suits seven of them "
        "overshoots with seven hundred.",
    ),
    WrongAnswer(
        id="one_step",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, 1),
        says="You take one step, however many are asked for.",
        why="Either there is no loop, or the return stands inside it.",
    ),
    WrongAnswer(
        id="one_short",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps - 1),
        says="You take one step too few.",
        why="range(steps) counts steps times; range(1, steps) and range(steps - 1) do not.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps + 1),
        says="You take one step too many.",
        why="range(steps) counts from 0 to steps − 1, which is steps times.",
    ),
    WrongAnswer(
        id="gradient_of_the_start",
        code=_same_gradient,
        says="Every step of yours uses the gradient of the starting weights.",
        why="The slope changes as w moves. Compute it inside the loop, where w stands then.",
    ),
    WrongAnswer(
        id="rate_ignored",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, 1.0, steps),
        says="The rate is not used: you subtract the whole gradient.",
        why="A whole gradient is far too long a step for most errors; the rate makes it small.",
    ),
    WrongAnswer(
        id="starts_at_zero",
        code=lambda x, y, w, rate, steps: _descend(x, y, torch.zeros_like(w), rate, steps),
        says="You start at zero, not at the w that was given.",
        why="Where descent ends after a few steps depends on where it begins. Start from a copy of w.",
    ),
    WrongAnswer(
        id="point_by_point",
        code=_point_by_point,
        says="You step after every single point.",
        why="That is stochastic descent, a method of its own. Here one step uses the mean over all points.",
    ),
    WrongAnswer(
        id="solved_exactly",
        code=lambda x, y, w, rate, steps: torch.linalg.pinv(x) @ y,
        says="You solved the equations exactly.",
        why="Least squares has a closed formula, attention has none: the loop is what carries over. After a "
        "few steps it has not arrived yet, and the check expects where it stands then.",
    ),
    WrongAnswer(
        id="in_place",
        code=_in_place,
        says="Your loop changes the starting weights that it was given.",
        why="w -= … writes into the caller's tensor, so a second run would start where the first ended. "
        "Work on w.clone(), or write w = w - ….",
    ),
)
