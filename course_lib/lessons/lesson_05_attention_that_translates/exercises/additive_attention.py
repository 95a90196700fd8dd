"""“Read the source”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes, pad_mask
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.checking.properties import all_one, numbers
from course_lib.lessons.lesson_05_attention_that_translates.common import (
    ADDITIVE,
    SIZES,
    sum_of_units,
)
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.additive_attention import (
    MISTAKES,
)


def reading_args(
    rng: Any, lengths: list[int], s: int, sizes: tuple[int, int, int]
) -> tuple[Tensor, ...]:
    d_s, d_m, d_a = sizes
    rng = rng_of(rng)
    mask = pad_mask(lengths, s)
    return (
        noise(rng, len(lengths), d_s),
        noise(rng, len(lengths), s, d_m),
        mask,
        noise(rng, d_s, d_a),
        noise(rng, d_m, d_a),
        2 * noise(rng, d_a),
    )


def reading_cases() -> list[Case]:
    double = {"dtype": torch.float64}
    by_hand = Case(
        label="two sentences, of three words and of two",
        args=(
            torch.tensor([[1.0], [-1.0]], **double),
            torch.tensor([[[-1.0], [0], [1]], [[2], [1], [5]]], **double),
            torch.tensor([[True, True, True], [True, True, False]]),
            torch.ones(1, 1, **double),
            torch.ones(1, 1, **double),
            torch.ones(1, **double),
        ),
    )
    drawn = [
        Case(
            label=f"lengths {', '.join(map(str, lengths))} in {s} places, seed {seed}",
            args=reading_args(seed, lengths, s, sizes),
            gradients=True,
        )
        for lengths, s, sizes, seed in (
            ([5, 2, 1], 5, (4, 6, 7), 0),
            ([2, 4], 5, (3, 4, 6), 1),
            ([3, 6, 4, 2], 7, (5, 5, 5), 2),
        )
    ]
    holes = list(reading_args(3, [4, 3], 4, (2, 3, 5)))
    holes[2] = torch.tensor([[False, True, False, True], [True, False, True, False]])
    gaps = Case(label="words hidden in the middle", args=tuple(holes), gradients=True)
    alone = Case(
        label="one sentence of one word", args=reading_args(4, [1], 1, (2, 3, 4)), edge=True
    )
    large = list(reading_args(5, [2, 3], 3, (2, 3, 4)))
    large[5] = large[5] * 800
    far = Case(label="scores in the hundreds", args=tuple(large), edge=True)
    return [by_hand, *drawn, gaps, alone, far]


def reading_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, SIZES)
    lengths = [*draw_sizes(rng, *[s] * pick(rng, range(1, 4)))]
    sizes = (pick(rng, SIZES), pick(rng, SIZES), pick(rng, SIZES))
    return Case(label="random", args=reading_args(rng, lengths, s, sizes))


def reading_oracle(
    s: Tensor, memory: Tensor, mask: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor
) -> tuple[Tensor, Tensor]:
    """One sentence at a time, its words alone."""
    contexts, weights = [], []
    for b in range(len(s)):
        words = memory[b][mask[b]]
        w = sum_of_units(s[b], words, w_q, w_k, v).softmax(0)
        contexts.append((w[:, None] * words).sum(0))
        weights.append(torch.zeros(mask.shape[1], dtype=s.dtype).index_put((mask[b],), w))
    return torch.stack(contexts), torch.stack(weights)


def weights_share_a_total_of_one(call: Any, case: Case, value: Any) -> str | None:
    """Each sentence's weights sum to 1."""
    sums, columns = value[1].sum(-1), value[1].sum(0)
    if all_one(sums):
        return None
    said = f"Each sentence's weights must sum to 1. On the case “{case.label}” yours sum to {numbers(sums, most=3)}"
    if all_one(columns):
        said += "; down the batch they sum to 1, so the softmax ran over the sentences"
    return said + "."


def padding_gets_nothing(call: Any, case: Case, value: Any) -> str | None:
    """The weights of padding are 0."""
    stray = value[1].masked_fill(case.args[2], 0.0).abs().max().item()
    if stray == 0:
        return None
    return (
        f"Padding gets the weight 0. On the case “{case.label}” yours gives it up to {stray:.3f}."
    )


EXERCISE = Exercise(
    name="additive_attention",
    title="Read the source",
    minutes=8,
    difficulty=2,
    proves="your context is the mean of the encoder's states, weighted over the words alone",
    passed="Context and weights agree with a loop over sentences and words, gradients too.",
    cases=reading_cases,
    sample=reading_sample,
    oracle=reading_oracle,
    parts=("context", "weights"),
    properties=(
        Property(id="padding_gets_nothing", holds=padding_gets_nothing),
        Property(id="weights_sum_to_one", holds=weights_share_a_total_of_one),
    ),
    kinds=(
        "front",
        "gaps",
        "batch_of_one",
        "one_place",
        "large",
    ),
    never={
        "empty": "A sentence has a word at least.",
        "hidden_nan": "The encoder leaves zeros on padding, and 0 · NaN in the mean is no rule of this lesson.",
    },
    reference=f"{ADDITIVE}.additive_attention",
    hints=(
        "Your scores from 5.3 want an axis for queries, and here each sentence has one query. After "
        "them: hide, normalise, mix. In which order?",
        "scores of one query a sentence: (B, 1, S), that axis removed: (B, S)\n"
        "scores where mask is False become −∞\nweights = softmax over the words\n"
        "context = sum over the words of weight times state",
        "additive_scores(s[:, None], memory, w_q, w_k, v)[:, 0] has shape (B, S).\n"
        "    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)\n"
        "    context = (weights[:, None] @ memory)[:, 0]",
    ),
    wrong_answers=MISTAKES,
)
