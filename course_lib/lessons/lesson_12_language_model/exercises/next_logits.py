"""“Crop the context”: its cases, its oracle, its hints."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_12_language_model.mistakes.next_logits import MISTAKES


class Reader:
    """A stand-in for a model: every place says something about all tokens up to it, and its own place.

    Args:
        vocab_size: V.
        max_len: it refuses more tokens.
    """

    def __init__(self, vocab_size: int, max_len: int) -> None:
        self.table = noise(vocab_size, vocab_size, vocab_size)
        self.max_len = max_len

    def __call__(self, tokens: Tensor) -> Tensor:
        n = tokens.shape[1]
        if n > self.max_len:
            raise ValueError(f"{n} tokens were given; this model reads {self.max_len} at most")
        fading = 0.7 ** (torch.arange(n)[:, None] - torch.arange(n)).clamp(min=0)
        return (fading.tril() * (1 + torch.arange(n))).double() @ self.table[tokens]


def next_case(label: str, v: int, max_len: int, tokens: Tensor, edge: bool = False) -> Case:
    return Case(label=label, args=(Reader(v, max_len), tokens, max_len), edge=edge)


def next_cases() -> list[Case]:
    def text(seed: int, b: int, t: int, v: int) -> Tensor:
        return draw_ids(seed, v, b, t)

    return [
        next_case("one text of 4 tokens, a model that reads 3", 5, 3, torch.tensor([[1, 4, 2, 3]])),
        next_case("3 texts of 9 tokens, a model that reads 4", 7, 4, text(0, 3, 9, 7)),
        next_case("2 texts of 11 tokens, a model that reads 5", 6, 5, text(1, 2, 11, 6)),
        next_case("6 texts of 3 tokens, a model that reads 4", 7, 4, text(2, 6, 3, 7)),
        next_case("a text as long as the model reads", 5, 4, text(3, 2, 4, 5), edge=True),
        next_case("one text, one token, a model that reads one", 4, 1, text(5, 1, 1, 4), edge=True),
        next_case("a model that reads a single token", 5, 1, text(6, 2, 3, 5), edge=True),
        next_case("a single token", 5, 4, text(4, 3, 1, 5), edge=True),
    ]


def next_sample(rng: np.random.Generator) -> Case:
    v, max_len, t, b = draw_sizes(rng, 5, 5, 5, 5)
    return next_case("random", v + 1, max_len, draw_ids(rng, v + 1, b, t))


def next_oracle(model: Callable[[Tensor], Tensor], tokens: Tensor, max_len: int) -> Tensor:
    """Text by text, with the first tokens dropped one at a time."""
    rows = []
    for text in tokens.tolist():
        while len(text) > max_len:
            text.pop(0)
        rows.append(model(torch.tensor([text]))[0, len(text) - 1])
    return torch.stack(rows)


EXERCISE = Exercise(
    name="next_logits",
    title="Crop the context",
    minutes=4,
    difficulty=1,
    proves="the latest tokens are kept, and one row of scores comes back for each text",
    passed="Agrees with tokens dropped one at a time, text by text.",
    cases=next_cases,
    sample=next_sample,
    oracle=next_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.next_logits",
    device="any",
    hints=(
        "Two slices: one of what the model is given, one of what it answers. Which end of the text matters for the next token?",
        "keep the latest max_len columns of tokens\ncall the model\nkeep what its last place says",
        "tokens[:, -max_len:] keeps all of a text that is shorter. The last place is [:, -1].",
    ),
    kinds=("batch_of_one", "one_place", "repeats", "whole_numbers"),
    wrong_answers=MISTAKES,
)
