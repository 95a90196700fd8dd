"""Mistakes in “Gradient × attention”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_18_what_does_it_look_at.given import has_shares
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.common import eye_like


def _relevant(
    weights: Tensor,
    gradients: Tensor,
    *,
    change: Callable[[Tensor, Tensor], Tensor] = lambda a, g: (g * a).clamp(min=0).mean(-3),
    start: bool = True,
    order: str = "up",
) -> Tensor:
    """Relevance, with switches for its mistakes; all off, it is right."""
    eye = eye_like(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    pairs = list(zip(weights, gradients, strict=True))
    for layer, gradient in reversed(pairs) if order == "reversed" else pairs:
        step = change(layer, gradient)
        out = (out if start else 0) + (out @ step if order == "right" else step @ out)
    return out


def _relevance(**switches: Any) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda weights, gradients: _relevant(weights, gradients, **switches)


def _like_rollout(weights: Tensor, gradients: Tensor) -> Tensor:
    eye = eye_like(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer, gradient in zip(weights, gradients, strict=True):
        mixed = (gradient * layer).clamp(min=0).mean(-3) + eye
        out = mixed / mixed.sum(-1, keepdim=True) @ out
    return out


def _from_zeros(weights: Tensor, gradients: Tensor) -> Tensor:
    return torch.zeros_like(weights[0].mean(-3))


MISTAKES = (
    WrongAnswer(
        id="negative_kept",
        code=_relevance(change=lambda a, g: (g * a).mean(-3)),
        says="You kept negative products; only what speaks for the answer counts.",
        why="A head that speaks against the answer would cancel one that speaks for it. The positive part is taken "
        "of every head, before the mean.",
    ),
    WrongAnswer(
        id="clamped_after_the_mean",
        code=_relevance(change=lambda a, g: (g * a).mean(-3).clamp(min=0)),
        says="You averaged the heads first and took the positive part afterwards.",
        why="In the mean a head that speaks against the answer has cancelled one that speaks for it already.",
    ),
    WrongAnswer(
        id="absolute_value",
        code=_relevance(change=lambda a, g: (g * a).abs().mean(-3)),
        says="You took absolute values, which count what speaks against the answer as if it spoke for it.",
        why="The positive part sets those to 0.",
    ),
    WrongAnswer(
        id="gradient_alone",
        code=_relevance(change=lambda a, g: g.clamp(min=0).mean(-3)),
        says="You used the gradient without the attention.",
        why="A large gradient at a weight near 0 says what would happen if the model looked there. It did not.",
    ),
    WrongAnswer(
        id="attention_alone",
        code=_relevance(change=lambda a, g: a.mean(-3)),
        says="You used the attention without the gradient.",
        why="Without the gradient the map is the same for every answer, so it cannot say what speaks for one.",
    ),
    WrongAnswer(
        id="no_identity",
        code=_relevance(start=False),
        says="You replaced R by Ā R; it is added to R.",
        why="R ← R + Ā R: the residual path keeps what was there.",
    ),
    WrongAnswer(
        id="rows_renormalised",
        code=_like_rollout,
        matches=has_shares,
        says="You scaled the rows to sum to 1, as in rollout; here nothing is scaled.",
        why="The size of gradient × attention says how much a layer matters. Scaled rows would give every token the "
        "same total, whether it speaks for the answer or not.",
    ),
    WrongAnswer(
        id="starts_from_zeros",
        code=_from_zeros,
        says="Your R starts from zeros, so it stays there.",
        why="Before the first layer each token holds itself: R = I. Every product with zeros is zero.",
    ),
    WrongAnswer(
        id="layers_reversed",
        code=_relevance(order="reversed"),
        says="In your product the first layer stands leftmost: (I + Ā₁) ⋯ (I + Ā_L).",
        why="What a later layer gathers, it gathers from tokens that earlier layers have mixed already: begin with "
        "the first, and let each later one stand on the left, Ā R and not R Ā.",
    ),
    WrongAnswer(
        id="heads_summed",
        code=_relevance(change=lambda a, g: (g * a).clamp(min=0).sum(-3)),
        says="You summed the heads where their mean is due.",
        why="A sum grows with the number of heads, and then outweighs the R it is added to.",
    ),
)
