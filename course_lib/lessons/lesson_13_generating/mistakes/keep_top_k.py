"""Mistakes in “Top-k”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_13_generating.given import is_exactly_k


def _top_k(logits: Tensor, k: int, fill: float = -torch.inf) -> Tensor:
    k = max(0, min(k, logits.shape[-1]))
    if k == 0:
        return torch.full_like(logits, fill)
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], fill)


def _distinct_k(logits: Tensor, k: int) -> Tensor:
    different = [row.unique().flip(0) for row in logits]
    bars = torch.stack([values[min(k, len(values)) - 1] for values in different])
    return logits.masked_fill(logits < bars[:, None], -torch.inf)


def _exactly_k(logits: Tensor, k: int) -> Tensor:
    best = logits.topk(min(k, logits.shape[-1]))
    return torch.full_like(logits, -torch.inf).scatter(-1, best.indices, best.values)


MISTAKES = (
    WrongAnswer(
        id="one_too_many",
        code=lambda logits, k: _top_k(logits, k + 1),
        says="You keep k + 1 tokens: k is off by one.",
        why="Counted from 0, the k-th largest stands at place k − 1 of the sorted row.",
    ),
    WrongAnswer(
        id="one_too_few",
        code=lambda logits, k: logits.masked_fill(
            logits <= logits.topk(min(k, logits.shape[-1])).values[:, -1:], -torch.inf
        ),
        says="You drop the k-th token itself, so k − 1 stay.",
        why="The bar is the k-th largest logit, and what equals the bar stays: compare with < in order to remove.",
    ),
    WrongAnswer(
        id="zeros",
        code=lambda logits, k: _top_k(logits, k, fill=0.0),
        says="You set the other logits to 0; −∞ is asked for.",
        why="exp(0) = 1: a logit of 0 is an ordinary score, often better than those that stay. Only −∞ gives probability 0.",
    ),
    WrongAnswer(
        id="least_likely",
        code=lambda logits, k: -_top_k(-logits, k),
        says="You work on the smallest logits: the k least likely tokens stay, and the others become +∞.",
        why="Top-k keeps the k largest logits of each row and gives the others −∞.",
    ),
    WrongAnswer(
        id="bottom_kept",
        code=lambda logits, k: logits.masked_fill(
            logits > (-logits).topk(min(k, logits.shape[-1])).values.neg()[:, -1:], -torch.inf
        ),
        says="You keep the k smallest logits.",
        why="A larger logit is a likelier token: the k largest stay. Sorting ascending puts the smallest first.",
    ),
    WrongAnswer(
        id="best_removed",
        code=lambda logits, k: logits.masked_fill(
            logits >= logits.topk(min(k, logits.shape[-1])).values[:, -1:], -torch.inf
        ),
        says="You remove the k likeliest tokens and keep the rest.",
        why="The comparison is turned round: what lies below the bar becomes −∞.",
    ),
    WrongAnswer(
        id="one_bar_for_all",
        code=lambda logits, k: logits.masked_fill(
            logits < logits.flatten().topk(min(k, logits.numel())).values[-1], -torch.inf
        ),
        says="You take one bar for the whole batch: the k largest logits of all rows together.",
        why="Each text needs k candidates of its own; a row with low logits would be left with none.",
    ),
    WrongAnswer(
        id="only_the_best",
        code=lambda logits, k: logits.topk(min(k, logits.shape[-1])).values,
        says="You return the k largest logits, sorted: nobody knows any more which tokens they belong to.",
        why="A place is a token. The result keeps the shape (B, V), with −∞ where a token is out.",
    ),
    WrongAnswer(
        id="kth_smallest",
        code=lambda logits, k: logits.masked_fill(
            logits < logits.kthvalue(min(k, logits.shape[-1]), dim=-1, keepdim=True).values,
            -torch.inf,
        ),
        says="Your bar is the k-th smallest logit: kthvalue, or an ascending sort, counts from below.",
        why="k tokens would have to be the large ones. Count from above: topk, or a descending sort.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda logits, k: _top_k(logits, k).softmax(-1),
        says="You went one step too far: these are probabilities.",
        why="Logits are asked for, so that top-p can follow and one softmax ends it all.",
    ),
    WrongAnswer(
        id="distinct_values",
        code=_distinct_k,
        says="Your bar is the k-th largest different value: equal logits count once for you.",
        why="With logits 5, 5, 4 and k = 2 the second largest is 5. Each token counts, also one whose logit another has too.",
    ),
    WrongAnswer(
        id="ties_cut",
        code=_exactly_k,
        matches=is_exactly_k,
        says="You keep exactly k tokens even where several tie with the k-th.",
        why="Of equal logits none is better. Here what equals the k-th stays too, so that the result does not depend on "
        "the order in which a sort happens to leave equals.",
    ),
)
