"""Exercises small enough to see through, on which the engine is tried."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property, WrongAnswer
from course_lib.checking.noise import noise
from course_lib.checking.protocol import ModuleProtocol
from course_lib.checking.result import Result

HINTS = ("A nudge.", "Some pseudocode.", "Nearly the solution.")


def double(x: Tensor) -> Tensor:
    return 2 * x


def attend(q: Tensor, k: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)


def spread(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean(-1), x.std(-1)


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def scale_rows(x: np.ndarray) -> np.ndarray:
    return x / x.sum(-1, keepdims=True)


def empty_like(x: Tensor) -> Tensor:
    return torch.zeros_like(x)


class Scale(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


def ends_well(result: Result) -> bool:
    """Tell whether a message ends like a sentence, or with what was expected."""
    return result.message.rstrip().endswith((".", ")", "!")) or "expected" in result.message


def exercise(reference: Any, cases: list[Case], **more: Any) -> Exercise:
    """Return an exercise whose oracle is its reference."""
    module = f"{__name__}.{reference.__name__}"
    settings = {
        "name": reference.__name__,
        "title": reference.__name__.title(),
        "minutes": 1,
        "difficulty": 1,
        "proves": "it is right",
        "passed": "Agrees with the oracle.",
        "cases": lambda: cases,
        "sample": lambda rng: cases[0],
        "oracle": reference,
        "reference": module,
        "hints": HINTS,
    }
    return Exercise(**(settings | more))


def tensor(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


DOUBLE = exercise(
    double,
    [
        Case(label="two numbers", args=(tensor(1, 3),)),
        Case(label="5 rows of 7, seed 0", args=(noise(0, 5, 7),), gradients=True),
        Case(label="5 rows of 7, seed 1", args=(noise(1, 5, 7),), gradients=True),
        Case(label="no numbers", args=(torch.zeros(0, dtype=torch.float64),), edge=True),
    ],
    fresh=True,
    wrong_answers=(
        WrongAnswer(id="squares", code=lambda x: x * x, says="You square.", why="2x is not x²."),
        WrongAnswer(
            id="cut_off",
            code=lambda x: 2 * x.detach(),
            says="You cut the gradient off.",
            why="Nothing could learn through it.",
        ),
    ),
)


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    sums = value.sum(-1)
    if torch.allclose(sums, torch.ones_like(sums)):
        return None
    return f"Each row must sum to 1; your first sums to {sums.flatten()[0].item():.3f}."


def shares(call: Any, case: Case, value: Any) -> str | None:
    if value.shape != case.args[0].shape:
        return f"The shape should be {tuple(case.args[0].shape)}."
    return rows_sum_to_one(call, case, value)


ATTEND = exercise(
    attend,
    [
        Case(label="two queries, three keys", args=(noise(0, 2, 2), noise(1, 3, 2))),
        Case(label="5 queries, 7 keys", args=(noise(2, 5, 11), noise(3, 7, 11)), gradients=True),
    ],
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    forbidden=("scaled_dot_product_attention", "einsum", "sum"),
    wrong_answers=(
        WrongAnswer(
            id="no_scale",
            code=lambda q, k: (q @ k.mT).softmax(-1),
            says="Your scores are not divided by √d.",
            why="They grow with d.",
        ),
        WrongAnswer(
            id="no_softmax",
            code=lambda q, k: q @ k.mT / math.sqrt(q.shape[-1]),
            says="There is no softmax.",
            why="Scores are no weights.",
        ),
        WrongAnswer(
            id="not_transposed",
            code=lambda q, k: (q @ k / math.sqrt(q.shape[-1])).softmax(-1),
            says="k is not transposed.",
            why="Rows meet rows.",
        ),
    ),
)

SPREAD = exercise(
    spread,
    [
        Case(label="three rows", args=(noise(0, 3, 5),)),
        Case(label="7 rows", args=(noise(1, 7, 5),)),
    ],
    parts=("centre", "width"),
    wrong_answers=(
        WrongAnswer(
            id="biased",
            code=lambda x: (x.mean(-1), x.std(-1, correction=0)),
            says="You divide by n.",
            why="n − 1 is unbiased.",
        ),
    ),
)

MEAN = exercise(
    mean,
    [Case(label="1, 2, 4", args=([1.0, 2.0, 4.0],)), Case(label="one number", args=([3.0],))],
    wrong_answers=(
        WrongAnswer(
            id="total", code=lambda xs: float(sum(xs)), says="That is the total.", why="Divide it."
        ),
    ),
)

ROWS = exercise(scale_rows, [Case(label="three rows", args=(np.arange(1.0, 7).reshape(3, 2),))])

#: No oracle: properties decide.
SHARES = exercise(
    empty_like,
    [Case(label="two rows", args=(torch.ones(2, 3),))],
    oracle=None,
    properties=(Property(id="shares", holds=shares),),
)

SCALE = exercise(
    Scale,
    [
        Case(
            label="three columns",
            args=(noise(0, 2, 3),),
            init={"n": 3},
            state={"weight": noise(1, 3)},
            gradients=True,
        )
    ],
    oracle=lambda state, x, n: x * state["weight"],
    protocol=ModuleProtocol(),
)
