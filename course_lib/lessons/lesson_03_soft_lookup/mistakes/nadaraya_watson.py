"""Mistakes in “Regression by soft lookup”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import Bandwidth, kernel_of, squares


def _naive(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = kernel_of(q, k, h)
    return kernel / kernel.sum(-1, keepdim=True) @ v


def _padded(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = kernel_of(q, k, h)
    return kernel / (kernel.sum(-1, keepdim=True) + 1e-9) @ v


def _nearest(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    nearest = squares(q, k).argmin(-1, keepdim=True)
    return torch.zeros_like(squares(q, k)).scatter(-1, nearest, 1.0) @ v


def _plain_mean(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    return v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1])


MISTAKES = (
    WrongAnswer(
        id="not_normalised",
        code=lambda q, k, v, h: kernel_of(q, k, h) @ v,
        says="Your kernel weights are not divided by their sum.",
        why="Where keys lie dense the answers would be large, between keys they would sink to 0.",
    ),
    WrongAnswer(
        id="over_queries",
        code=lambda q, k, v, h: (-squares(q, k) / (2 * h**2)).softmax(-2) @ v,
        says="Your weights are normalised over the queries, not over the keys.",
        why="An answer would then depend on which other queries were asked along with it.",
    ),
    WrongAnswer(
        id="distance_not_squared",
        code=lambda q, k, v, h: (-squares(q, k).sqrt() / (2 * h**2)).softmax(-1) @ v,
        says="Your scores use the distance, not its square.",
        why="That is another kernel, with heavier tails. gaussian_scores of 3.3 has the square.",
    ),
    WrongAnswer(
        id="bandwidth_in_numerator",
        code=lambda q, k, v, h: (-squares(q, k) / 2 * h**2).softmax(-1) @ v,
        says="Your bandwidth multiplies where it should divide.",
        why="A wider bandwidth must let more keys speak; here it leaves the nearest alone.",
    ),
    WrongAnswer(
        id="far_weigh_most",
        code=lambda q, k, v, h: (squares(q, k) / (2 * h**2)).softmax(-1) @ v,
        says="The sign is turned round: the farthest keys weigh most.",
        why="A score is −distance²/2h²: the nearer, the higher.",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, v, h: (-squares(q, k) / h**2).softmax(-1) @ v,
        says="The factor 2 in the denominator of the scores is missing.",
        why="Your bandwidth is narrower than the one asked for, by √2.",
    ),
    WrongAnswer(
        id="values_averaged",
        code=_plain_mean,
        says="Every query gets the plain mean of all values: the weights are not used.",
        why="The mean over the keys comes after weighting. Averaged first, nothing is left to weigh.",
    ),
    WrongAnswer(
        id="nearest_value",
        code=_nearest,
        says="You answer with the value of the nearest key alone.",
        why="That is what a bandwidth near 0 gives. A soft lookup lets every key speak, near ones louder.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=lambda q, k, v, h: (-squares(q, k) / (2 * h**2)).softmax(-1) @ k,
        says="You mix the keys, not the values.",
        why="A key says where a value was measured; the answer is made of what was measured.",
    ),
    WrongAnswer(
        id="queries_and_keys_swapped",
        code=lambda q, k, v, h: (-squares(k, q) / (2 * h**2)).softmax(-1) @ v,
        says="Queries and keys have changed places.",
        why="gaussian_scores takes queries first: a row for each query, a column for each key, so that the "
        "columns meet the values.",
    ),
    WrongAnswer(
        id="softmax_of_kernel",
        code=lambda q, k, v, h: kernel_of(q, k, h).softmax(-1) @ v,
        says="You hand the kernel to the softmax: the exponential is taken twice.",
        why="The kernel lies between 0 and 1, so its exponentials lie between 1 and 2.72, and far keys keep "
        "more than a third of a near key's weight. The softmax wants the log-kernel, the scores.",
    ),
    WrongAnswer(
        id="underflows",
        code=_naive,
        says="Near the keys you are right; far away every exp(score) underflows to 0, and 0/0 is NaN.",
        why="A softmax subtracts the largest score before the exponential, so the nearest key always keeps "
        "a weight. Use weighted_mean of 3.2 on the scores.",
    ),
    WrongAnswer(
        id="epsilon_in_denominator",
        code=_padded,
        says="A small number in your denominator hides 0/0: far from all keys your answer sinks to 0.",
        why="0 is not among the values. A softmax subtracts the largest score first and needs no such number.",
    ),
)
