"""Mistakes in “The gradient by hand”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _by_hand(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, fault: str = ""
) -> tuple[Tensor, Tensor, Tensor]:
    scale = 1 / math.sqrt(len(q))
    w = (k @ q * scale).softmax(0)
    grad_w = v @ g
    mean = 0.0 if fault == "diagonal" else grad_w.mean() if fault == "plain mean" else w @ grad_w
    grad_s = (1.0 if fault == "no weights" else w) * (grad_w - mean)
    grad_s = grad_w if fault == "no softmax" else grad_s
    after = 1.0 if fault == "no scale" else scale
    grad_v = torch.outer(grad_s if fault == "scores for values" else w, g)
    grad_k = torch.outer(w if fault == "weights for scores" else grad_s, q) * after
    return grad_s @ k * after, grad_k, grad_v


def _gradient_fault(fault: str) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    return lambda q, k, v, grad_out: _by_hand(q, k, v, grad_out, fault)


MISTAKES = (
    WrongAnswer(
        id="no_scale",
        code=_gradient_fault("no scale"),
        says="Your gradients of q and k are √d times too large.",
        why="The scores are k q / √d, so the division by √d appears in the derivative too.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=_gradient_fault("diagonal"),
        says="Your softmax gradient keeps only the diagonal of its Jacobian: w · grad_w.",
        why="All weights share a total of 1, so each score moves all of them: subtract w @ grad_w first.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_gradient_fault("no softmax"),
        says="You passed the gradient of the weights on to the scores as it is.",
        why="Between them lies the softmax, whose Jacobian diag(w) − w wᵀ you wrote in 4.2.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=_gradient_fault("plain mean"),
        says="You subtracted the plain mean of grad_w, not the mean weighted by w.",
        why="(diag(w) − w wᵀ) g is w · (g − wᵀg): the mean is taken with the attention weights.",
    ),
    WrongAnswer(
        id="no_weights",
        code=_gradient_fault("no weights"),
        says="The factor w is missing from the gradient of the scores.",
        why="A key with weight near 0 barely moves the output, so its score has a gradient near 0.",
    ),
    WrongAnswer(
        id="scores_for_values",
        code=_gradient_fault("scores for values"),
        says="Your grad_v is built from the gradient of the scores, not from the weights.",
        why="out = w @ v is linear in v: value s enters with weight w[s], so its gradient is w[s] · grad_out.",
    ),
    WrongAnswer(
        id="weights_for_scores",
        code=_gradient_fault("weights for scores"),
        says="Your grad_k is built from the weights, not from the gradient of the scores.",
        why="A key enters through its score alone: grad_k[s] = grad_s[s] · q / √d.",
    ),
)
