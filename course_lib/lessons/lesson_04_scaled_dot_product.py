"""Lesson 04 as data: exercises, predictions, quiz."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
    WrongAnswer,
)
from course_lib.checking.noise import noise, noise_array, pick

B, H, T, S, D, DV = 2, 3, 5, 7, 11, 13

# ---------------------------------------------------------------- properties that several exercises share


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Weights over the keys sum to 1 for every query."""
    weights = value[1] if isinstance(value, tuple) else value
    rows, columns = weights.sum(-1), weights.sum(-2)
    if torch.allclose(rows, torch.ones_like(rows), atol=1e-6):
        return None
    shown = ", ".join(f"{number:.3f}" for number in rows.flatten()[:3].tolist())
    said = f"Each query's weights must sum to 1. On the case “{case.label}” yours sum to {shown} …"
    if torch.allclose(columns, torch.ones_like(columns), atol=1e-6):
        said += "; down the columns they sum to 1. The softmax ran over the queries (axis -2), not the keys."
    return said


# ---------------------------------------------------------------- 4.1 scores


def score_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 4",
        args=(torch.tensor([[1.0, 0, 2, 0], [0, 1, 0, 3]]), torch.tensor([[1.0, 1, 0, 0], [0, 2, 1, 0], [3, 0, 0, 1]])),
    )
    shapes = {"one sequence": (), f"{B} sequences": (B,), f"{B} sequences, {H} heads": (B, H)}
    drawn = [
        Case(
            label=f"{name}, {T} queries, {S} keys, width {D}, seed {seed}",
            args=(noise(seed, *lead, T, D), noise(seed + 10, *lead, S, D)),
            gradients=True,
        )
        for (name, lead), seed in itertools.product(shapes.items(), (0, 1))
    ]
    return [by_hand, *drawn]


def score_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d = (pick(rng, range(1, 9)) for _ in range(3))
    return Case(label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d)), edge=t == s)


def score_oracle(q: Tensor, k: Tensor) -> Tensor:
    return torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5


SCALED_SCORES = Exercise(
    name="scaled_scores",
    title="Scores, scaled",
    minutes=4,
    difficulty=1,
    proves="every query meets every key, at a scale that does not depend on the width",
    passed="Agrees with an einsum in float64, gradients too, for one sequence, a batch, and a batch of heads.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    reference="course_lib.attention.scaled_dot_product.scaled_scores",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Row t of the result holds the dot products of query t with every key. Which of the two matrices has "
        "to be turned so that rows of q meet rows of k?",
        "scores = q times k, with k transposed in its last two axes only\nscores divided by the square root of d",
        "k.transpose(-2, -1) swaps the last two axes and leaves batch and heads alone. The width d is "
        "q.shape[-1]; math.sqrt(d) is its root.\n    return q @ ... / math.sqrt(...)",
    ),
    wrong_answers=(
        WrongAnswer(
            id="no_scale",
            code=lambda q, k: q @ k.mT,
            says="Your scores are not scaled: the division by √d is missing.",
            why="A dot product of d random terms spreads like √d, so at d = 64 scores of ±8 are ordinary and the "
            "softmax puts nearly everything on one key.",
        ),
        WrongAnswer(
            id="divides_by_d",
            code=lambda q, k: q @ k.mT / q.shape[-1],
            says="Your scores are divided by d, not by √d.",
            why="At d = 64 the scores would have a spread of 1/8 and every key would look alike; √d brings the "
            "spread back to 1. (Dividing q and k by √d each divides the scores by d.)",
        ),
        WrongAnswer(
            id="multiplies_by_root",
            code=lambda q, k: q @ k.mT * math.sqrt(q.shape[-1]),
            says="Your scores are multiplied by √d; they should be divided by it.",
            why="The spread of a dot product already grows like √d: multiplying makes it d.",
        ),
        WrongAnswer(
            id="scale_from_length",
            code=lambda q, k: q @ k.mT / math.sqrt(k.shape[-2]),
            says="Your scores are divided by the root of the number of keys, not of the width.",
            why="A dot product sums over the d entries of a vector, so its spread depends on d; how many keys "
            "there are does not enter.",
        ),
        WrongAnswer(
            id="transposed",
            code=lambda q, k: k @ q.mT / math.sqrt(q.shape[-1]),
            says="Your scores are transposed: keys run down, queries across.",
            why="Row t belongs to query t, so the shape is (queries, keys). The softmax will run along the last "
            "axis and must find the keys there.",
        ),
        WrongAnswer(
            id="cosine",
            code=lambda q, k: F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT,
            says="Your scores are cosines: both vectors were divided by their norms.",
            why="Attention keeps the lengths: a long key may ask for more attention. Only √d divides.",
        ),
    ),
)

