"""“Learned positions”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_08_order.common import POSITIONS, B, H
from course_lib.lessons.lesson_08_order.mistakes.learned_positions import MISTAKES


def learned_cases() -> list[Case]:
    by_hand = Case(
        label="a table of three rows, two tokens of width 2",
        init={"max_len": 3, "d_model": 2},
        state={"table": torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])},
        args=(torch.tensor([[1.0, 1], [2, 2]]),),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)} of {n} tokens, {rows} rows, width {d}",
            init={"max_len": rows, "d_model": d},
            state={"table": noise(seed, rows, d)},
            args=(noise(seed + 10, *lead, n, d),),
            gradients=True,
        )
        for lead, n, rows, d, seed in (
            ((), 5, 9, 4, 0),
            ((2,), 5, 8, 7, 1),
            ((3,), 4, 11, 6, 2),
            ((2, 3), 5, 6, 4, 3),
        )
    ]
    full = Case(
        label="as many tokens as rows",
        init={"max_len": 4, "d_model": 3},
        state={"table": noise(4, 4, 3)},
        args=(noise(5, 2, 4, 3),),
        gradients=True,
        edge=True,
    )
    alone = Case(
        label="a batch of one, one token",
        init={"max_len": 3, "d_model": 2},
        state={"table": torch.tensor([[1.0, 1], [5, 5], [9, 9]])},
        args=(torch.tensor([[[2.0, 3]]]),),
        edge=True,
    )
    return [by_hand, *drawn, full, alone]


def learned_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    rows, d = draw_sizes(rng, 8, 8)
    n = pick(rng, range(1, rows + 1))
    return Case(
        label="random",
        init={"max_len": rows, "d_model": d},
        state={"table": noise(rng, rows, d)},
        args=(noise(rng, *lead, n, d),),
    )


def learned_oracle(state: dict[str, Tensor], x: Tensor, max_len: int, d_model: int) -> Tensor:
    """An embedding looked up by position."""
    at = torch.arange(x.shape[-2], device=x.device)
    return x + F.embedding(at, state["table"])


EXERCISE = Exercise(
    name="LearnedPositions",
    title="Learned positions",
    minutes=5,
    difficulty=1,
    proves="token t gets row t of a table that learns, with any number of leading axes",
    passed="Agrees with torch's embedding lookup, gradients of the table too, with and without a batch.",
    cases=learned_cases,
    sample=learned_sample,
    oracle=learned_oracle,
    protocol=ModuleProtocol(),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "repeats",
    ),
    reference=f"{POSITIONS}.LearnedPositions",
    hints=(
        "How many rows of the table does x need? They are the first ones, and adding broadcasts over the batch.",
        "in forward:\n    n = number of tokens, the size of x's axis -2\n    return x plus the first n rows of self.table",
        "x.shape[-2] is the number of tokens, self.table[:n] are the first n rows.\n    return x + self.table[...]",
    ),
    wrong_answers=MISTAKES,
)
