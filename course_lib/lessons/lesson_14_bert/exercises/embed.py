"""“Word, place and segment”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_14_bert.common import embed_args
from course_lib.lessons.lesson_14_bert.mistakes.embed import MISTAKES


def embed_cases() -> list[Case]:
    table = [torch.tensor(one) for one in ([[10.0], [20], [30]], [[1.0], [2], [3]], [[0.1], [0.2]])]
    by_hand = torch.tensor([[2, 0, 2]]), torch.tensor([[0, 0, 1]]), *table
    drawn = [
        Case(
            label=f"{b} texts of {t} tokens, {v} words, width {d}, seed {seed}",
            args=embed_args(seed, b, t, v, d, room),
            gradients=True,
        )
        for b, t, v, d, room, seed in ((3, 4, 7, 5, 2, 0), (2, 6, 5, 3, 0, 1), (4, 5, 9, 8, 6, 2))
    ]
    one = embed_args(5, 1, 1, 3, 2, 4)
    mixed = (*embed_args(6, 2, 5, 6, 4, 1),)
    back = (mixed[0], torch.tensor([[1, 0, 0, 1, 0], [1, 1, 0, 0, 0]]), *mixed[2:])
    return [
        Case(label="three words, the third in segment 1", args=by_hand),
        *drawn,
        Case(label="one text of one token", args=one, edge=True),
        Case(label="segments that begin with 1", args=back, edge=True),
    ]


def embed_sample(rng: np.random.Generator) -> Case:
    b, t, v, d = draw_sizes(rng, 5, 5, 5, 5)
    return Case(label="random", args=embed_args(rng, b, t, v, d, pick(rng, range(3))))


def embed_oracle(
    tokens: Tensor, segments: Tensor, words: Tensor, places: Tensor, kinds: Tensor
) -> Tensor:
    """One-hot rows times each table."""
    at = torch.arange(tokens.shape[1]).expand_as(tokens)
    pairs = ((tokens, words), (at, places), (segments, kinds))
    hot = [F.one_hot(ids, len(table)).to(table.dtype) @ table for ids, table in pairs]
    return torch.stack(hot).sum(0)


EXERCISE = Exercise(
    name="embed",
    title="Word, place and segment",
    minutes=5,
    difficulty=1,
    proves="each token gets the sum of three rows: its word's, its place's, its segment's",
    passed="Agrees with one-hot rows times each table, gradients of all three tables too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    reference="course_lib.lessons.lesson_14_bert.reference.embed",
    hints=(
        "A table indexed with a tensor of ids gives a row for each id. Which ids does each of the three tables want?",
        "rows of words at tokens\nthe first T rows of places, the same for every text\nrows of kinds at segments\ntheir sum",
        "words[tokens] has shape (B, T, d); places[: tokens.shape[1]] has (T, d) and is added to every text of the batch.",
    ),
    kinds=("repeats", "batch_of_one", "one_place", "whole_numbers"),
    wrong_answers=MISTAKES,
)
