"""“Grad-CAM”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.grad_cam import MISTAKES


def cam_cases() -> list[Case]:
    by_hand = Case(
        label="two channels of 1 × 2 places",
        args=(double([[[1, 2]], [[3, 0]]]), double([[[1, 3]], [[-2, 0]]])),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))} features, seed {seed}",
            args=(noise(seed, *shape).relu(), noise(seed + 10, *shape)),
        )
        for shape, seed in (((4, 5, 2, 3), 0), ((2, 6, 4, 3), 1), ((3, 4, 5), 2))
    ]
    one = Case(label="one channel", args=(noise(3, 2, 1, 3, 4), noise(4, 2, 1, 3, 4)), edge=True)
    against = Case(
        label="everything speaks against",
        args=(noise(5, 2, 3, 2, 4).exp(), -noise(6, 2, 3, 2, 4).exp()),
        edge=True,
    )
    alone = Case(
        label="a batch of one", args=(noise(7, 1, 3, 2, 2), noise(8, 1, 3, 2, 2)), edge=True
    )
    place = Case(label="one place", args=(noise(9, 2, 3, 1, 1), noise(10, 2, 3, 1, 1)), edge=True)
    signs = Case(
        label="features of both signs, 2 × 5 × 3 × 4",
        args=(noise(11, 2, 5, 3, 4), noise(12, 2, 5, 3, 4)),
    )
    return [by_hand, *drawn, signs, one, against, alone, place]


def cam_sample(rng: np.random.Generator) -> Case:
    shape = draw_sizes(rng, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, *shape), noise(rng, *shape)))


def cam_oracle(features: Tensor, gradients: Tensor) -> Tensor:
    """Equations 1 and 2, channel by channel."""
    f, g = features.double().numpy(), gradients.double().numpy()
    total = np.zeros(f.shape[:-3] + f.shape[-2:])
    for channel in range(f.shape[-3]):
        places = g[..., channel, :, :].reshape(*f.shape[:-3], -1)
        alpha = places.sum(-1) / places.shape[-1]
        total += alpha[..., None, None] * f[..., channel, :, :]
    return torch.from_numpy(np.where(total > 0, total, 0)).to(features.dtype)


def nowhere_negative(call: Any, case: Case, value: Any) -> str | None:
    """Grad-CAM keeps what speaks for the answer."""
    low = value.min().item()
    if low >= 0:
        return None
    return (
        "Grad-CAM keeps only places that speak for the answer, so no number is negative. On the case "
        f"“{case.label}” yours go down to {low:.3f}."
    )


EXERCISE = Exercise(
    name="grad_cam",
    title="Grad-CAM",
    minutes=6,
    difficulty=2,
    proves="each channel counts by the mean of its gradient, and what speaks against the answer is cut off",
    passed="Agrees with equations 1 and 2 of the paper, channel by channel in NumPy.",
    cases=cam_cases,
    sample=cam_sample,
    oracle=cam_oracle,
    properties=(Property(id="nowhere_negative", holds=nowhere_negative),),
    reference="course_lib.attention.maps.grad_cam",
    hints=(
        "One weight for each channel: how does the logit move, on average over all places, when this channel grows?",
        "alpha = mean of the gradients over both places axes, axes kept\nsum over the channels of alpha times "
        "features\nnegative numbers become 0",
        "gradients.mean((-2, -1), keepdim=True) is alpha; the channels are axis -3; .relu() ends it.",
    ),
    kinds=("no_lead", "batch_of_one", "negative", "zero"),
    wrong_answers=MISTAKES,
)
