"""“Attention over channels”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import MECHANISM
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.squeeze_excite import MISTAKES


def squeeze_cases() -> list[Case]:
    by_hand = Case(
        label="two channels with means 3 and 1",
        args=(double([[[[2, 4, 3]], [[0, 2, 1]]]]), double([[1, -1]]), double([[1], [-1]])),
    )
    return [
        by_hand,
        *(
            Case(
                label=f"{b} images, {c} channels of {h} × {w}, bottleneck {r}, seed {seed}",
                args=(noise(seed, b, c, h, w), noise(seed + 10, r, c), noise(seed + 20, c, r)),
                gradients=True,
            )
            for b, c, h, w, r, seed in ((2, 6, 4, 5, 3, 0), (3, 4, 6, 2, 5, 1))
        ),
        Case(
            label="one image of one pixel, below 0 and 0",
            args=(double([[[[-2]], [[0]]]]), double([[1, 1]]), double([[1], [1]])),
            gradients=True,
            edge=True,
        ),
    ]


def squeeze_sample(rng: np.random.Generator) -> Case:
    b, c, h, w, r = draw_sizes(rng, 3, 5, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, c, h, w), noise(rng, r, c), noise(rng, c, r)))


def squeeze_oracle(x: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    """Pooling and two convolutions of 1 × 1."""
    squeezed = F.adaptive_avg_pool2d(x, 1)
    hidden = F.conv2d(squeezed, w1[..., None, None]).clamp(min=0)
    return x * F.conv2d(hidden, w2[..., None, None]).sigmoid()


def gates_between_0_and_1(call: Any, case: Case, value: Any) -> str | None:
    x = case.args[0]
    ratio = (value / x)[x.abs() > 1e-3]
    if bool(((ratio > -1e-6) & (ratio < 1 + 1e-6)).all()):
        return None
    worst = ratio[(ratio - 0.5).abs().argmax()].item()
    return (
        "A gate lies between 0 and 1. On the case "
        f"“{case.label}” some number of yours is {worst:.3f} times its input."
    )


EXERCISE = Exercise(
    name="squeeze_excite",
    title="Attention over channels",
    minutes=6,
    difficulty=2,
    proves="each image opens and closes its own channels by what it holds as a whole",
    passed="Agrees with pooling and two 1 × 1 convolutions, gradients too.",
    cases=squeeze_cases,
    sample=squeeze_sample,
    oracle=squeeze_oracle,
    properties=(Property(id="gates_between_0_and_1", holds=gates_between_0_and_1),),
    kinds=(
        "batch_of_one",
        "zero",
        "repeats",
    ),
    reference=f"{MECHANISM}.squeeze_excite",
    hints=(
        "Follow the shapes: (B, C, H, W) becomes (B, C), then (B, R), then (B, C) again. What must happen "
        "to the gates before they can multiply the image?",
        "squeezed = mean of x over rows and columns\nhidden = relu of squeezed times w1 transposed\n"
        "gates = sigmoid of hidden times w2 transposed\nx times gates, with two axes of size 1 behind",
        "x.mean((2, 3)) squeezes; torch.relu(... @ w1.T) and torch.sigmoid(... @ w2.T) follow; "
        "gates[:, :, None, None] fits x.\n    return x * ...",
    ),
    wrong_answers=MISTAKES,
)
