"""“A training loop”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_01_warm_up.common import LINE, D, S, T
from course_lib.lessons.lesson_01_warm_up.given import autograd
from course_lib.lessons.lesson_01_warm_up.mistakes.fit import MISTAKES


def fit_cases() -> list[Case]:
    start = torch.tensor([0.0])
    by_hand = [
        Case(
            label=f"the points (1, 2), (3, 6), from w = 0, {said}",
            args=(*LINE, start, 0.05, steps),
        )
        for steps, said in ((1, "one step"), (2, "two steps"))
    ]
    drawn = [
        Case(
            label=f"{n} points, {d} weights, {steps} steps, seed {seed}",
            args=(noise(seed, n, d), noise(seed + 10, n), noise(seed + 20, d), rate, steps),
        )
        for n, d, rate, steps, seed in ((S, 3, 0.1, 5, 0), (D, T, 0.05, 13, 1), (3, T, 0.02, 4, 2))
    ]
    still = Case(label="no step at all", args=(*LINE, torch.tensor([3.0]), 0.05, 0), edge=True)
    alone = Case(
        label="a single point, three steps",
        args=(torch.tensor([[2.0]]), torch.tensor([-3.0]), torch.tensor([0.5]), 0.1, 3),
        edge=True,
    )
    return [*by_hand, *drawn, still, alone]


def fit_sample(rng: np.random.Generator) -> Case:
    n, d, steps = pick(rng, range(1, 9)), pick(rng, range(1, 6)), pick(rng, range(5))
    args = noise(rng, n, d), noise(rng, n), noise(rng, d), 0.1 * float(rng.random()), steps
    return Case(label="random", args=args, edge=steps == 0)


def error_falls(call: Any, case: Case, value: Any) -> str | None:
    """At the rates of the cases every step lowers the error."""
    x, y, w, _, steps = case.args
    before, after = (((x @ at - y) ** 2).mean().item() for at in (w, value.to(w)))
    if steps == 0 or after < before:
        return None
    return (
        f"Descent lowers the error at such a small rate. On the case “{case.label}” it stood at {before:.4f} "
        f"before, and at {after:.4f} after your steps."
    )


EXERCISE = Exercise(
    name="fit",
    title="A training loop",
    minutes=8,
    difficulty=2,
    proves="every step goes down the slope where the weights stand then",
    passed="Agrees with autograd's own descent step for step, and leaves the starting weights as they were.",
    cases=fit_cases,
    sample=fit_sample,
    oracle=autograd,
    properties=(Property(id="error_falls", holds=error_falls),),
    kinds=(
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.fit",
    hints=(
        (
            "One step: the gradient where w stands now, times the rate, subtracted from w. The loop repeats it; "
            "the gradient changes every time because w does."
        ),
        (
            "copy w\nrepeat steps times:\n    gradient at w (error_gradient, or backward() and w.grad)\n"
            "    w = w − rate × gradient\nreturn w"
        ),
        (
            "w = w - rate * error_gradient(x, y, w), in a loop over range(steps). With autograd instead: "
            "w = w.clone().requires_grad_(), loss.backward(), then under torch.no_grad(): w -= rate * w.grad; "
            "w.grad.zero_()."
        ),
    ),
    wrong_answers=MISTAKES,
)
