"""“Who asks, who is asked”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes, many
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_07_self_attention.common import (
    DH,
    MECHANISMS,
    B,
    D,
    H,
    T,
)
from course_lib.lessons.lesson_07_self_attention.mistakes.projected_scores import MISTAKES


def score_cases() -> list[Case]:
    by_hand = Case(
        label="a noun and a verb",
        args=(torch.eye(2), torch.tensor([[1.0], [0]]), torch.tensor([[0.0], [3]])),
    )
    drawn = [
        Case(
            label=f"{many(lead)} of {t} tokens, width {d} to {h}, seed {seed}",
            args=(noise(seed, *lead, t, d), noise(seed + 10, d, h), noise(seed + 20, d, h)),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    alone = Case(
        label="a single token", args=(noise(3, 1, 4), noise(4, 4, 3), noise(5, 4, 3)), edge=True
    )
    single = Case(
        label="a batch of one", args=(noise(6, 1, 3, 4), noise(7, 4, 2), noise(8, 4, 2)), edge=True
    )
    return [by_hand, *drawn, alone, single]


def score_sample(rng: np.random.Generator) -> Case:
    t, d, h = draw_sizes(rng, 6, 6, 6)
    x = noise(rng, *draw_lead(rng, B, H), t, d)
    return Case(label="random", args=(x, noise(rng, d, h), noise(rng, d, h)), edge=t == 1)


def score_oracle(x: Tensor, w_q: Tensor, w_k: Tensor) -> Tensor:
    """One sum over all three widths: x[t, i] w_q[i, h] w_k[j, h] x[s, j]."""
    bilinear = torch.einsum("ih,jh->ij", w_q, w_k) * w_q.shape[1] ** -0.5
    return torch.einsum("...ti,ij,...sj->...ts", x, bilinear, x)


def not_symmetric(call: Any, case: Case, value: Any) -> str | None:
    """Two projections make scores that differ in both directions."""
    n = value.shape[-1]
    if n < 2 or not torch.allclose(value, value.mT, atol=1e-9):
        return None
    x, w_q, w_k = case.args
    due = score_oracle(x, w_q, w_k)
    if torch.allclose(due, due.mT, atol=1e-9):
        return None
    return (
        "What token 0 asks of token 1 need not be what token 1 asks of token 0. On the case "
        f"“{case.label}” your scores are the same in both directions, as if one projection played both roles."
    )


EXERCISE = Exercise(
    name="projected_scores",
    title="Who asks, who is asked",
    minutes=6,
    difficulty=1,
    proves="queries come from one projection and keys from another, each in its place",
    passed="Agrees with one sum over all widths in float64, gradients of both projections too.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    properties=(Property(id="not_symmetric", holds=not_symmetric),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference=f"{MECHANISMS}.projected_scores",
    hints=(
        "Every token plays two roles here. Make its query with one matrix and its key with the other; "
        "then you stand where lesson 04 began. Which width belongs under the root?",
        "q is x times w_q, k is x times w_k\nscores are q times k transposed in its last two axes\n"
        "divide by the root of the width of q",
        "x @ w_q has shape (…, T, d_head), and so has x @ w_k. d_head is w_q.shape[-1], not x.shape[-1].\n"
        "    return (x @ w_q) @ ... / math.sqrt(...)",
    ),
    wrong_answers=MISTAKES,
)
