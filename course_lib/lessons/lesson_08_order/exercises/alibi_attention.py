"""“ALiBi”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_08_order.common import B, places, slope_oracle
from course_lib.lessons.lesson_08_order.mistakes.alibi_attention import MISTAKES


def alibi_cases() -> list[Case]:
    by_hand = Case(
        label="one head, three tokens, equal scores, slope 1",
        args=(
            torch.zeros(1, 3, 2),
            torch.zeros(1, 3, 2),
            torch.tensor([[[1.0], [10], [100]]]),
            torch.tensor([1.0]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {heads} heads, {t} tokens, seed {seed}",
            args=(
                noise(seed, *lead, heads, t, d),
                noise(seed + 10, *lead, heads, t, d),
                noise(seed + 20, *lead, heads, t, d_v),
                places(*slope_oracle(heads)),
            ),
            gradients=True,
        )
        for lead, heads, t, d, d_v, seed in (
            ((), 4, 5, 6, 3, 0),
            ((B,), 3, 5, 7, 4, 1),
            ((B,), 4, 7, 5, 3, 2),
        )
    ]
    return [by_hand, *drawn, *_unusual_alibi_cases()]


def _unusual_alibi_cases() -> list[Case]:
    alone = Case(
        label="a single token",
        args=(noise(3, 2, 1, 4), noise(4, 2, 1, 4), noise(5, 2, 1, 3), places(0.5, 0.25)),
        edge=True,
    )
    far = Case(
        label="a batch of one, scores in the thousands",
        args=(
            double([[[[2000, 0], [1, 0]]]]),
            double([[[[3, 0], [2, 1]]]]),
            double([[[[1, 2], [3, 4]]]]),
            places(0.5),
        ),
        edge=True,
    )
    flat = Case(
        label="a slope of 0: no distance counts",
        args=(noise(6, 2, 3, 4), noise(7, 2, 3, 4), noise(8, 2, 3, 2), places(0, 0.5)),
        edge=True,
    )
    return [alone, far, flat]


def alibi_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B)
    heads, t, d, d_v = draw_sizes(rng, 6, 6, 6, 6)
    qkv = (noise(rng, *lead, heads, t, width) for width in (d, d, d_v))
    return Case(label="random", args=(*qkv, places(*slope_oracle(heads))))


def alibi_oracle(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor) -> Tensor:
    """The fused call with a bias written entry by entry, −∞ for the future."""
    n = q.shape[-2]
    far = [[float(t - s) if s <= t else math.inf for s in range(n)] for t in range(n)]
    steps = torch.tensor(far, dtype=q.dtype)
    seen = torch.where(steps.isinf(), 0.0, steps)
    bias = -slopes[:, None, None] * seen + torch.where(steps.isinf(), -math.inf, 0.0)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(*q.shape[:-2], n, n))


def nothing_from_the_future(call: Any, case: Case, value: Any) -> str | None:
    """The first output sees the first token alone, so it is the first value."""
    v = case.args[2]
    if value.shape != v.shape or torch.allclose(value[..., 0, :], v[..., 0, :], atol=1e-5):
        return None
    return (
        "The first query has one key to look at, its own, so its output is the first value. On the case "
        f"“{case.label}” that value begins with {v[..., 0, :].flatten()[0].item():.3f} and your output with "
        f"{value[..., 0, :].flatten()[0].item():.3f}: something else came in."
    )


EXERCISE = Exercise(
    name="alibi_attention",
    title="ALiBi",
    minutes=8,
    difficulty=2,
    proves="each step back costs a head its slope, and no query sees a later key",
    passed="Agrees with PyTorch's fused attention under a bias written entry by entry, gradients too.",
    cases=alibi_cases,
    sample=alibi_sample,
    oracle=alibi_oracle,
    properties=(Property(id="nothing_from_the_future", holds=nothing_from_the_future),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "zero",
        "large",
        "far_rows",
    ),
    reference="course_lib.lessons.lesson_08_order.reference.alibi_attention",
    hints=(
        "Make the bias first: how far back key s lies from query t, times the slope of each head. Then what lies ahead "
        "must be hidden, as in lesson 04.",
        "back[t, s] = t − s\nscores = scaled scores − slope of the head · back\nhide where back is negative\n"
        "softmax over the keys, times v",
        "back = at[:, None] - at with at = torch.arange(T); slopes[:, None, None] * back has shape (H, T, T); "
        "scores.masked_fill(back < 0, -torch.inf) hides what is ahead.",
    ),
    wrong_answers=MISTAKES,
)
