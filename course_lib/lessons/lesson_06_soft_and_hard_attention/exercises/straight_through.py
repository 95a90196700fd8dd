"""“Hard forward, soft backward”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_ids, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.properties import numbers
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    LEADS,
    MECHANISM,
    B,
    N,
    leading,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.straight_through import MISTAKES


def straight_cases() -> list[Case]:
    return [
        Case(label="weights 0.2, 0.7, 0.1", args=(double([0.2, 0.7, 0.1]),), gradients=True),
        *(
            Case(
                label=f"{name}, {N} places, seed {seed}",
                args=(draw_weights(seed, *lead, N),),
                gradients=True,
            )
            for seed, (name, lead) in enumerate(LEADS.items())
        ),
        Case(
            label="a batch of one, two weights equally large",
            args=(double([[0.2, 0.4, 0.4]]),),
            gradients=True,
            edge=True,
        ),
        Case(
            label="all weights alike",
            args=(double([[0.25] * 4, [0.1, 0.2, 0.3, 0.4]]),),
            gradients=True,
            edge=True,
        ),
        Case(label="one place", args=(double([1]),), gradients=True, edge=True),
        Case(label="a weight of 1, the others 0", args=(double([0, 1, 0]),), edge=True),
        Case(label="float32", args=(draw_weights(3, B, N).float(),), gradients=True, edge=True),
    ]


def straight_sample(rng: np.random.Generator) -> Case:
    shape = (*leading(rng), *draw_sizes(rng, 8))
    weights = draw_weights(rng, *shape)
    if coin(rng, 0.2):
        weights = 1 + draw_ids(rng, 3, *shape).double()  # twins in many rows
        weights = weights / weights.sum(-1, keepdim=True)
    return Case(label="random", args=(weights,), gradients=True)


def straight_oracle(weights: Tensor) -> Tensor:
    """A step of its own: one-hot forward, the identity backward."""
    return _OneHot.apply(weights)  # type: ignore[no-any-return,no-untyped-call]


class _OneHot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor) -> Tensor:
        return F.one_hot(weights.max(-1).indices, weights.shape[-1]).to(weights.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


def one_place_alone(call: Any, case: Case, value: Any) -> str | None:
    rows = value.reshape(-1, value.shape[-1])
    ones = (rows - 1).abs() < 1e-6
    if bool((ones.sum(-1) == 1).all() & ((rows.abs() < 1e-6) | ones).all()):
        return None
    return (
        "Forward, each row holds a single 1 and zeros. On the case "
        f"“{case.label}” the first of yours is {numbers(rows[0])}."
    )


EXERCISE = Exercise(
    name="straight_through",
    title="Hard forward, soft backward",
    minutes=6,
    difficulty=2,
    proves="one place alone goes forward, and every weight gets its gradient",
    passed="One-hot in value, the identity in gradient, as a step with its own backward gives them.",
    cases=straight_cases,
    sample=straight_sample,
    oracle=straight_oracle,
    properties=(Property(id="one_place_alone", holds=one_place_alone),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "zero",
    ),
    reference=f"{MECHANISM}.straight_through",
    hints=(
        "You need a number that is 0 in value and still has the gradient of the weights. Which difference "
        "of the weights with themselves is that?",
        "hard = zeros like weights, with a 1 at the largest of each row\n"
        "hard plus (weights minus weights without gradient)",
        "torch.zeros_like(weights).scatter(-1, weights.argmax(-1, keepdim=True), 1.0) is the one-hot row; "
        "weights - weights.detach() is 0 with a gradient.\n    return ... + (... - ...)",
    ),
    wrong_answers=MISTAKES,
)
