"""Mistakes in “The bandwidth learns”: the code that makes each, its name, and why it is wrong."""

import math
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import (
    Bandwidth,
    itself_left_in,
    others,
)


def _loss(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    return others(k, v, h).square().mean()


def _slope(k: Tensor, v: Tensor, log_h: float, loss: Any = _loss) -> float:
    """The derivative of the loss by log h."""
    leaf = torch.tensor(log_h, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(k.double(), v.double(), leaf.exp()), leaf)
    return float(slope)


def _descend(
    k: Tensor, v: Tensor, start: float, rate: float, steps: int, loss: Any = _loss
) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, log_h, loss)
    return math.exp(log_h)


def _on_h_itself(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    h = start
    for _ in range(steps):
        h -= rate * _slope(k, v, math.log(h)) / h
    return h


def _slope_by_h(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, log_h) / math.exp(log_h)
    return math.exp(log_h)


def _accumulating(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h, total = math.log(start), 0.0
    for _ in range(steps):
        total += _slope(k, v, log_h)
        log_h -= rate * total
    return math.exp(log_h)


def _log_as_bandwidth(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        leaf = torch.tensor(log_h, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(_loss(k.double(), v.double(), leaf), leaf)
        log_h -= rate * float(slope)
    return math.exp(log_h)


def _from_start_itself(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _descend(k, v, math.exp(start), rate, steps)


def _not_a_leaf(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    if steps > 1:
        raise TypeError("unsupported operand type(s) for *: 'float' and 'NoneType'")
    return _descend(k, v, start, rate, steps)


def _no_longer_collects(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    if steps > 1:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    return _descend(k, v, start, rate, steps)


MISTAKES = (
    WrongAnswer(
        id="ascends",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, -rate, steps),
        says="You climb: the step is added where it should be subtracted.",
        why="The gradient points uphill, towards a larger error.",
    ),
    WrongAnswer(
        id="on_h_itself",
        code=_on_h_itself,
        says="You descend on h itself, not on log h.",
        why="A long step could then take h below 0, where a bandwidth means nothing. exp(log h) is always "
        "positive, and a step is a percentage.",
    ),
    WrongAnswer(
        id="slope_by_h",
        code=_slope_by_h,
        says="You move log h by the gradient with respect to h.",
        why="The variable that moves is the one to differentiate by. By the chain rule ∂E/∂log h = h · ∂E/∂h; "
        "compute the error from log_h.exp().",
    ),
    WrongAnswer(
        id="log_as_bandwidth",
        code=_log_as_bandwidth,
        says="You hand log h to the error, where it expects h.",
        why="A bandwidth of log 1 = 0 divides by 0. Compute the error at log_h.exp().",
    ),
    WrongAnswer(
        id="start_not_logged",
        code=_from_start_itself,
        says="You start from log h = start, so from a bandwidth of exp(start).",
        why="The variable is log h: it starts at math.log(start).",
    ),
    WrongAnswer(
        id="not_a_leaf",
        code=_not_a_leaf,
        says="After the first step log_h is the result of a subtraction, and its .grad stays None.",
        why="backward() fills .grad only of tensors that you made yourself. Start each round with "
        "log_h = (log_h - rate * slope).detach().requires_grad_().",
    ),
    WrongAnswer(
        id="no_longer_collects",
        code=_no_longer_collects,
        says="After the first step log_h no longer collects gradients.",
        why="What is computed under no_grad or after detach() starts without. Add .requires_grad_(), or "
        "change log_h in place under torch.no_grad(): log_h -= rate * slope.",
    ),
    WrongAnswer(
        id="gradients_accumulate",
        code=_accumulating,
        says="Your gradients pile up: each step uses the sum of all so far.",
        why="backward() adds to .grad. Set log_h.grad = None in every step, or use torch.autograd.grad.",
    ),
    WrongAnswer(
        id="itself_left_in",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps, itself_left_in),
        says="You minimise the error with each point left in.",
        why="That error is smallest at h = 0, where each point answers itself. Minimise "
        "leave_one_out_error.",
    ),
    WrongAnswer(
        id="returns_log",
        code=lambda k, v, *rest: math.log(_descend(k, v, *rest)),
        says="You return log h.",
        why="The caller wants a bandwidth, in years: take the exponential at the end.",
    ),
    WrongAnswer(
        id="one_step",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, 1),
        says="Your loop makes one step, however many are asked for.",
        why="The return stands inside the loop, or there is no loop: return after the last round.",
    ),
    WrongAnswer(
        id="one_step_short",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps - 1),
        says="Your loop makes one step too few.",
        why="range(steps) makes `steps` rounds; return the bandwidth after the last update, not before it.",
    ),
    WrongAnswer(
        id="one_step_more",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps + 1),
        says="Your loop makes one step too many.",
        why="range(steps) makes `steps` rounds, from 0 to steps − 1.",
    ),
    WrongAnswer(
        id="never_moves",
        code=lambda k, v, start, rate, steps: start,
        says="Your bandwidth is still the one it started from.",
        why="The update has to be kept: log_h = log_h − rate × slope, in every round.",
    ),
    WrongAnswer(
        id="returns_error",
        code=lambda k, v, *rest: float(_loss(k, v, _descend(k, v, *rest))),
        says="You return the error at the end, not the bandwidth.",
        why="The error is what was minimised; the bandwidth is what it was minimised over.",
    ),
)
