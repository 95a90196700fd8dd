"""Mistakes in “Attention rollout”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_18_what_does_it_look_at.given import mixes_once
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.common import eye_like


def _rolled(
    weights: Tensor,
    *,
    merge: Callable[[Tensor], Tensor] = lambda layer: layer.mean(-3),
    residual: float = 1.0,
    scale: str = "rows",
    order: str = "up",
) -> Tensor:
    """Rollout, with switches for its mistakes; all off, it is right."""
    eye = eye_like(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer in weights.flip(0) if order == "reversed" else weights:
        mixed = merge(layer) + residual * eye
        if scale == "rows":
            mixed = mixed / mixed.sum(-1, keepdim=True)
        if scale == "columns":
            mixed = mixed / mixed.sum(-2, keepdim=True)
        if scale == "halved":
            mixed = 0.5 * mixed
        out = mixed * out if order == "elementwise" else mixed @ out
    return out


def _roll(**switches: Any) -> Callable[[Tensor], Tensor]:
    return lambda weights: _rolled(weights, **switches)


def _scaled_at_the_end(weights: Tensor) -> Tensor:
    out = _rolled(weights, scale="halved")
    return out / out.sum(-1, keepdim=True)


def _mean_of_layers(weights: Tensor) -> Tensor:
    return weights.mean(0).mean(-3)


def _residual_at_the_end(weights: Tensor) -> Tensor:
    out = weights[0].mean(-3)
    for layer in weights[1:]:
        out = layer.mean(-3) @ out
    return 0.5 * out + 0.5 * eye_like(weights)


MISTAKES = (
    WrongAnswer(
        id="no_residual",
        code=_roll(residual=0.0),
        says="You left the residual path out: each layer's matrix is the attention alone.",
        why="Every block adds what it gathers to what the token already holds. Half of the identity stands for "
        "that path; without it a token forgets itself at every layer, and the map blurs.",
    ),
    WrongAnswer(
        id="rows_not_renormalised",
        code=_roll(scale="none"),
        says="Your rows do not sum to 1: you added the identity and did not renormalise.",
        why="A + I has rows of sum 2, and after L layers of sum 2 to the power L. Shares of what a token "
        "holds must sum to 1 after each layer.",
    ),
    WrongAnswer(
        id="halved_only",
        code=_roll(scale="halved"),
        says="You halved A + I, but a row of A that does not sum to 1 still needs to be renormalised.",
        why="Where weights were dropped or masked, a row sums to less than 1. Divide each row by its own sum.",
    ),
    WrongAnswer(
        id="scaled_at_the_end",
        code=_scaled_at_the_end,
        says="You scaled the rows once, after all layers; each layer's rows are scaled before the next.",
        why="A row that sums to less than 1 counts for less in every later layer, and a scale at the end cannot bring "
        "that back. With rows that sum to 1 from the start the two agree.",
    ),
    WrongAnswer(
        id="attention_scaled_alone",
        code=_roll(
            merge=lambda layer: layer.mean(-3) / layer.mean(-3).sum(-1, keepdim=True),
            scale="halved",
        ),
        says="You scaled the rows of the attention before you added the identity; they are scaled afterwards.",
        why="Where weights were set to 0, a token gathered less. Scaled beforehand, its attention would count as much as the "
        "residual path again.",
    ),
    WrongAnswer(
        id="columns_normalised",
        code=_roll(scale="columns"),
        says="You scaled the columns to sum to 1, not the rows.",
        why="A row says how one token's content is made up: its shares sum to 1. Columns need not.",
    ),
    WrongAnswer(
        id="layers_reversed",
        code=_roll(order="reversed"),
        says="Your layers are multiplied in reverse: the first layer stands leftmost.",
        why="A token after layer 2 holds Â₂ times what stood after layer 1, so later layers multiply from the "
        "left: Â_L ⋯ Â₂ Â₁.",
    ),
    WrongAnswer(
        id="heads_summed",
        code=_roll(merge=lambda layer: layer.sum(-3)),
        says="You summed the heads, so that attention outweighs the residual H to 1.",
        why="The mean of the heads has rows of sum 1, as the identity has, and the two get half each. A sum of "
        "H heads has rows of sum H, and the residual path nearly vanishes.",
    ),
    WrongAnswer(
        id="largest_head",
        code=_roll(merge=lambda layer: layer.amax(-3)),
        says="You took the largest weight over the heads, not their mean.",
        why="It is a known variant and often draws sharper maps, but it is not the rollout of the paper: here the "
        "heads are averaged.",
    ),
    WrongAnswer(
        id="residual_at_the_end",
        code=_residual_at_the_end,
        matches=mixes_once,
        says="You mixed the identity in once, after all layers were multiplied.",
        why="Every block has a residual path of its own: what a token holds can skip one layer and take part in the "
        "next.",
    ),
    WrongAnswer(
        id="elementwise",
        code=_roll(order="elementwise"),
        says="You multiplied the layers entry by entry; a matrix product is due.",
        why="Token t gathers from s along every path t → u → s, so the sum runs over all u in between: that is "
        "what a matrix product does.",
    ),
    WrongAnswer(
        id="last_layer_only",
        code=lambda weights: _rolled(weights[-1:]),
        says="You used the last layer alone.",
        why="By the last layer a token holds content from many others. Where that came from is written in the "
        "layers below.",
    ),
    WrongAnswer(
        id="layers_averaged",
        code=_mean_of_layers,
        says="You averaged the layers; they follow one another, so their matrices are multiplied.",
        why="An average knows no paths: what token t gathers from u, and u from s before, is lost.",
    ),
)
