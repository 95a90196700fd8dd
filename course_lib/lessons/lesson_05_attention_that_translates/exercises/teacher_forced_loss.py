"""“Teacher forcing”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_marks, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_05_attention_that_translates.common import SIZES, TRANSLATOR
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.teacher_forced_loss import (
    MISTAKES,
)


def a_decoder(rng: np.random.Generator, n_in: int, n_out: int) -> Callable[[Tensor], Tensor]:
    """Return a causal `decode`: place t knows the mean of words 0 … t, in noise."""
    table, bias = noise(rng, n_in, n_out, scale=2.0), noise(rng, 20, n_out)

    def decode(words: Tensor) -> Tensor:
        n = words.shape[1]
        return (
            table[words].cumsum(1) / torch.arange(1, n + 1, device=words.device)[:, None] + bias[:n]
        )

    return decode


def forced(rng: Any, lengths: list[int], n: int, v: int, marks: Any, **more: Any) -> Case:
    start, pad = marks
    rng = rng_of(rng)
    words = [word for word in range(v) if word not in (start, pad)]
    targets = torch.full((len(lengths), n), pad)
    for row, length in enumerate(lengths):
        targets[row, :length] = torch.tensor([pick(rng, words) for _ in range(length)])
    return Case(args=(a_decoder(rng, v, v), targets, start, pad), **more)


def forced_cases() -> list[Case]:
    return [
        forced(0, [2, 1], 2, 5, (1, 0), label="a sentence of two words and one of one"),
        forced(1, [6, 3, 2], 6, 8, (1, 0), label="lengths 6, 3 and 2, seed 1"),
        forced(2, [4, 1], 5, 7, (0, 4), label="lengths 4 and 1, start is 0, padding is 4, seed 2"),
        forced(3, [3, 3], 3, 6, (5, 2), label="no padding, start is 5, seed 3"),
        forced(4, [1], 1, 5, (1, 0), label="one sentence of one word", edge=True),
    ]


def forced_sample(rng: np.random.Generator) -> Case:
    n, v = pick(rng, SIZES), pick(rng, range(4, 9))
    lengths = [*draw_sizes(rng, *[n] * pick(rng, range(1, 4)))]
    marks = draw_marks(rng, v)
    return forced(rng, lengths, n, v, marks, label="random")


def forced_oracle(decode: Any, targets: Tensor, start: int, pad: int) -> Tensor:
    """Word after word: read what stands before it, and ask for its probability."""
    losses = []
    for row in targets.tolist():
        for t, word in enumerate(row):
            if word != pad:
                logits = decode(torch.tensor([[start, *row[:t]]]))[0, -1]
                losses.append(torch.logsumexp(logits, 0) - logits[word])
    return torch.stack(losses).mean()


def copying_fails(call: Any, case: Case, value: Any) -> str | None:
    """A decoder that repeats the word it has read is told no answers."""
    _, _, start, pad = case.args
    words = [word for word in range(6) if word not in (start, pad)][:3]
    targets = torch.tensor([words])

    def copy(inputs: Tensor) -> Tensor:
        return 9.0 * torch.nn.functional.one_hot(inputs, 20).double()

    loss = float(call(copy, targets, start, pad))
    if loss > 1:
        return None
    return (
        "A decoder that only repeats the word it was fed must do badly. With yours it reaches a "
        f"loss of {loss:.3f}: it was fed the very words that it is asked to predict."
    )


def padding_costs_nothing(call: Any, case: Case, value: Any) -> str | None:
    """One more column of padding leaves the loss as it is."""
    decode, targets, start, pad = case.args
    wider = torch.cat([targets, torch.full_like(targets[:, :1], pad)], 1)
    loss = float(call(decode, wider, start, pad))
    if abs(loss - float(value)) < 1e-9:
        return None
    return (
        "One more column of padding must not change the loss. On the case "
        f"“{case.label}” yours goes from {float(value):.3f} to {loss:.3f}."
    )


EXERCISE = Exercise(
    name="teacher_forced_loss",
    title="Teacher forcing",
    minutes=7,
    difficulty=2,
    proves="each word is predicted from the true words before it, and padding costs nothing",
    passed="Agrees with a loop that asks for one word at a time; padding costs nothing.",
    cases=forced_cases,
    sample=forced_sample,
    oracle=forced_oracle,
    properties=(
        Property(id="copying_fails", holds=copying_fails),
        Property(id="padding_costs_nothing", holds=padding_costs_nothing),
    ),
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
        "zero",
    ),
    reference=f"{TRANSLATOR}.teacher_forced_loss",
    hints=(
        "Write the words that the decoder may read under the words it should predict. Which word "
        "falls off at the end, and what comes in at the front?",
        "inputs = a column of start, then targets without their last column\n"
        "logits = decode(inputs)\nloss = cross-entropy of every place, padding ignored, mean",
        "torch.full_like(targets[:, :1], start) is the column. F.cross_entropy takes (N, V) and "
        "(N,):\n    F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=...)",
    ),
    wrong_answers=MISTAKES,
)
