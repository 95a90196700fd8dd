"""Mistakes in “Weights, then the weighted mean”: the code that makes each, its name, and why it is wrong."""

import math

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _plain(
    q: Tensor, k: Tensor, v: Tensor, axis: int = -1, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)).softmax(axis)
    return weights @ v, weights


MISTAKES = (
    WrongAnswer(
        id="softmax_over_queries",
        code=lambda q, k, v: _plain(q, k, v, axis=-2),
        says="Your softmax runs over the queries (axis -2), so it is the keys that share out a total of 1.",
        why="A query asks “which keys?” and spreads a total of 1 over them: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="softmax_over_batch",
        code=lambda q, k, v: _plain(q, k, v, axis=0),
        says="Your softmax runs along axis 0.",
        why="Axis 0 is the batch as soon as there is one: sentences would share out attention between them. "
        "Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v: _plain(q, k, v, scale=1.0),
        says="Your scores are not divided by √d.",
        why="Without it the softmax sharpens as d grows. scaled_scores from 4.1 does it for you.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v: _plain(q, k, v, scale=1 / q.shape[-1]),
        says="Your scores are divided by d, not by √d.",
        why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=lambda q, k, v: (_plain(q, k, k)[0], _plain(q, k, v)[1]),
        says="Your output mixes the keys, not the values.",
        why="A key says where to look, a value says what is found there. The output is as wide as the values.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda q, k, v: (lambda s: (s @ v, s))(q @ k.mT / math.sqrt(q.shape[-1])),
        says="Your weights are the scores themselves: there is no softmax.",
        why="Scores may be negative and need not sum to 1, so the output would not be a mean of the values.",
    ),
    WrongAnswer(
        id="swapped_results",
        code=lambda q, k, v: _plain(q, k, v)[::-1],
        says="You return the weights first and the output second.",
        why="The signature asks for (out, weights).",
    ),
    WrongAnswer(
        id="values_averaged",
        code=lambda q, k, v: (
            v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1]),
            _plain(q, k, v)[1],
        ),
        says="Your output is the plain mean of the values: the weights are not used.",
        why="Each query mixes the values in its own proportions: weights @ v.",
    ),
)
