"""“Attention without √d”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_mask, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, rng_of
from course_lib.lessons.lesson_15_text_to_text.mistakes.unscaled_attention import MISTAKES


def attention_cases() -> list[Case]:
    def column(*numbers: float) -> Tensor:
        return double(numbers)[None, None, :, None]

    one = torch.ones(1, 1, 1, 4, dtype=torch.float64)
    keys = torch.stack([torch.zeros(4), torch.full((4,), np.log(3) / 4)]).to(torch.float64)[
        None, None
    ]
    none = torch.zeros(1, 1, 2, dtype=torch.float64)
    by_hand = (one, keys, column(1, 5), none, torch.ones(1, 1, 1, 2, dtype=torch.bool))
    drawn = [
        _attention_case(seed, *sizes, gradients=True)
        for seed, sizes in enumerate(((2, 3, 5, 7, 4, 6), (3, 2, 6, 4, 8, 5), (1, 4, 3, 8, 2, 7)))
    ]
    *tensors, mask = _attention_case(5, 2, 3, 4, 5, 6, 7).args
    alone = mask.clone()
    alone[1, :, 2] = False
    alike = _attention_case(6, 1, 1, 1, 5, 3, 2).args
    row = torch.ones_like(tensors[0])
    row[..., 1, :] = 1000.0
    far = (row * tensors[0], *tensors[1:], mask)
    return [
        Case(label="one query, two keys, scores 0 and ln 3", args=by_hand),
        *drawn,
        Case(label="one text, one head, one query", args=alike, edge=True),
        Case(label="scores of a thousand", args=(300 * tensors[0], *tensors[1:], mask), edge=True),
        Case(label="scores of a thousand in one row alone", args=far, edge=True),
        Case(label="a query with no key allowed", args=(*tensors, alone), edge=True),
    ]


def _attention_case(
    seed: Any, b: int, h: int, t: int, s: int, d: int, d_v: int, gradients: bool = False
) -> Case:
    rng = rng_of(seed)
    q, k, v = noise(rng, b, h, t, d), noise(rng, b, h, s, d), noise(rng, b, h, s, d_v)
    mask = draw_mask(rng, b, 1, t, s, share=0.7)
    mask[..., torch.arange(t), torch.arange(t) % s] = True
    label = f"{b} texts, {h} heads, {t} queries, {s} keys, widths {d} and {d_v}"
    args = (q, k, v, noise(rng, h, t, s), mask)
    return Case(label="random" if seed is rng else label, args=args, gradients=gradients)


def attention_oracle(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: Tensor) -> Tensor:
    """exp(score + bias) over allowed keys, over their sum; zeros where no key is allowed."""
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) + bias
    allowed = mask.expand(scores.shape)
    highest = scores.detach().masked_fill(~allowed, -torch.inf).amax(-1, keepdim=True)
    powers = torch.where(
        allowed, (scores - highest.nan_to_num(neginf=0.0)).exp(), torch.zeros_like(scores)
    )
    total = powers.sum(-1, keepdim=True)
    weights = powers / torch.where(total > 0, total, torch.ones_like(total))
    return torch.einsum("bhts,bhse->bhte", weights, v)


EXERCISE = Exercise(
    name="unscaled_attention",
    title="Attention without √d",
    minutes=6,
    difficulty=2,
    proves="scores and bias are added, masked and normalised, and nothing is divided by √d",
    passed="Agrees with exponentials over allowed keys, gradients too; a query with no key gets zeros.",
    cases=attention_cases,
    sample=lambda rng: _attention_case(rng, *draw_sizes(rng, 4, 4, 4, 4, 4, 4)),
    oracle=attention_oracle,
    reference="course_lib.attention.relative_buckets.unscaled_attention",
    hints=(
        "It is lesson 04's attention with one thing more and one thing less.",
        "scores = q kᵀ + bias\nwhere the mask is False: −∞\nsoftmax over keys; rows without any key become 0\ntimes v",
        "(q @ k.mT + bias).masked_fill(~mask, -torch.inf).softmax(-1) gives NaN on a row of −∞ alone; .nan_to_num(0.0) or a "
        "masked_fill turns those into zeros. Then @ v.",
    ),
    kinds=("front", "gaps", "empty", "batch_of_one", "one_place", "large", "far_rows"),
    never={
        "hidden_nan": "What a mask hides is finite all the same: 0 · NaN is NaN in every product with values.",
    },
    wrong_answers=MISTAKES,
)
