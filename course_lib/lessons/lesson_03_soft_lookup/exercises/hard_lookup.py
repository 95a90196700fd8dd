"""“A dictionary as a matrix product”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_03_soft_lookup.common import DV, MECHANISM, S
from course_lib.lessons.lesson_03_soft_lookup.mistakes.hard_lookup import MISTAKES


def hard_cases() -> list[Case]:
    years, spots = torch.tensor([1956, 1957, 1958]), double([[141.7], [190.2], [184.8]])
    shuffled = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    return [
        Case(label="three years, two queries", args=(torch.tensor([1957, 1956]), years, spots)),
        Case(label="a year that is not there", args=(torch.tensor([1958, 1999]), years, spots)),
        Case(
            label="5 queries, keys 0 to 6 in another order, width 4",
            args=(torch.tensor([2, 5, 5, 0, 6]), shuffled, noise(0, S, DV)),
        ),
        Case(
            label="as many queries as keys",
            args=(torch.tensor([4, 9, 2]), torch.tensor([2, 7, 4]), noise(1, 3, 2)),
        ),
        Case(
            label="no key fits",
            args=(torch.tensor([8, 9]), torch.tensor([2, 7, 4]), noise(2, 3, 2)),
            edge=True,
        ),
        Case(
            label="a single key, asked for twice",
            args=(torch.tensor([7, 7]), torch.tensor([7]), double([[2, -3]])),
            edge=True,
        ),
    ]


def hard_sample(rng: np.random.Generator) -> Case:
    t, s, width = draw_sizes(rng, 6, 6, 6)
    keys = torch.from_numpy(rng.permutation(9)[:s])
    queries = draw_ids(rng, 9, t)
    return Case(label="random", args=(queries, keys, noise(rng, s, width)))


def hard_oracle(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Python's dictionary."""
    table = dict(zip(keys.tolist(), values, strict=True))
    nothing = torch.zeros_like(values[0])
    return torch.stack([table.get(query, nothing) for query in queries.tolist()])


EXERCISE = Exercise(
    name="hard_lookup",
    title="A dictionary as a matrix product",
    minutes=4,
    difficulty=1,
    proves="your product answers like a dictionary, and with zeros where no key fits",
    passed="Agrees with Python's dict, for keys in any order and for queries that are not there.",
    cases=hard_cases,
    sample=hard_sample,
    oracle=hard_oracle,
    reference=f"{MECHANISM}.hard_lookup",
    kinds=("one_place", "repeats", "whole_numbers"),
    hints=(
        "Which entries of a (queries, keys) table should be 1 and which 0? A comparison with == fills the "
        "whole table when queries stand in a column.",
        "weights = (queries as a column) == keys\nweights to the dtype of values\nweights times values",
        "queries[:, None] == keys is a (T, S) table of True and False. .to(values.dtype) makes numbers of "
        "it.\n    return (queries[:, None] == keys).to(...) @ ...",
    ),
    wrong_answers=MISTAKES,
)
