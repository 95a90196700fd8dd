"""Mistakes in “Read the source”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _read(fault: str) -> Callable[..., tuple[Tensor, Tensor]]:
    def additive_attention(
        s: Tensor, memory: Tensor, mask: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor
    ) -> tuple[Tensor, Tensor]:
        keys, query = memory @ w_k, s @ w_q
        if fault == "another sentence":
            query = query.roll(1, 0)
        mixed = query[:, None] + keys
        scores = (mixed if fault == "no tanh" else torch.tanh(mixed)) @ v
        if fault in ("none", "after", "after and divided"):
            weights = scores.softmax(-1)
            weights = weights if fault == "none" else weights * mask
        elif fault == "zero":
            weights = (scores * mask).softmax(-1)
        elif fault == "inverted":
            weights = scores.masked_fill(mask, -torch.inf).softmax(-1)
        elif fault == "unnormalised":
            weights = scores.exp() * mask
        elif fault == "raw":
            weights = scores * mask
        else:
            scores = scores.masked_fill(~mask, -torch.inf)
            weights = scores.softmax(0 if fault == "batch" else -1)
        values = keys if fault == "keys" else memory
        context = (weights[..., None] * values).sum(1)
        if fault == "mean":
            context = context / mask.sum(-1, keepdim=True)
        return context, weights

    return additive_attention


MISTAKES = (
    WrongAnswer(
        id="softmax_over_the_batch",
        code=_read("batch"),
        says="Your softmax runs over the batch (axis 0), so sentences share out the weights among themselves.",
        why="Each sentence shares out a total of 1 over its own words: the last axis.",
    ),
    WrongAnswer(
        id="padding_attended",
        code=_read("none"),
        says="Your weights fall on padding too: the mask is not used.",
        why="What a short sentence reads would depend on how long its neighbours in the batch are.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_read("after"),
        says="You set the weights of padding to 0 after the softmax, so the others no longer sum to 1.",
        why="Hide padding before the softmax: a score of −∞ gets the weight 0, and the words share the whole.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_read("zero"),
        says="You set the scores of padding to 0; the softmax still gives them weight.",
        why="exp(0) is 1. Only exp(−∞) is 0.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_read("inverted"),
        says="Your mask is inverted: words are hidden, padding is read.",
        why="In this course True means may attend. Fill where the mask is False: ~mask.",
    ),
    WrongAnswer(
        id="context_from_keys",
        code=_read("keys"),
        says="Your context mixes the keys memory W_k, not the memory itself.",
        why="W_k prepares a state for being compared. What is read are the states as the encoder left them.",
    ),
    WrongAnswer(
        id="no_tanh",
        code=_read("no tanh"),
        says="The tanh is missing from your scores.",
        why="Without it the decoder's state adds the same to every score, and the softmax cancels it.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_read("raw"),
        says="You mixed the memory with the scores; the softmax is missing.",
        why="Scores may be negative and sum to anything. The softmax turns them into the weights of a mean.",
    ),
    WrongAnswer(
        id="not_divided",
        code=_read("unnormalised"),
        says="Your weights are exponentials that were not divided by their sum.",
        why="A weighted mean needs weights that sum to 1.",
    ),
    WrongAnswer(
        id="divided_by_length",
        code=_read("mean"),
        says="Your context is divided by the number of words as well.",
        why="The weights sum to 1 already: the weighted sum is the mean.",
    ),
)
