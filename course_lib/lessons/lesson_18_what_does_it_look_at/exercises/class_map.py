"""“What the class token gathered”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.class_map import MISTAKES


def class_map_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} image{'s' * bool(lead)}, a grid of {r} × {c}, "
            f"seed {seed}",
            args=(noise(seed, *lead, r * c + 1, r * c + 1), r, c),
            gradients=True,
        )
        for lead, r, c, seed in (((4,), 2, 3, 0), ((2,), 3, 4, 1), ((), 3, 2, 2))
    ]
    return [
        Case(
            label="a grid of 1 × 2 patches",
            args=(double([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.7, 0.1, 0.2]]), 1, 2),
        ),
        *drawn,
        Case(label="a batch of one", args=(noise(6, 1, 5, 5), 2, 2), edge=True),
        Case(label="a column of patches", args=(noise(7, 2, 4, 4), 3, 1), edge=True),
        Case(label="one patch", args=(noise(5, 3, 2, 2), 1, 1), edge=True),
    ]


def class_map_sample(rng: np.random.Generator) -> Case:
    r, c, b = draw_sizes(rng, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, r * c + 1, r * c + 1), r, c))


def class_map_oracle(matrix: Tensor, rows: int, columns: int) -> Tensor:
    lines = [
        torch.stack([matrix[..., 0, 1 + row * columns + column] for column in range(columns)], -1)
        for row in range(rows)
    ]
    return torch.stack(lines, -2)


EXERCISE = Exercise(
    name="class_map",
    title="What the class token gathered",
    minutes=4,
    difficulty=1,
    proves="the class token's row, not its column, lies as the patches do",
    passed="Every patch's share stands where the patch does, on square and oblong grids.",
    cases=class_map_cases,
    sample=class_map_sample,
    oracle=class_map_oracle,
    reference="course_lib.attention.rollout.class_map",
    hints=(
        "Rows ask, columns are asked. Which row belongs to the token that the answer is read from, and which of its "
        "entries is no patch?",
        "row 0 of every matrix, without entry 0\ncut into rows of `columns` numbers each",
        "matrix[..., 0, 1:] is the row; .unflatten(-1, (rows, columns)) lays it out.",
    ),
    kinds=("no_lead", "batch_of_one"),
    never={"one_place": "Besides the class token there is a patch at least."},
    wrong_answers=MISTAKES,
)
