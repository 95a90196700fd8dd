"""Mistakes in “Every value, weighted”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _one_maximum(scores: Tensor, values: Tensor) -> Tensor:
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True) @ values


MISTAKES = (
    WrongAnswer(
        id="not_normalised",
        code=lambda s, v: s.exp() @ v,
        says="Your weights are exp(score) and are never divided by their sum.",
        why="They do not sum to 1, so the answer grows with the number of keys and is no mean.",
    ),
    WrongAnswer(
        id="scores_as_weights",
        code=lambda s, v: s @ v,
        says="Your weights are the scores themselves.",
        why="Scores may be negative and sum to anything. A softmax makes them positive with a sum of 1.",
    ),
    WrongAnswer(
        id="scores_over_their_sum",
        code=lambda s, v: s / s.sum(-1, keepdim=True) @ v,
        says="You divide the scores by their sum, without the exponential.",
        why="The weights do sum to 1, but a negative score gives a negative weight, and a sum near 0 "
        "blows everything up.",
    ),
    WrongAnswer(
        id="over_queries",
        code=lambda s, v: s.softmax(-2) @ v,
        says="Your softmax runs over the queries (axis -2), not over the keys.",
        why="Each query spreads a total of 1 over the keys. Along axis -2 it is each key that spreads "
        "itself over the queries.",
    ),
    WrongAnswer(
        id="over_first_axis",
        code=lambda s, v: s.softmax(0) @ v,
        says="Your softmax runs along axis 0.",
        why="With a batch in front, axis 0 is the batch. Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="over_axis_1",
        code=lambda s, v: s.softmax(1) @ v,
        says="Your softmax runs along axis 1, which holds the keys only where nothing stands in front.",
        why="With a batch in front, axis 1 holds the queries. Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="divided_by_count",
        code=lambda s, v: s.exp() @ v / s.shape[-1],
        says="You divide by the number of keys, not by the sum of the weights.",
        why="That is a mean of weight × value. The weights sum to 1 only when divided by their own sum.",
    ),
    WrongAnswer(
        id="values_averaged",
        code=lambda s, v: v.mean(-2, keepdim=True).expand(*s.shape[:-1], v.shape[-1]),
        says="Your answer is the plain mean of the values, the same for every query.",
        why="The scores are not used. Each query mixes the values in its own proportions.",
    ),
    WrongAnswer(
        id="winner_takes_all",
        code=lambda s, v: torch.zeros_like(s).scatter(-1, s.argmax(-1, keepdim=True), 1.0) @ v,
        says="You answer with the value of the highest score alone.",
        why="That is a hard lookup: it jumps from one value to the next and has no useful gradient.",
    ),
    WrongAnswer(
        id="overflows",
        code=lambda s, v: s.exp() / s.exp().sum(-1, keepdim=True) @ v,
        says="Your formula is right on paper, but exp(1000) is infinite and ∞/∞ is NaN.",
        why="Subtract each row's maximum before the exponential: the weights stay as they are. "
        "scores.softmax(-1) does it for you.",
    ),
    WrongAnswer(
        id="one_maximum_for_all",
        code=_one_maximum,
        says="You subtract one maximum for all queries; a row far below it underflows to 0/0.",
        why="Each row has its own maximum: scores.max(-1, keepdim=True).values, or scores.softmax(-1).",
    ),
)
