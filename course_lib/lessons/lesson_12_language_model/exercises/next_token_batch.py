"""“Next-token batches”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator
from course_lib.lessons.lesson_12_language_model.mistakes.next_token_batch import MISTAKES


def batch_cases() -> list[Case]:
    def drawn(n: int, b: int, t: int, seed: int) -> Case:
        rng = generator(seed)
        tokens = draw_ids(rng, 50, n)
        starts = draw_ids(rng, n - t, b)
        return Case(
            label=f"a text of {n} tokens, {b} windows of {t}, seed {seed}", args=(tokens, starts, t)
        )

    text = torch.tensor([7, 3, 9, 3, 5])
    end = torch.tensor([2, 0])
    return [
        Case(label="a text of five, windows of two from 0 and 2", args=(text, end.flip(0), 2)),
        drawn(30, 3, 5, 0),
        drawn(41, 7, 4, 1),
        Case(label="a window that ends with the text", args=(text, end, 2), edge=True),
        Case(label="a single window", args=(text, torch.tensor([1]), 3), edge=True),
        Case(label="windows of one token", args=(text, torch.tensor([1, 3, 0]), 1), edge=True),
    ]


def batch_sample(rng: np.random.Generator) -> Case:
    t, b, extra = draw_sizes(rng, 5, 5, 5)
    tokens = draw_ids(rng, 9, t + extra)
    return Case(label="random", args=(tokens, draw_ids(rng, extra, b), t))


def batch_oracle(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Slice by slice."""
    inputs = torch.stack([tokens[s : s + length] for s in starts.tolist()])
    targets = torch.stack([tokens[s + 1 : s + length + 1] for s in starts.tolist()])
    return inputs, targets


EXERCISE = Exercise(
    name="next_token_batch",
    title="Next-token batches",
    minutes=5,
    difficulty=1,
    proves="each place is asked for the token that follows it in the text, the last place too",
    passed="Agrees with slices of the text, window by window.",
    cases=batch_cases,
    sample=batch_sample,
    oracle=batch_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.next_token_batch",
    parts=("inputs", "targets"),
    device="any",
    hints=(
        "The target of the last place stands behind the window. How many tokens of the text does one row of the batch need in all?",
        "places: each start plus 0 … T, as a matrix (B, T + 1)\nwindow = the tokens there\ninputs: all but the last column; targets: "
        "all but the first",
        "tokens[starts[:, None] + torch.arange(length + 1)] gives (B, T + 1); then [:, :-1] and [:, 1:].",
    ),
    kinds=("batch_of_one", "repeats", "whole_numbers"),
    never={"one_place": "A token and the one that follows it make two places at least."},
    wrong_answers=MISTAKES,
)
