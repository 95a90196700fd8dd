"""“The gradient by hand”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, rng_of
from course_lib.lessons.lesson_04_scaled_dot_product.common import DV, D, S
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.attention_gradient import MISTAKES


def gradient_cases() -> list[Case]:
    by_hand = Case(
        label="three keys, width 2, values of width 1",
        args=tuple(
            double(x) for x in ([1.0, 0.0], [[1.0, 0], [0, 1], [1, 1]], [[1.0], [2], [4]], [1.0])
        ),
    )
    alone = Case(
        label="a single key, to which no gradient of the scores can flow",
        args=tuple(double(x) for x in ([1.0, -2.0], [[3.0, 1.0]], [[2.0]], [0.5])),
        edge=True,
    )
    return [by_hand, *(_gradient_case(seed, S, D, DV) for seed in (0, 1)), alone]


def _gradient_case(seed: Any, s: int, d: int, dv: int) -> Case:
    rng = rng_of(seed)
    args = (noise(rng, d), noise(rng, s, d), noise(rng, s, dv), noise(rng, dv))
    label = "random" if seed is rng else f"{s} keys, width {d}, values of width {dv}, seed {seed}"
    return Case(label=label, args=args)


def gradient_sample(rng: np.random.Generator) -> Case:
    return _gradient_case(rng, *draw_sizes(rng, 8, 8, 8))


def gradient_oracle(q: Tensor, k: Tensor, v: Tensor, grad_out: Tensor) -> tuple[Tensor, ...]:
    leaves = tuple(x.detach().clone().requires_grad_() for x in (q, k, v))
    out = F.scaled_dot_product_attention(leaves[0][None], leaves[1], leaves[2])[0]
    return torch.autograd.grad((out * grad_out).sum(), leaves)


EXERCISE = Exercise(
    name="attention_gradient",
    title="The gradient by hand",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="you can differentiate attention without autograd",
    passed="All three gradients agree with autograd through PyTorch's fused attention.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    parts=("grad_q", "grad_k", "grad_v"),
    kinds=(
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.attention_gradient",
    forbidden=("backward", "grad"),
    hints=(
        "Walk backwards: out = w @ v, w = softmax(s), s = k q / √d. The output's gradient reaches v and w; w's "
        "reaches s through the Jacobian of 4.2; s's reaches q and k.",
        "grad_v = outer(w, grad_out)\ngrad_w = v times grad_out\ngrad_s = (diag(w) − w wᵀ) times grad_w\n"
        "grad_q = grad_s times k / √d\ngrad_k = outer(grad_s, q) / √d",
        "grad_s needs no matrix: w * (grad_w - w @ grad_w). Then grad_s @ k / math.sqrt(d) and "
        "torch.outer(grad_s, q) / math.sqrt(d).",
    ),
    wrong_answers=MISTAKES,
)
