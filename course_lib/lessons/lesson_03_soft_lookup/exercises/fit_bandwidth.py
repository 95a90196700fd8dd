"""“The bandwidth learns”: its cases, its oracle, its hints."""

import math

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_03_soft_lookup.common import some_bandwidth
from course_lib.lessons.lesson_03_soft_lookup.mistakes.fit_bandwidth import MISTAKES


def _wave(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Points on a noisy sine, at uneven places."""
    rng = generator(seed)
    keys = torch.from_numpy(np.sort(rng.uniform(0, 6, count)))[:, None]
    return keys, torch.sin(keys) + noise(rng, count, 1, scale=0.2)


def fit_cases() -> list[Case]:
    keys = double([[0], [1], [2], [3]])
    by_hand = [
        Case(
            label=f"four squares, {steps} step{'s' * (steps > 1)}",
            args=(keys, keys**2, 1.0, 0.05, steps),
        )
        for steps in (1, 2, 5)
    ]
    drawn = [
        Case(label=f"{s} points, 12 steps, seed {seed}", args=(*_wave(seed, s), start, 0.3, 12))
        for s, start, seed in ((9, 0.8, 0), (11, 2.0, 1))
    ]
    twice = double([[0], [0], [1]])
    return [
        *by_hand,
        *drawn,
        Case(label="no steps", args=(keys, keys**2, 2.0, 0.05, 0), edge=True),
        Case(
            label="two measurements at the same place, 2 steps",
            args=(twice, double([[1], [3], [6]]), 1.0, 0.05, 2),
            edge=True,
        ),
    ]


def fit_sample(rng: np.random.Generator) -> Case:
    s, steps = pick(rng, range(2, 7)), pick(rng, range(4))
    args = (
        noise(rng, s, 2),
        noise(rng, s, 2),
        some_bandwidth(rng),
        float(rng.uniform(0.05, 0.3)),
        steps,
    )
    return Case(label="random", args=args)


def _slope(keys: np.ndarray, values: np.ndarray, h: float) -> float:
    """The derivative of the leave-one-out error by log h, by hand: ∂score/∂log h = ‖q − k‖²/h²."""
    total = 0.0
    for place in range(len(keys)):
        rest = np.arange(len(keys)) != place
        far = ((keys[rest] - keys[place]) ** 2).sum(-1) / h**2
        w = np.exp((far.min() - far) / 2)
        w /= w.sum()
        error = w @ values[rest] - values[place]
        moves = (w * (far - w @ far)) @ values[rest]
        total += float((2 * error * moves).mean())
    return total / len(keys)


def fit_oracle(keys: Tensor, values: Tensor, start: float, rate: float, steps: int) -> float:
    """Gradient descent in NumPy, with the derivative written out."""
    k, v, log_h = keys.numpy().astype(float), values.numpy().astype(float), math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, math.exp(log_h))
    return math.exp(log_h)


EXERCISE = Exercise(
    name="fit_bandwidth",
    title="The bandwidth learns",
    minutes=10,
    difficulty=3,
    proves="your descent takes the same steps as one whose derivative was worked out by hand",
    passed="Agrees with gradient descent in NumPy, its derivative written out, step for step.",
    cases=fit_cases,
    sample=fit_sample,
    oracle=fit_oracle,
    reference="course_lib.lessons.lesson_03_soft_lookup.reference.fit_bandwidth",
    # Twelve steps in float32, where log h was made without a dtype, stay within this.
    tolerance=1e-5,
    device="any",
    kinds=("whole_numbers", "zero", "repeats"),
    never={"one_place": "A single key has no others that could answer for it."},
    hints=(
        "The variable that moves is log h. Make it a tensor that collects gradients, and compute the error "
        "from its exponential.",
        "log_h = log of start, collecting gradients\nrepeat `steps` times:\n"
        "    error = leave_one_out_error at exp(log_h)\n    slope = derivative of error by log_h\n"
        "    log_h = log_h minus rate times slope, collecting gradients anew\nreturn exp(log_h) as a number",
        "torch.autograd.grad(error, log_h)[0] gives the slope and leaves nothing behind to clear. "
        "(log_h - rate * slope).detach().requires_grad_() starts the next round afresh. "
        "log_h.exp().item() is a number.",
    ),
    wrong_answers=MISTAKES,
)
