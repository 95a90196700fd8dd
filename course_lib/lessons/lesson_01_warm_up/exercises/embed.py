"""“Ids to vectors”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_01_warm_up.common import B, D, H, S, T
from course_lib.lessons.lesson_01_warm_up.mistakes.embed import MISTAKES


def embed_cases() -> list[Case]:
    table = torch.tensor([[1.0, 10, 100], [2, 20, 200], [3, 30, 300], [4, 40, 400]])
    by_hand = Case(label="three ids, four rows of width 3", args=(torch.tensor([2, 0, 2]), table))
    drawn = [
        Case(
            label=f"ids of shape {shape}, {rows} rows of width {D}, seed {seed}",
            args=(draw_ids(seed, rows, *shape), noise(seed + 10, rows, D)),
            gradients=True,
        )
        for shape, rows, seed in (((T,), S, 0), ((B, T), S, 1), ((B, H, T), 9, 2))
    ]
    one = Case(label="a single id", args=(torch.tensor(3), noise(4, S, D)), edge=True)
    single = Case(
        label="a batch of one text of one word",
        args=(torch.tensor([[2]]), noise(5, 4, 3)),
        edge=True,
    )
    return [by_hand, *drawn, one, single]


def embed_sample(rng: np.random.Generator) -> Case:
    shape = pick(rng, [(), (T,), (B, T)])
    rows = pick(rng, range(1, 9))
    args = draw_ids(rng, rows, *shape), noise(rng, rows, pick(rng, range(1, 9)))
    return Case(label="random", args=args, edge=not shape)


EXERCISE = Exercise(
    name="embed",
    title="Ids to vectors",
    minutes=4,
    difficulty=1,
    proves="each id fetches its row, and a gradient flows back into the rows that were used",
    passed="Agrees with one-hot vectors times the table, gradients too, for ids of any shape.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=lambda ids, table: F.one_hot(ids, len(table)).to(table.dtype) @ table,
    kinds=(
        "no_lead",
        "batch_of_one",
        "repeats",
        "whole_numbers",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.embed",
    hints=(
        (
            "A tensor of whole numbers can stand between the brackets of another tensor, and picks along "
            "its first axis. Try it on a table of three rows."
        ),
        "the rows of table, picked by ids along its first axis; ids may have any shape",
        (
            "table[ids] is all of it: shape (*ids.shape, d). (F.one_hot(ids, len(table)) in table's dtype, "
            "times table, is the same the long way.)"
        ),
    ),
    wrong_answers=MISTAKES,
)
