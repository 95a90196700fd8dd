"""Mistakes in “Temperature, in torch”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _naive(scores: Tensor, temperature: float = 1.0) -> Tensor:
    powers = torch.exp(scores / temperature)
    return powers / powers.sum(-1, keepdim=True)


MISTAKES = (
    WrongAnswer(
        id="multiplied",
        code=lambda scores, temperature=1.0: (scores * temperature).softmax(-1),
        says="You multiply the scores by the temperature; they are divided by it.",
        why="Hot means even: a high temperature brings the scores closer together, which only "
        "division does.",
    ),
    WrongAnswer(
        id="after_softmax",
        code=lambda scores, temperature=1.0: scores.softmax(-1) / temperature,
        says="You divide the weights by the temperature, after the softmax.",
        why="All weights then shrink alike and no longer sum to 1. The temperature acts on the "
        "scores.",
    ),
    WrongAnswer(
        id="ignored",
        code=lambda scores, temperature=1.0: scores.softmax(-1),
        says="The temperature has no effect on your weights.",
        why="Your weights are right at temperature 1 alone. (Subtracting it leaves no trace "
        "either: the same "
        "number taken from every score changes no weight.)",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda scores, temperature=1.0: (scores / temperature).softmax(0),
        says="Your softmax runs along dim 0.",
        why="With a single row that is the last one too; with a batch it compares scores of "
        "different rows. Use dim=-1.",
    ),
    WrongAnswer(
        id="power_not_normalised",
        code=lambda scores, temperature=1.0: scores.softmax(-1) ** (1 / temperature),
        says="You raise the weights to the power 1/temperature and stop there.",
        why="The idea is sound, but the result no longer sums to 1. Divide the scores before the "
        "softmax, or "
        "normalise again.",
    ),
    WrongAnswer(
        id="twice",
        code=lambda scores, temperature=1.0: (scores.softmax(-1) / temperature).softmax(-1),
        says="You apply softmax twice.",
        why="The second one receives numbers between 0 and 1 and flattens them: differences of 10 "
        "have become "
        "differences below 1.",
    ),
    WrongAnswer(
        id="no_max",
        code=_naive,
        says="Your exponentials overflow: scores up to 60 at temperature 0.05 are exponents up to "
        "1200.",
        why="Subtract each row's largest value after the division and before exp, as in exercise "
        "2.6, or call "
        "torch.softmax, which does.",
    ),
    WrongAnswer(
        id="not_normalised",
        code=lambda scores, temperature=1.0: torch.exp(
            (scores - scores.amax(-1, keepdim=True)) / temperature
        ),
        says="Your exponentials are not divided by their sum.",
        why="Weights share out a total of 1 within each row.",
    ),
)
