"""“Attention with a cache”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_13_generating.common import B, D, H, S, T
from course_lib.lessons.lesson_13_generating.mistakes.cached_attention import MISTAKES


def cached_cases() -> list[Case]:
    one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    by_hand = Case(
        label="one new token behind one, width 1",
        args=(one, one, 4 * one, 0 * one, 2 * one),
    )
    drawn = [
        _cached_case(noise_seed, b, h, t, s, d, gradients=True)
        for noise_seed, b, h, t, s, d in (
            (0, B, H, T, S, D),
            (1, 2, 3, 1, 6, 4),
            (2, 4, 2, 3, 1, 5),
        )
    ]
    return [by_hand, *drawn, _cached_case(3, 2, 3, 4, 0, 5, edge=True)]


def _cached_case(
    seed: Any, b: int, h: int, t: int, s: int, d: int, gradients: bool = False, edge: bool = False
) -> Case:
    rng = rng_of(seed)
    new = [noise(rng, b, h, t, d) for _ in range(3)]
    past = [noise(rng, b, h, s, d) for _ in range(2)]
    what = f"{t} new token{'s' * (t > 1)} behind {s}" if s else f"{t} new tokens, an empty cache"
    label = "random" if seed is rng else f"{what}, {b} texts, {h} heads, seed {seed}"
    return Case(label=label, args=(*new, *past), gradients=gradients, edge=edge)


def cached_oracle(q: Tensor, k: Tensor, v: Tensor, past_k: Tensor, past_v: Tensor) -> Any:
    """Ask the fused call for one query at a time, with exactly the keys that it may see."""
    keys = torch.stack([*past_k.unbind(2), *k.unbind(2)], dim=2)
    values = torch.stack([*past_v.unbind(2), *v.unbind(2)], dim=2)
    s = past_k.shape[2]
    out = [
        F.scaled_dot_product_attention(
            q[:, :, t : t + 1], keys[:, :, : s + t + 1], values[:, :, : s + t + 1]
        )
        for t in range(q.shape[2])
    ]
    return torch.cat(out, dim=2), keys, values


def cached_sample(rng: np.random.Generator) -> Case:
    b, h, t, d = draw_sizes(rng, 3, 3, 3, 3)
    return _cached_case(rng, b, h, t, pick(rng, range(5)), d)


EXERCISE = Exercise(
    name="cached_attention",
    title="Attention with a cache",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="one token or several appended give what reading the whole text at once gives",
    passed="Agrees with PyTorch's fused attention asked query by query, gradients too; the cache grows by what is new.",
    cases=cached_cases,
    sample=cached_sample,
    oracle=cached_oracle,
    parts=("out", "keys", "values"),
    kinds=(
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.cached_attention",
    hints=(
        "New keys stand behind the old ones. New query 0 is the one right behind the cache: which keys are in its past, "
        "and how does its row of the mask look?",
        "keys = old, then new, along the axis of positions; values likewise\n"
        "mask of shape (T, S + T): row t is True up to place S + t\nscores / √d, −∞ where the mask is False, softmax, times values\n"
        "return out, keys, values",
        "torch.cat([past_k, k], dim=-2); torch.ones(T, S + T, dtype=torch.bool, device=q.device).tril(S) is the mask; "
        "scores.masked_fill(~mask, -torch.inf).softmax(-1) @ values.",
    ),
    wrong_answers=MISTAKES,
)
