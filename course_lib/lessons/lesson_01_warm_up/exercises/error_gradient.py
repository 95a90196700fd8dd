"""“A gradient by hand”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_01_warm_up.common import LINE, D, S, T
from course_lib.lessons.lesson_01_warm_up.mistakes.error_gradient import MISTAKES


def gradient_cases() -> list[Case]:
    by_hand = Case(label="the points (1, 2), (3, 6), w = 1", args=(*LINE, torch.tensor([1.0])))
    two = Case(
        label="two points, two weights",
        args=(torch.tensor([[1.0, 2], [3, 0]]), torch.tensor([3.0, 1]), torch.tensor([1.0, 0.5])),
        edge=True,
    )
    drawn = [
        Case(
            label=f"{n} points, {d} weights, seed {seed}",
            args=(noise(seed, n, d), noise(seed + 10, n), noise(seed + 20, d)),
        )
        for n, d, seed in ((S, 3, 0), (D, T, 1), (3, T, 2))
    ]
    solved = Case(label="w fits exactly", args=(*LINE, torch.tensor([2.0])), edge=True)
    alone = Case(
        label="a single point",
        args=(torch.tensor([[2.0, -1]]), torch.tensor([3.0]), torch.tensor([0.0, 0.5])),
        edge=True,
    )
    return [by_hand, *drawn, two, solved, alone]


def gradient_sample(rng: np.random.Generator) -> Case:
    n, d = draw_sizes(rng, 8, 8)
    args = noise(rng, n, d), noise(rng, n), noise(rng, d)
    return Case(label="random", args=args, edge=n == d)


def gradient_oracle(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Autograd's word."""
    with torch.enable_grad():
        w = w.detach().clone().requires_grad_()
        return torch.autograd.grad(((x @ w - y) ** 2).mean(), w)[0]


def slopes_match(call: Any, case: Case, value: Any) -> str | None:
    """Moving one weight a little changes the error as the gradient says."""
    x, y, w = (tensor.double() for tensor in case.args)
    for place in range(len(w)):
        step = torch.zeros_like(w)
        step[place] = 0.001
        rise = (((x @ (w + step) - y) ** 2).mean() - ((x @ (w - step) - y) ** 2).mean()).item()
        if abs(rise / 0.002 - float(value[place])) > 1e-4 * (1 + abs(rise / 0.002)):
            return (
                f"A gradient says how the error answers to a small move. On the case “{case.label}”, moving "
                f"w[{place}] from 0.001 below to 0.001 above changes the error by {rise:.6f}: a slope of "
                f"{rise / 0.002:.4f}. Yours says {float(value[place]):.4f}."
            )
    return None


EXERCISE = Exercise(
    name="error_gradient",
    title="A gradient by hand",
    minutes=7,
    difficulty=2,
    proves="your formula gives the numbers that autograd gives",
    passed="Agrees with autograd to rounding, from one weight to five, with fewer points than weights too.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    properties=(Property(id="slopes_match", holds=slopes_match),),
    kinds=(
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.error_gradient",
    forbidden=("backward", "grad", "jacobian"),
    hints=(
        (
            "The error of one point is (x·w − y)². Its slope by w is twice what stands in the brackets, times x. "
            "The mean over N points divides the sum by N."
        ),
        (
            "miss = predictions minus targets, one number a point\n"
            "gradient = 2 / N times the sum over the points of miss[n] times row n of x"
        ),
        "miss = x @ w - y. The sum over points of miss[n] · x[n] is x.T @ miss. Then times 2 / len(y).",
    ),
    wrong_answers=MISTAKES,
)
