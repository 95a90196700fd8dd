"""“The same in NumPy alone”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise_array, pick, rng_of
from course_lib.lessons.lesson_04_scaled_dot_product.common import DV, D, S, T, far_apart
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.attention_numpy import MISTAKES


def numpy_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, one forbidden",
        args=(
            np.array([[1.0, 0], [0, 1]]),
            np.array([[1.0, 0], [0, 1], [1, 1]]),
            np.array([[1.0], [2], [4]]),
            np.array([[True, True, False], [True, True, True]]),
        ),
    )
    drawn = [_numpy_case(seed, T, S, scale=1.0) for seed in (0, 1)]
    loud = _numpy_case(2, T, S, scale=40.0, label="scores beyond ±1000", edge=True)
    far = Case(
        label="every allowed score far below a forbidden one",
        args=far_apart(),
        edge=True,
    )
    return [by_hand, *drawn, loud, far]


def _numpy_case(
    seed: Any, t: int, s: int, *, scale: float, label: str = "", edge: bool = False
) -> Case:
    rng = rng_of(seed)
    mask = rng.random((t, s)) < 0.6
    mask[np.arange(t), rng.integers(0, s, size=t)] = True
    args = (
        noise_array(rng, t, D, scale=scale),
        noise_array(rng, s, D, scale=scale),
        noise_array(rng, s, DV),
        mask,
    )
    return Case(
        label=label or f"{t} queries, {s} keys, a random mask, seed {seed}",
        args=args,
        edge=edge,
        shows=("large",) * (scale > 1),
    )


def numpy_sample(rng: np.random.Generator) -> Case:
    return _numpy_case(
        rng, pick(rng, range(1, 9)), pick(rng, range(1, 9)), scale=1.0, label="random"
    )


def numpy_oracle(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray) -> np.ndarray:
    tensors = (torch.from_numpy(x) for x in (q, k, v))
    return F.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(mask)).numpy()


EXERCISE = Exercise(
    name="attention_numpy",
    title="The same in NumPy alone",
    minutes=6,
    difficulty=2,
    proves="you need no framework: exponentials, a division, two matrix products",
    passed="Agrees with PyTorch's fused attention, scores beyond 1000 included.",
    cases=numpy_cases,
    sample=numpy_sample,
    oracle=numpy_oracle,
    kinds=(
        "one_place",
        "large",
        "zero",
    ),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.attention_numpy",
    forbidden=("softmax", "from_numpy"),
    hints=(
        "NumPy has no softmax: write it out. What do you subtract first so that exp does not overflow?",
        "scores, with −∞ where the mask is False\nsubtract each row's largest score\nexp, then divide by the row's sum\n"
        "times v",
        "np.where(mask, scores, -np.inf); scores.max(axis=-1, keepdims=True) keeps the axis, so that the "
        "subtraction lines up with the rows.",
    ),
    wrong_answers=MISTAKES,
)