# ---------------------------------------------------------------- 4.2 the softmax Jacobian


def jacobian_cases() -> list[Case]:
    tidy = [Case(label="weights 0.2, 0.3, 0.5", args=(torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64),))]
    drawn = [
        Case(label=f"{n} weights, seed {seed}", args=(noise(seed, n).softmax(0),))
        for n, seed in ((2, 0), (S, 0), (S, 1), (4, 2))
    ]
    sure = Case(label="one weight is 1", args=(torch.tensor([0.0, 1, 0, 0], dtype=torch.float64),), edge=True)
    return [*tidy, *drawn, sure]


def jacobian_oracle(w: Tensor) -> Tensor:
    """Entry by entry: ∂w_i/∂s_j = w_i (1[i = j] − w_j)."""
    rows = [[w[i] * (float(i == j) - w[j]) for j in range(len(w))] for i in range(len(w))]
    return torch.stack([torch.stack(row) for row in rows])


def jacobian_rows_vanish(call: Any, case: Case, value: Any) -> str | None:
    """Weights sum to 1 whatever the scores, so every column of the Jacobian sums to 0."""
    sums = value.sum(0)
    if torch.allclose(sums, torch.zeros_like(sums), atol=1e-9):
        return None
    return (
        "Each column must sum to 0: when one score moves, the weights still sum to 1, so what one gains the "
        f"others lose. On the case “{case.label}” the first column of yours sums to {sums[0].item():.3f}."
    )


SOFTMAX_JACOBIAN = Exercise(
    name="softmax_jacobian",
    title="How weights move when scores do",
    minutes=6,
    difficulty=2,
    proves="your matrix holds every derivative ∂w_i/∂s_j of the softmax",
    passed="Agrees with the derivatives written out one by one, from 2 weights to 7.",
    cases=jacobian_cases,
    sample=lambda rng: Case(label="random", args=(noise(rng, pick(rng, range(1, 9))).softmax(0),)),
    oracle=jacobian_oracle,
    properties=(Property(id="columns_sum_to_zero", holds=jacobian_rows_vanish),),
    reference="course_lib.lessons.reference.lesson_04.softmax_jacobian",
    forbidden=("jacobian", "jacrev", "jacfwd"),
    hints=(
        "The formula stands above the exercise: diag(w) − w wᵀ. Two matrices, one minus the other.",
        "a square matrix with w on its diagonal\nminus the matrix whose entry [i, j] is w[i] times w[j]",
        "torch.diag(w) builds the first, torch.outer(w, w) the second.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="only_diagonal",
            code=lambda w: torch.diag(w * (1 - w)),
            says="You have the diagonal alone, w (1 − w).",
            why="That is the derivative of a sigmoid. In a softmax every weight depends on every score: pushing one "
            "up pulls the others down, by −w_i w_j.",
        ),
        WrongAnswer(
            id="no_diagonal",
            code=lambda w: -torch.outer(w, w),
            says="The term diag(w) is missing.",
            why="Raising score i raises w_i itself: ∂w_i/∂s_i = w_i − w_i².",
        ),
        WrongAnswer(
            id="identity",
            code=lambda w: torch.eye(len(w), dtype=w.dtype) - torch.outer(w, w),
            says="You started from the identity, not from diag(w).",
            why="A weight near 0 barely moves, so its diagonal entry is w (1 − w), not 1 − w².",
        ),
        WrongAnswer(
            id="sign",
            code=lambda w: torch.outer(w, w) - torch.diag(w),
            says="The sign is turned round.",
            why="Raising a score raises its own weight: the diagonal is positive.",
        ),
        WrongAnswer(
            id="plus",
            code=lambda w: torch.diag(w) + torch.outer(w, w),
            says="The two matrices are added; the second is subtracted.",
            why="The weights share a total of 1: what one gains the others lose, so the off-diagonal is negative.",
        ),
        WrongAnswer(
            id="inner_product",
            code=lambda w: torch.diag(w) - w @ w,
            says="You subtracted the number wᵀw, not the matrix w wᵀ.",
            why="For a vector, w @ w is a single number. The outer product has entry w_i w_j at [i, j].",
        ),
    ),
)

