"""“One map for each head”: its cases, its oracle, its hints."""

import math

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.checking.properties import rows_sum_to_one
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.attention_per_head import MISTAKES


def head_cases() -> list[Case]:
    swap = double([[0, 1], [1, 0]])
    by_hand = Case(
        label="two tokens, two heads of width 1",
        args=(double([[1, 0], [0, 2]]), double([[1, 0], [0, 1]]), swap, 2),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, (*lead, t)))} tokens, {h} heads of width {d}, seed {seed}",
            args=(
                noise(seed, *lead, t, h * d),
                noise(seed + 10, h * d, h * d),
                noise(seed + 20, h * d, h * d),
                h,
            ),
            gradients=True,
        )
        for lead, t, h, d, seed in (((), 5, 3, 2, 0), ((2,), 7, 2, 4, 1), ((3, 2), 4, 3, 5, 2))
    ]
    far = double([1.0, 1000.0])[:, None, None]
    single = Case(
        label="a single head",
        args=(noise(3, 4, 6), noise(4, 6, 6), noise(5, 6, 6), 1),
        edge=True,
    )
    x, *weights, n = drawn[1].args
    edges = [
        Case(label="a batch of one", args=(x[:1], *weights, n), edge=True),
        Case(label="one token", args=(x[:, :1], *weights, n), edge=True),
        Case(label="scores of thousands", args=(1000 * x, *weights, n), edge=True),
        Case(
            label="one text's numbers large, the other's small",
            args=(x * far, *weights, n),
            edge=True,
        ),
    ]
    return [by_hand, *drawn, *edges, single]


def head_sample(rng: np.random.Generator) -> Case:
    t, h, d = draw_sizes(rng, 4, 4, 4)
    lead = draw_lead(rng, 2)
    args = (noise(rng, *lead, t, h * d), noise(rng, h * d, h * d), noise(rng, h * d, h * d), h)
    return Case(label="random", args=args)


def head_oracle(x: Tensor, w_q: Tensor, w_k: Tensor, n_heads: int) -> Tensor:
    """Slice head by head, and write the softmax out."""
    d = x.shape[-1] // n_heads
    maps = []
    for h in range(n_heads):
        own = slice(h * d, (h + 1) * d)
        q, k = (torch.einsum("...ti,oi->...to", x, w[own]) for w in (w_q, w_k))
        powers = (torch.einsum("...td,...sd->...ts", q, k) / math.sqrt(d)).double()
        powers = (powers - powers.amax(-1, keepdim=True)).exp()
        maps.append(powers / powers.sum(-1, keepdim=True))
    return torch.stack(maps, dim=-3).to(x.dtype)


ROWS = rows_sum_to_one(
    "Each query shares out a total of 1 over the keys. On the case "
    "“{label}” the first row of yours sums to {first}."
)

EXERCISE = Exercise(
    name="attention_per_head",
    title="One map for each head",
    minutes=6,
    difficulty=1,
    proves="every head compares its own slice of queries and keys, at its own scale",
    passed="Agrees with a loop that slices head by head, gradients too.",
    cases=head_cases,
    sample=head_sample,
    oracle=head_oracle,
    properties=(Property(id="rows_sum_to_one", holds=ROWS),),
    reference="course_lib.attention.rollout.attention_per_head",
    hints=(
        "You built this in lesson 09. Which columns of x @ w_q.T belong to head 0, and how wide are they?",
        "q = x times w_q transposed, k likewise\nsplit the last axis into (n_heads, d_head), move the heads in front\n"
        "scores = q times k transposed, divided by the root of d_head\nsoftmax over the keys",
        "(x @ w_q.T).unflatten(-1, (n_heads, -1)).transpose(-3, -2) has shape (…, H, T, d_head); divide by "
        "math.sqrt(x.shape[-1] // n_heads).",
    ),
    kinds=("no_lead", "batch_of_one", "one_place", "large", "far_rows"),
    wrong_answers=MISTAKES,
)
