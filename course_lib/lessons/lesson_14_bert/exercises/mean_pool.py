"""“One vector for a text”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_mask, draw_sizes, pad_mask
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.mean_pool import MISTAKES


def _pool_args(seed: Seed, b: int, t: int, d: int) -> tuple[Tensor, Tensor]:
    rng = rng_of(seed)
    mask = pad_mask(draw_sizes(rng, *[t] * b), t) & draw_mask(rng, b, t, share=0.8)
    return noise(rng, b, t, d) + noise(rng, 1), mask


def pool_cases() -> list[Case]:
    by_hand = (
        torch.tensor([[[1.0, 0], [3, 4], [9, 9]], [[2, 2], [4, 6], [6, 1]]]),
        torch.tensor([[True, True, False], [True, True, True]]),
    )
    drawn = [
        Case(
            label=f"{b} texts of up to {t} tokens, width {d}, seed {seed}",
            args=_pool_args(seed, b, t, d),
            gradients=True,
        )
        for b, t, d, seed in ((4, 6, 3, 0), (3, 7, 5, 1), (5, 9, 2, 2))
    ]
    empty = noise(3, 2, 4, 3), torch.tensor([[False] * 4, [True, True, False, False]])
    torn = (
        double([[[5.0], [1], [3], [2]], [[2], [7], [4], [9]]]),
        torch.tensor([[False, True, True, False], [True, False, True, False]]),
    )
    wild = torn[0].clone()
    wild[0, 0], wild[0, 3], wild[1, 1] = torch.nan, torch.inf, -torch.inf
    return [
        Case(label="two texts, of two tokens and of three", args=by_hand),
        *drawn,
        Case(label="padding in front and between", args=torn),
        Case(label="NaN and ∞ at padding", args=(wild, torn[1]), edge=True),
        Case(label="one text of one token", args=(torn[0][:1, :1], torn[1][:1, 1:2]), edge=True),
        Case(label="a text without a real token", args=empty, edge=True),
    ]


def pool_sample(rng: np.random.Generator) -> Case:
    sizes = draw_sizes(rng, 5, 5, 5)
    return Case(label="random", args=_pool_args(rng, *sizes))


def pool_oracle(hidden: Tensor, mask: Tensor) -> Tensor:
    """Text by text, only the rows that are real."""
    rows = [
        one[real].sum(0) / max(int(real.sum()), 1) for one, real in zip(hidden, mask, strict=True)
    ]
    return torch.stack(rows)


def padding_does_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """Other hidden states at padding leave the vectors alone."""
    hidden, mask = case.args
    if not hidden.isfinite().all():
        return None
    moved = (
        (call(torch.where(mask[..., None], hidden, hidden + 5), mask) - value).abs().max().item()
    )
    if moved < 1e-6:
        return None
    return (
        f"What stands at padding must not matter. On the case “{case.label}” other hidden states there move your vectors "
        f"by {moved:.3f}."
    )


EXERCISE = Exercise(
    name="mean_pool",
    title="One vector for a text",
    minutes=6,
    difficulty=2,
    proves="each text's vector is the mean of its real tokens, whatever stands at padding",
    passed="Agrees with taking each text's real rows alone, gradients too; a text without any gives zeros.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    properties=(Property(id="padding_does_not_matter", holds=padding_does_not_matter),),
    reference="course_lib.lessons.lesson_14_bert.reference.mean_pool",
    hints=(
        "A mean is a sum and a count. How do you keep padding out of the sum, and out of the count?",
        "set hidden states at padding to zero\nsum over the positions\ndivide by the number of real tokens of that text, or by 1",
        "hidden.masked_fill(~mask[..., None], 0) clears padding, NaN too (mask needs an axis for the features). The count is "
        "mask.sum(1, keepdim=True).clamp(min=1).",
    ),
    kinds=("front", "gaps", "empty", "hidden_nan", "batch_of_one", "one_place"),
    wrong_answers=MISTAKES,
)
