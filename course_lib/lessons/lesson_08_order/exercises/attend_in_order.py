"""“Self-attention that knows places”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_08_order.common import B, H, T
from course_lib.lessons.lesson_08_order.mistakes.attend_in_order import MISTAKES


def in_order_cases() -> list[Case]:
    by_hand = Case(
        label="two tokens of width 2, identity projections",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[0.0, 1], [1, 0]]),
            torch.eye(2),
            torch.eye(2),
            torch.tensor([[1.0, 0], [0, 2]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, input {d_in}, queries {d}, values {d_v}, seed {seed}",
            args=(
                noise(seed, *lead, T, d_in),
                noise(seed + 10, T, d_in),
                noise(seed + 20, d_in, d, scale=0.4),
                noise(seed + 30, d_in, d, scale=0.4),
                noise(seed + 40, d_in, d_v),
            ),
            gradients=True,
        )
        for lead, d_in, d, d_v, seed in (
            ((), 6, 6, 6, 0),
            ((B,), 6, 6, 6, 1),
            ((B,), 7, 6, 4, 2),
            ((B, H), 9, 8, 6, 3),
        )
    ]
    return [by_hand, *drawn, *_unusual_in_order_cases()]


def _unusual_in_order_cases() -> list[Case]:
    twins = Case(
        label="a batch of one, two equal tokens, positions that tell them apart",
        args=(
            torch.ones(1, 2, 2),
            torch.tensor([[0.0, 0], [1, 0]]),
            *[torch.eye(2)] * 2,
            torch.tensor([[1.0, 0], [0, 2]]),
        ),
        edge=True,
    )
    alone = Case(
        label="one token",
        args=(noise(5, 1, 3), noise(6, 1, 3), noise(7, 3, 2), noise(8, 3, 2), noise(9, 3, 4)),
        edge=True,
    )
    far = Case(
        label="scores in the thousands",
        args=(
            double([[1000, 0], [0, 3]]),
            double([[0, 1], [1, 0]]),
            *[double([[1, 0], [0, 1]])] * 3,
        ),
        edge=True,
    )
    return [twins, alone, far]


def in_order_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, d_in, d, d_v = draw_sizes(rng, 7, 7, 7, 7)
    return Case(
        label="random",
        args=(
            noise(rng, *lead, t, d_in),
            noise(rng, t, d_in),
            noise(rng, d_in, d, scale=0.5),
            noise(rng, d_in, d, scale=0.5),
            noise(rng, d_in, d_v),
        ),
    )


def in_order_oracle(x: Tensor, p: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor) -> Tensor:
    """The fused call on projections of x and of p, which are summed: projecting is linear."""
    q, k, v = (x @ w + p @ w for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v)


EXERCISE = Exercise(
    name="attend_in_order",
    title="Self-attention that knows places",
    minutes=5,
    difficulty=1,
    proves="queries, keys and values are all made from x + p, added once and before the projections",
    passed="Agrees with PyTorch's fused attention, gradients of positions and projections too.",
    cases=in_order_cases,
    sample=in_order_sample,
    oracle=in_order_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "repeats",
        "zero",
        "large",
        "far_rows",
    ),
    reference="course_lib.lessons.lesson_08_order.reference.attend_in_order",
    hints=(
        "Add first, then do everything as in lesson 07: one sum, three projections of it.",
        "h = x plus p\nq, k and v are h times their projections\nreturn scaled dot-product attention of the three",
        "h = x + p, then scaled_dot_product_attention(h @ w_q, ..., ...).",
    ),
    wrong_answers=MISTAKES,
)
