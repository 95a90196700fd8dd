"""Mistakes in “An induction score”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _score(weights: Tensor, period: int, back: int, first: int | None = None) -> Tensor:
    t = torch.arange(period if first is None else first, weights.shape[-1])
    return weights[..., t, (t - back).clamp(min=0)].mean(-1)


def _over_all(weights: Tensor, period: int) -> Tensor:
    t = torch.arange(period, weights.shape[-1])
    return weights[..., t, t - period + 1].sum(-1) / weights.shape[-1]


def _total(weights: Tensor, period: int) -> Tensor:
    t = torch.arange(period, weights.shape[-1])
    return weights[..., t, t - period + 1].sum(-1)


def _largest(weights: Tensor, period: int) -> Tensor:
    t = torch.arange(period, weights.shape[-1])
    return weights[..., t, t - period + 1].amax(-1)


def _block_mean(weights: Tensor, period: int) -> Tensor:
    t = torch.arange(period, weights.shape[-1])
    return weights[..., t, :][..., t - period + 1].mean((-1, -2))


MISTAKES = (
    WrongAnswer(
        id="same_token",
        code=lambda weights, period: _score(weights, period, period),
        says="You look at the former occurrence itself, not at the token after it.",
        why="A head that finds the same token again has found nothing to say. What came after it then is what may come now.",
    ),
    WrongAnswer(
        id="previous_token",
        code=lambda weights, period: _score(weights, period, 1),
        says="You look at the token one before the query.",
        why="Heads that do so exist, and induction is built on them; the score asks for key t − period + 1.",
    ),
    WrongAnswer(
        id="two_after",
        code=lambda weights, period: _score(weights, period, period - 2),
        says="You look two tokens after the former occurrence.",
        why="The same token stood at t − period. The one after it stands at t − period + 1.",
    ),
    WrongAnswer(
        id="one_before",
        code=lambda weights, period: _score(weights, period, period + 1),
        says="You look at the token before the former occurrence.",
        why="The sign is turned: the same token stood at t − period, the one after it at t − period + 1.",
    ),
    WrongAnswer(
        id="turned",
        code=lambda weights, period: _score(weights.mT, period, period - 1),
        says="You read the weights at [key, query].",
        why="Rows are queries, columns are keys. A causal head has nothing but zeros on the other side.",
    ),
    WrongAnswer(
        id="all_queries",
        code=_over_all,
        says="You divide by all queries, those of the first round included.",
        why="In the first round nothing has a former occurrence. A perfect head would score a half.",
    ),
    WrongAnswer(
        id="one_query_more",
        code=lambda weights, period: _score(weights, period, period - 1, period - 1),
        says="Your mean begins one query early.",
        why="Query period − 1 is the end of the first round: its token has not been there before. The first repeated one is query "
        "period.",
    ),
    WrongAnswer(
        id="summed",
        code=_total,
        says="You return the sum; the mean is due.",
        why="A sum grows with the length of the text, a mean lies between 0 and 1.",
    ),
    WrongAnswer(
        id="largest",
        code=_largest,
        says="You return the largest weight; the mean is due.",
        why="Among many queries one looks at the right key by accident.",
    ),
    WrongAnswer(
        id="heads_mixed",
        code=lambda weights, period: _score(weights, period, period - 1).mean(),
        says="You average over the heads too.",
        why="The question is which head does it. Only the queries are averaged.",
    ),
    WrongAnswer(
        id="every_key",
        code=_block_mean,
        says="You average a whole block of the matrix: every repeated query with every such key.",
        why="Each query has one key of its own. Index both axes at once, weights[..., t, t − period + 1], or take a diagonal.",
    ),
)
