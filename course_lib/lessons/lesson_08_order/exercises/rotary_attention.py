"""“Rotary attention”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_08_order.common import POSITIONS, B, H, rotate_oracle
from course_lib.lessons.lesson_08_order.mistakes.rotary_attention import MISTAKES


def rotary_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, two keys, width 2",
        args=(
            double([[1.0, 0], [1, 0]]),
            double([[2.0, 0], [2, 0]]),
            double([[0.0, 1], [10, 1]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                noise(seed + 20, *lead, s, d_v),
            ),
            gradients=True,
        )
        for lead, t, s, d, d_v, seed in (
            ((), 5, 5, 6, 6, 0),
            ((B,), 5, 7, 6, 4, 1),
            ((B, H), 5, 7, 8, 4, 2),
            ((B, H), 6, 6, 8, 8, 3),
            ((B,), 9, 3, 6, 5, 4),
        )
    ]
    alone = Case(
        label="a single key", args=(noise(4, 3, 4), noise(5, 1, 4), noise(6, 1, 2)), edge=True
    )
    twins = Case(
        label="a batch of one, two equal keys",
        args=(noise(7, 1, 2, 4), double([[[1, 2, 0, 1]] * 2]), noise(8, 1, 2, 2)),
        edge=True,
    )
    far = Case(
        label="scores in the thousands",
        args=(double([[2000, 0], [1, 0]]), double([[3, 0], [2, 1]]), double([[1, 2], [3, 4]])),
        edge=True,
    )
    return [by_hand, *drawn, alone, twins, far]


def rotary_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, s, d_v = draw_sizes(rng, 7, 7, 7)
    d = 2 * pick(rng, range(1, 6))
    return Case(
        label="random",
        args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, 2 * d_v)),
    )


def rotary_oracle(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The fused call on queries and keys turned as complex numbers."""
    at = [torch.arange(x.shape[-2], dtype=x.dtype) for x in (q, k)]
    return F.scaled_dot_product_attention(rotate_oracle(q, at[0]), rotate_oracle(k, at[1]), v)


EXERCISE = Exercise(
    name="rotary_attention",
    title="Rotary attention",
    minutes=5,
    difficulty=1,
    proves="queries and keys are turned by their positions, and values are not",
    passed="Agrees with PyTorch's fused attention on turned queries and keys, gradients too.",
    cases=rotary_cases,
    sample=rotary_sample,
    oracle=rotary_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "repeats",
        "zero",
        "large",
        "far_rows",
    ),
    reference=f"{POSITIONS}.rotary_attention",
    hints=(
        "Distance has to enter the scores and nothing else. Which of the three inputs make the scores?",
        "turn q by positions 0, 1, 2 …\nturn k by positions 0, 1, 2 …\n"
        "return scaled dot-product attention of those two and v as it is",
        "torch.arange(q.shape[-2], dtype=q.dtype, device=q.device) are the positions of the queries; the keys may be more "
        "or fewer. Then scaled_dot_product_attention(rotate_halves(q, ...), ..., v).",
    ),
    wrong_answers=MISTAKES,
)
