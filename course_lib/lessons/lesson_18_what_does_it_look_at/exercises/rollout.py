"""“Attention rollout”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_sizes, draw_weights
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.properties import rows_sum_to_one
from course_lib.lessons.lesson_18_what_does_it_look_at.common import (
    B,
    H,
    L,
    T,
)
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.rollout import MISTAKES


def rollout_cases() -> list[Case]:
    first, second = [[0, 1], [1, 0]], [[1, 0], [0.5, 0.5]]
    by_hand = Case(
        label="two tokens, two layers, one head", args=(double([[first], [second]]).unsqueeze(1),)
    )
    drawn = [
        Case(
            label=f"{layers} layers, {b} images, {h} heads, {t} tokens, seed {seed}",
            args=(draw_weights(seed, layers, b, h, t, t, spread=2.0),),
            gradients=True,
        )
        for layers, b, h, t, seed in ((L, B, H, T, 0), (3, 4, 2, 6, 1))
    ]
    kept = draw_weights(2, L, B, H, T, T, spread=2.0)
    thinned = Case(
        label="weights below 0.1 set to 0, seed 2",
        args=(kept.masked_fill(kept < 0.1, 0.0),),
    )
    alone = Case(label="one layer", args=(draw_weights(3, 1, B, H, T, T, spread=2.0),), edge=True)
    single = Case(
        label="a single image, without a batch",
        args=(draw_weights(4, 3, 2, 4, 4, spread=2.0),),
        edge=True,
    )
    gone = kept.clone()
    gone[1, :, :, 2] = 0.0
    edges = [
        Case(label="a batch of one", args=(kept[:, :1],), edge=True),
        Case(label="one token", args=(draw_weights(5, 2, 2, 3, 1, 1),), edge=True),
        Case(label="a row whose weights are all 0", args=(gone,), edge=True),
    ]
    # Before the drawn ones: where rows sum to 1, scaling at another place shows in gradients only.
    return [by_hand, thinned, *drawn, alone, single, *edges]


def rollout_sample(rng: np.random.Generator) -> Case:
    layers, b, h, t = draw_sizes(rng, 4, 4, 4, 4)
    weights = draw_weights(rng, layers, b, h, t, t, spread=2.0)
    if coin(rng, 0.3):
        weights = weights.masked_fill(weights < 0.15, 0.0)
    return Case(label="random", args=(weights,))


def rollout_oracle(weights: Tensor) -> Tensor:
    """Scale A + I by the sums of its rows and multiply the layers, from the last one downwards."""
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype)
    mixed = torch.einsum("l...hts->l...ts", weights) / weights.shape[-3] + eye
    shares = torch.einsum("...ts,...t->...ts", mixed, 1 / mixed.sum(-1))
    out = shares[-1]
    for layer in range(len(shares) - 2, -1, -1):
        out = torch.einsum("...tu,...us->...ts", out, shares[layer])
    return out


ROWS = rows_sum_to_one(
    "Each row says what one token's content is made of, so it must sum to 1. On the case "
    "“{label}” the first row of yours sums to {first}."
)

EXERCISE = Exercise(
    name="rollout",
    title="Attention rollout",
    minutes=10,
    difficulty=2,
    proves="every path through the layers is followed, the residual path included, and rows stay shares",
    passed="Agrees with a product taken from the last layer downwards, gradients too, also where rows did not sum to 1.",
    cases=rollout_cases,
    sample=rollout_sample,
    oracle=rollout_oracle,
    properties=(Property(id="rows_sum_to_one", holds=ROWS),),
    reference="course_lib.attention.rollout.rollout",
    hints=(
        "Follow one token upwards. After layer 1 it holds half of itself and half of what the heads gathered. After "
        "layer 2 it holds half of that, and half of what others held by then. What operation adds up all such paths?",
        "out = identity\nfor each layer, the first layer first:\n    mixed = half the mean of the heads + half the "
        "identity\n    divide each row of mixed by its sum\n    out = mixed times out",
        "layer.mean(-3) averages the heads, torch.eye(T, dtype=…, device=…) is the identity, "
        "mixed / mixed.sum(-1, keepdim=True) scales the rows, and mixed @ out puts the later layer on the left.",
    ),
    kinds=("loose_rows", "no_lead", "zero", "batch_of_one", "one_place"),
    wrong_answers=MISTAKES,
)
