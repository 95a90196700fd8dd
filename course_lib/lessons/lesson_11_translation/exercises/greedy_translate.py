"""“Greedy decoding”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_marks
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.checking.properties import nothing_after_the_end
from course_lib.lessons.lesson_11_translation.common import BEAM, SIZES
from course_lib.lessons.lesson_11_translation.mistakes.greedy_translate import MISTAKES


def a_decoder(rng: np.random.Generator, v: int, end: int) -> Callable[[Tensor], Tensor]:
    """Return a causal `decode` in noise: a place knows its words so far, and how many they are."""
    table, bias = noise(rng, v, v, scale=2.0), noise(rng, 12, v)
    bias[:, end] += 0.4

    def decode(words: Tensor) -> Tensor:
        n = words.shape[1]
        fade = 0.6 ** (torch.arange(n)[:, None] - torch.arange(n)).clamp(min=0).double().to(
            words.device
        )
        seen = fade.tril().to(table.dtype) @ table.to(words.device)[words]
        return seen + bias.to(words.device)[:n]

    return decode


def greedy_case(rng: Any, b: int, v: int, marks: Any, n: int, **more: Any) -> Case:
    start, end = marks
    rng = rng_of(rng)
    inner, shifts = a_decoder(rng, v, end), noise(rng, b, 1, v, scale=1.5)

    def decode(words: Tensor) -> Tensor:
        # Each sentence has a source of its own, so the rows of a batch differ.
        return inner(words) + shifts.to(words.device)

    return Case(args=(decode, torch.full((b, 1), start), end, n), **more)


def greedy_cases() -> list[Case]:
    return [
        greedy_case(3, 1, 4, (1, 2), 3, label="one sentence, at most 3 words"),
        greedy_case(4, 3, 6, (1, 2), 7, label="3 sentences, at most 7 words", shows=("early_end",)),
        greedy_case(12, 4, 5, (0, 4), 8, label="4 sentences, start is 0, end is 4"),
        greedy_case(8, 5, 7, (3, 1), 6, label="5 sentences, start is 3, end is 1"),
        greedy_case(5, 2, 5, (1, 2), 1, label="one word at most", edge=True),
    ]


def greedy_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 8))
    marks = draw_marks(rng, v)
    return greedy_case(rng, pick(rng, SIZES), v, marks, pick(rng, range(1, 8)), label="random")


def greedy_oracle(decode: Any, prefix: Tensor, end: int, max_len: int) -> Tensor:
    """One sentence at a time; the others keep their prefix meanwhile."""
    rows = []
    for b in range(len(prefix)):
        row: list[int] = []
        while len(row) < max_len and end not in row:
            words = torch.tensor([[*prefix[b].tolist(), *row]] * len(prefix))
            row.append(int(np.argmax(decode(words)[b, -1].numpy())))
        rows.append(row + [end] * (max_len - len(row)))
    return torch.tensor(rows)


EXERCISE = Exercise(
    name="greedy_translate",
    title="Greedy decoding",
    minutes=7,
    difficulty=2,
    proves="your sentences are those of a loop that writes one sentence at a time",
    passed="Writes what a loop over single sentences writes, each to its own end.",
    cases=greedy_cases,
    sample=greedy_sample,
    oracle=greedy_oracle,
    properties=(Property(id="nothing_after_the_end", holds=nothing_after_the_end(at=2)),),
    kinds=(
        "batch_of_one",
        "early_end",
        "repeats",
    ),
    reference=f"{BEAM}.greedy_translate",
    device="any",
    hints=(
        "No state is carried from step to step, only words. What does the decoder read at step 3, "
        "and at which place does the next word stand?",
        "words = prefix, ended = False for each\nrepeat max_len times:\n"
        "    logits of the last place of decode(words)\n"
        "    word = the likeliest, but end where ended\n    words grows by a column\n"
        "    ended becomes True where word is end\nreturn words without the prefix",
        "decode(words)[:, -1] are the logits (B, V) of the next word.\n"
        "    word = logits.argmax(-1).masked_fill(ended, end)\n"
        "    words = torch.cat([words, word[:, None]], dim=1)",
    ),
    wrong_answers=MISTAKES,
)
