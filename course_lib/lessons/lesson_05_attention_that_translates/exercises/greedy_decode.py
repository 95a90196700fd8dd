"""“Greedy decoding”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_marks, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.checking.properties import nothing_after_the_end
from course_lib.lessons.lesson_05_attention_that_translates.common import TRANSLATOR
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.greedy_decode import MISTAKES


def a_writer(rng: np.random.Generator, d: int, v: int, end: int) -> Callable[..., Any]:
    """Return a `step` in noise; the wish to end grows with the state's last number."""
    table, w, out = noise(rng, v, d), noise(rng, d, d), noise(rng, d, v, scale=2.0)
    out[:, end] += 0.4

    def step(words: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = torch.tanh(state @ w + table[words])
        return state @ out, state

    return step


def written(seed: Any, b: int, d: int, v: int, marks: Any, n: int, **more: Any) -> Case:
    start, end = marks
    rng = rng_of(seed)
    step = a_writer(rng, d, v, end)
    return Case(args=(step, noise(rng, b, d), start, end, n), **more)


def greedy_cases() -> list[Case]:
    return [
        written(6, 1, 2, 4, (1, 2), 4, label="one sentence, at most 4 words"),
        written(4, 3, 4, 6, (1, 2), 7, label="3 sentences, at most 7 words", shows=("early_end",)),
        written(11, 4, 3, 5, (0, 4), 8, label="4 sentences, start is 0, end is 4"),
        written(8, 5, 6, 7, (3, 1), 9, label="5 sentences, start is 3, end is 1"),
        written(5, 2, 3, 5, (1, 2), 1, label="one word at most", edge=True),
    ]


def greedy_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 8))
    marks = draw_marks(rng, v)
    b, d, n = draw_sizes(rng, 5, 5, 5)
    return written(rng, b, d, v, marks, n, label="random")


def greedy_oracle(step: Any, state: Tensor, start: int, end: int, max_len: int) -> Tensor:
    """One sentence at a time."""
    rows = []
    for first in state:
        word, now, row = start, first[None], []
        while len(row) < max_len and end not in row:
            logits, now = step(torch.tensor([word]), now)
            word = int(np.argmax(logits[0].numpy()))
            row.append(word)
        rows.append(row + [end] * (max_len - len(row)))
    return torch.tensor(rows)


EXERCISE = Exercise(
    name="greedy_decode",
    title="Greedy decoding",
    minutes=8,
    difficulty=2,
    proves="your sentences are those of a loop that writes one sentence at a time",
    passed="Writes what a loop over single sentences writes, each to its own end.",
    cases=greedy_cases,
    sample=greedy_sample,
    oracle=greedy_oracle,
    properties=(Property(id="nothing_after_the_end", holds=nothing_after_the_end(at=3)),),
    device="rule",
    kinds=(
        "batch_of_one",
        "early_end",
        "zero",
    ),
    reference=f"{TRANSLATOR}.greedy_decode",
    hints=(
        "A loop of max_len steps carries three things: the words written last, the state, and which "
        "sentences have ended.",
        "word = start for each sentence, ended = False for each\nrepeat max_len times:\n"
        "    logits, state = step(word, state)\n    word = the likeliest, but end where ended\n"
        "    ended becomes True where word is end\n    keep word\nstack the words side by side",
        "torch.full((len(state),), start) is the first word.\n"
        "    word = logits.argmax(dim=-1).masked_fill(ended, end)\n"
        "    ended = ended | (word == end)\ntorch.stack(words, dim=1) at the end.",
    ),
    wrong_answers=MISTAKES,
)
