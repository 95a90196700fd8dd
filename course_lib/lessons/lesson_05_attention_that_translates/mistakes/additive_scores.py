"""Mistakes in “Additive scores”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _sum(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor) -> Tensor:
    return (q @ w_q)[..., :, None, :] + (k @ w_k)[..., None, :, :]


MISTAKES = (
    WrongAnswer(
        id="no_tanh",
        code=lambda q, k, w_q, w_k, v: _sum(q, k, w_q, w_k) @ v,
        says="The tanh is missing.",
        why="Without it the score is q's part plus k's part. A softmax over the keys cancels q's part, so every query "
        "would attend to the same keys.",
    ),
    WrongAnswer(
        id="tanh_outside",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k) @ v),
        says="Your tanh comes after the product with v.",
        why="It squeezes the score itself into (−1, 1), so no weight can be more than e² times another.",
    ),
    WrongAnswer(
        id="tanh_apart",
        code=lambda q, k, w_q, w_k, v: (
            (torch.tanh(q @ w_q)[..., :, None, :] + torch.tanh(k @ w_k)[..., None, :, :]) @ v
        ),
        says="You took the tanh of query and key apart, and added afterwards.",
        why="The two must meet before the tanh; added after it, the query's part is the same for every key and the "
        "softmax cancels it.",
    ),
    WrongAnswer(
        id="relu",
        code=lambda q, k, w_q, w_k, v: torch.relu(_sum(q, k, w_q, w_k)) @ v,
        says="You used a ReLU; the formula has a tanh.",
        why="It would learn as well, but with the same weights it gives other scores than the paper's.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=lambda q, k, w_q, w_k, v: torch.sigmoid(_sum(q, k, w_q, w_k)) @ v,
        says="You used a sigmoid; the formula has a tanh.",
        why="σ(x) is (1 + tanh(x/2)) / 2, another function: with the same weights the scores come out otherwise.",
    ),
    WrongAnswer(
        id="product",
        code=lambda q, k, w_q, w_k, v: (
            torch.tanh((q @ w_q)[..., :, None, :] * (k @ w_k)[..., None, :, :]) @ v
        ),
        says="You multiplied query and key; they are added here.",
        why="That is what gives additive attention its name. Products come with Luong, in 5.8.",
    ),
    WrongAnswer(
        id="no_v",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k)).sum(-1),
        says="You summed over the hidden units with equal weights; v is not used.",
        why="v says which hidden units speak for attending, and which against.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda q, k, w_q, w_k, v: (torch.tanh(_sum(q, k, w_q, w_k)) @ v).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="Padding has to be hidden before the softmax, so the scores are asked for.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k)) @ v / q.shape[-1] ** 0.5,
        says="You divided by √d; additive scores are not scaled.",
        why="tanh keeps every hidden unit within (−1, 1), whatever the width of query and key.",
    ),
)
