"""“Three masks”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick, rng_of
from course_lib.lessons.lesson_11_translation.common import sentences, some_lengths
from course_lib.lessons.lesson_11_translation.mistakes.three_masks import MISTAKES


def mask_case(rng: Any, s: tuple[int, ...], t: tuple[int, ...], pad: int, **more: Any) -> Case:
    rng = rng_of(rng)
    source = sentences(rng, list(s), max(s), 9, pad)
    return Case(args=(source, sentences(rng, list(t), max(t), 9, pad), pad), **more)


def mask_cases() -> list[Case]:
    front = torch.tensor([[0, 0, 1, 7], [1, 4, 6, 8]])
    return [
        mask_case(0, (2, 3), (3, 2), 0, label="sources of 2 and 3 words, targets of 3 and 2"),
        mask_case(
            1, (5, 2, 4), (3, 4, 2), 0, label="3 sentences, sources of 5 places, targets of 4"
        ),
        mask_case(2, (3, 6), (5, 1), 7, label="padding is 7, sources of 6 places, targets of 5"),
        mask_case(3, (2, 2, 1, 2), (5, 5, 5, 3), 4, label="4 sentences, padding is 4"),
        mask_case(5, (1,), (1,), 0, label="one sentence, one word on each side", edge=True),
        Case(
            label="padding between words, on both sides",
            args=(
                torch.tensor([[3, 0, 5], [6, 8, 7]]),
                torch.tensor([[1, 0, 4, 2], [1, 6, 0, 2]]),
                0,
            ),
            edge=True,
            shows=("gaps",),
        ),
        Case(
            label="padding before the words of a target",
            args=(torch.tensor([[3, 5, 0], [6, 8, 7]]), front, 0),
            edge=True,
            shows=("front", "empty"),
        ),
    ]


def mask_sample(rng: np.random.Generator) -> Case:
    b, s, t = draw_sizes(rng, 5, 5, 5)
    lengths = tuple(some_lengths(rng, b, s)), tuple(some_lengths(rng, b, t))
    return mask_case(rng, *lengths, pick(rng, range(4)), label="random")


def mask_oracle(source: Tensor, target: Tensor, pad: int) -> tuple[Tensor, ...]:
    """One pair of places at a time."""
    s, t = range(source.shape[1]), range(target.shape[1])
    rows = list(zip(source.tolist(), target.tolist(), strict=True))
    encoder = [[[x[j] != pad for j in s] for _ in s] for x, _ in rows]
    decoder = [[[y[j] != pad and j <= i for j in t] for i in t] for _, y in rows]
    memory = [[[x[j] != pad for j in s] for _ in t] for x, _ in rows]
    return torch.tensor(encoder), torch.tensor(decoder), torch.tensor(memory)


EXERCISE = Exercise(
    name="three_masks",
    title="Three masks",
    minutes=8,
    difficulty=2,
    proves="your masks agree, place by place, with the three rules, wherever padding stands",
    passed="Agrees with a loop over all pairs of places, for padding of any number and place.",
    cases=mask_cases,
    sample=mask_sample,
    oracle=mask_oracle,
    parts=("encoder", "decoder", "memory"),
    kinds=(
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
    ),
    reference="course_lib.lessons.lesson_11_translation.reference.three_masks",
    hints=(
        "For each of the three, name the one who asks and the one who answers. The last axis belongs "
        "to the keys, and a mask says something about keys.",
        "words = source is not pad, with an axis for the queries: (B, 1, S)\n"
        "encoder = words, repeated for S queries\ndecoder = target is not pad (B, 1, T), and j ≤ i\n"
        "memory = words, repeated for T queries",
        "(source != pad)[:, None].expand(-1, n, -1) repeats the row for n queries.\n"
        "    past = torch.ones(m, m, dtype=torch.bool, device=target.device).tril()\n"
        "    decoder = (target != pad)[:, None] & past",
    ),
    wrong_answers=MISTAKES,
)