# ---------------------------------------------------------------- 4.3 attention without masks


def attend_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 2",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            torch.tensor([[1.0], [2], [4]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequences, {t} queries, {s} keys, seed {seed}",
            args=(noise(seed, *lead, t, D), noise(seed + 10, *lead, s, D), noise(seed + 20, *lead, s, DV)),
            gradients=True,
        )
        for lead, t, s, seed in (((), T, S, 0), ((B,), T, S, 1), ((B, H), S, T, 2), ((B, H), T, S, 3))
    ]
    alone = Case(
        label="a single key", args=(noise(4, T, D), noise(5, 1, D), noise(6, 1, DV)), gradients=True, edge=True
    )
    return [by_hand, *drawn, alone]


def attend_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d, dv = (pick(rng, range(1, 9)) for _ in range(4))
    return Case(label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, dv)))


def attend_oracle(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The fused call for the output; an identity as values makes it give away its weights."""
    eye = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-1], k.shape[-2])
    return F.scaled_dot_product_attention(q, k, v), F.scaled_dot_product_attention(q, k, eye)


def _plain(q: Tensor, k: Tensor, v: Tensor, axis: int = -1, scale: float | None = None) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)).softmax(axis)
    return weights @ v, weights


ATTEND = Exercise(
    name="attend",
    title="Weights, then the weighted mean",
    minutes=6,
    difficulty=1,
    proves="your output and your weights agree with PyTorch's fused attention, gradients too",
    passed="Output and weights agree with PyTorch's fused attention to 1e-10, gradients too.",
    cases=attend_cases,
    sample=attend_sample,
    oracle=attend_oracle,
    parts=("out", "weights"),
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    reference="course_lib.attention.scaled_dot_product.attend",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Three steps: scores, weights, mean. You wrote the first in 4.1; the softmax runs over the keys.",
        "weights = softmax of scaled_scores(q, k) along the last axis\nout = weights times v\nreturn out, weights",
        "weights = scaled_scores(q, k).softmax(dim=-1), and weights @ v mixes the values of all keys.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="softmax_over_queries",
            code=lambda q, k, v: _plain(q, k, v, axis=-2),
            says="Your softmax runs over the queries (axis -2), so it is the keys that share out a total of 1.",
            why="A query asks “which keys?” and spreads a total of 1 over them: the softmax runs along the last axis.",
        ),
        WrongAnswer(
            id="softmax_over_batch",
            code=lambda q, k, v: _plain(q, k, v, axis=0),
            says="Your softmax runs along axis 0.",
            why="Axis 0 is the batch as soon as there is one: sentences would share out attention between them. "
            "Count from the end: the keys are axis -1.",
        ),
        WrongAnswer(
            id="no_scale",
            code=lambda q, k, v: _plain(q, k, v, scale=1.0),
            says="Your scores are not divided by √d.",
            why="Without it the softmax sharpens as d grows. scaled_scores from 4.1 does it for you.",
        ),
        WrongAnswer(
            id="divides_by_d",
            code=lambda q, k, v: _plain(q, k, v, scale=1 / q.shape[-1]),
            says="Your scores are divided by d, not by √d.",
            why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
        ),
        WrongAnswer(
            id="keys_as_values",
            code=lambda q, k, v: (_plain(q, k, k)[0], _plain(q, k, v)[1]),
            says="Your output mixes the keys, not the values.",
            why="A key says where to look, a value says what is found there. The output is as wide as the values.",
        ),
        WrongAnswer(
            id="no_softmax",
            code=lambda q, k, v: (lambda s: (s @ v, s))(q @ k.mT / math.sqrt(q.shape[-1])),
            says="Your weights are the scores themselves: there is no softmax.",
            why="Scores may be negative and need not sum to 1, so the output would not be a mean of the values.",
        ),
        WrongAnswer(
            id="swapped_results",
            code=lambda q, k, v: _plain(q, k, v)[::-1],
            says="You return the weights first and the output second.",
            why="The signature asks for (out, weights).",
        ),
        WrongAnswer(
            id="values_averaged",
            code=lambda q, k, v: (v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1]), _plain(q, k, v)[1]),
            says="Your output is the plain mean of the values: the weights are not used.",
            why="Each query mixes the values in its own proportions: weights @ v.",
        ),
    ),
)
