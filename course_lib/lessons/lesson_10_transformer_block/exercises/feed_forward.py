"""“Feed-forward with GELU”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator, noise
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_10_transformer_block.common import B, T
from course_lib.lessons.lesson_10_transformer_block.mistakes.feed_forward import MISTAKES
from course_lib.lessons.shared import feed_state


def feed_cases() -> list[Case]:
    by_hand = Case(
        label="one number, two in between: GELU(1) and GELU(−1)",
        init={"d_model": 1, "d_ff": 2},
        state={
            "w_in.weight": torch.tensor([[1.0], [-1]]),
            "w_in.bias": torch.zeros(2),
            "w_out.weight": torch.tensor([[1.0, 1]]),
            "w_out.bias": torch.tensor([10.0]),
        },
        args=(torch.tensor([[1.0]]),),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, {d_ff} in between, seed {seed}",
            init={"d_model": shape[-1], "d_ff": d_ff},
            state=feed_state(generator(seed), shape[-1], d_ff),
            args=(noise(seed + 20, *shape, scale=2.0),),
            gradients=True,
        )
        for shape, d_ff, seed in (((B, T, 6), 11, 0), ((4, 5), 3, 1), ((2, 3, 4, 7), 13, 2))
    ]
    edges = [
        Case(
            label=f"{what}, 3 in between",
            init={"d_model": 2, "d_ff": 3},
            state=feed_state(generator(seed), 2, 3),
            args=(x,),
            edge=True,
        )
        for seed, what, x in (
            (3, "a single position without a batch", noise(23, 2)),
            (4, "a batch of one position of zeros", torch.zeros(1, 2, dtype=torch.float64)),
        )
    ]
    return [by_hand, *drawn, *edges]


def feed_sample(rng: np.random.Generator) -> Case:
    b, t, d, d_ff = draw_sizes(rng, 4, 4, 4, 4)
    return Case(
        label="random",
        init={"d_model": d, "d_ff": d_ff},
        state=feed_state(rng, d, d_ff),
        args=(noise(rng, b, t, d, scale=2.0),),
    )


def feed_oracle(state: dict[str, Tensor], x: Tensor, *, d_model: int, d_ff: int) -> Tensor:
    hidden = F.gelu(F.linear(x, state["w_in.weight"], state["w_in.bias"]))
    return F.linear(hidden, state["w_out.weight"], state["w_out.bias"])


EXERCISE = Exercise(
    name="FeedForward",
    title="Feed-forward with GELU",
    minutes=8,
    difficulty=2,
    proves="each position is widened, bent by the exact GELU, and narrowed again",
    passed="Agrees with PyTorch's linear layers and its exact GELU, gradients of all weights too.",
    cases=feed_cases,
    sample=feed_sample,
    oracle=feed_oracle,
    protocol=ModuleProtocol(),
    kinds=(
        "no_lead",
        "batch_of_one",
        "zero",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.FeedForward",
    forbidden=("gelu", "GELU"),
    hints=(
        "Two layers and one function in between. How does the normal distribution function Φ come out of the error "
        "function, and what does GELU multiply it by?",
        "in __init__: w_in from d_model to d_ff, w_out from d_ff to d_model\n"
        "in forward: hidden = w_in of x\n    Φ = half of (1 plus erf of hidden over the root of 2)\n"
        "    w_out of hidden times Φ",
        "self.w_in = nn.Linear(d_model, d_ff), self.w_out the other way round. In forward: "
        "phi = (1 + torch.erf(hidden / 2**0.5)) / 2.",
    ),
    wrong_answers=MISTAKES,
)
