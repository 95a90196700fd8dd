"""“Gradient × attention”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_18_what_does_it_look_at.common import (
    B,
    H,
    L,
    T,
)
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.relevance import MISTAKES


def relevance_cases() -> list[Case]:
    by_hand = Case(
        label="two tokens, two layers, one head",
        args=(
            double([[[[0.5, 0.5], [1, 0]]], [[[0.25, 0.75], [0.5, 0.5]]]]).unsqueeze(1),
            double([[[[2, 4], [-3, 1]]], [[[4, -4], [2, 6]]]]).unsqueeze(1),
        ),
    )
    drawn = [
        Case(
            label=f"{layers} layers, {b} images, {h} heads, {t} tokens, seed {seed}",
            args=(
                draw_weights(seed, layers, b, h, t, t, spread=2.0),
                noise(seed + 10, layers, b, h, t, t),
            ),
        )
        for layers, b, h, t, seed in ((L, B, H, T, 0), (3, 4, 2, 6, 1), (2, 3, 4, 5, 2))
    ]
    alone = Case(
        label="one layer, a single image",
        args=(draw_weights(3, 1, 2, 4, 4, spread=2.0), noise(4, 1, 2, 4, 4)),
        edge=True,
    )
    edges = [
        Case(label="a batch of one", args=tuple(each[:, :1] for each in drawn[1].args), edge=True),
        Case(
            label="one token",
            args=(torch.ones(2, 3, 1, 1).double(), noise(5, 2, 3, 1, 1)),
            edge=True,
        ),
        Case(
            label="nothing speaks for the answer",
            args=(draw_weights(6, 2, 2, 2, 3, 3), -noise(7, 2, 2, 2, 3, 3).exp()),
            edge=True,
        ),
    ]
    return [by_hand, *drawn, alone, *edges]


def relevance_sample(rng: np.random.Generator) -> Case:
    layers, b, h, t = draw_sizes(rng, 4, 4, 4, 4)
    shape = (layers, b, h, t, t)
    return Case(label="random", args=(draw_weights(rng, *shape, spread=2.0), noise(rng, *shape)))


def relevance_oracle(weights: Tensor, gradients: Tensor) -> Tensor:
    """(I + Ā_L) ⋯ (I + Ā_1), each Ā entry by entry."""
    products = weights.double().numpy() * gradients.double().numpy()
    means = np.where(products > 0, products, 0).sum(axis=-3) / weights.shape[-3]
    eye = np.eye(weights.shape[-1])
    out = eye + means[0]
    for step in means[1:]:
        out = np.einsum("...tu,...us->...ts", eye + step, out)
    return torch.from_numpy(out).to(weights.dtype)


EXERCISE = Exercise(
    name="relevance",
    title="Gradient × attention",
    minutes=8,
    difficulty=2,
    proves="only attention that speaks for the answer counts, head by head, through all layers",
    passed="Agrees with the product (I + Ā_L) ⋯ (I + Ā_1) in NumPy.",
    cases=relevance_cases,
    sample=relevance_sample,
    oracle=relevance_oracle,
    reference="course_lib.attention.rollout.relevance",
    hints=(
        "It is rollout with two changes: what counts as attention, and that Ā R is added to R without any scaling.",
        "R = identity\nfor each layer, the first first:\n    product = gradient times weights, entry by entry\n"
        "    negative products become 0\n    Ā = mean over the heads\n    R = R + Ā times R",
        "(gradient * layer).clamp(min=0).mean(-3) is Ā. torch.eye(T, dtype=…, device=…) starts R, and adding Ā @ R to "
        "it broadcasts over the batch.",
    ),
    kinds=("no_lead", "batch_of_one", "one_place", "negative", "zero"),
    wrong_answers=MISTAKES,
)
