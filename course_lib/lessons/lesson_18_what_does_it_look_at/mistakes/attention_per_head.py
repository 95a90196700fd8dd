"""Mistakes in “One map for each head”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _heads(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    n_heads: int,
    *,
    scale: str = "head",
    axis: int = -1,
    interleaved: bool = False,
    view: bool = False,
    swap: bool = False,
    turned: bool = False,
    mean: bool = False,
    plain: bool = False,
) -> Tensor:
    """Attention per head, with switches for its mistakes; all off, it is right."""
    d = x.shape[-1] // n_heads

    def cut(y: Tensor) -> Tensor:
        if view:
            return y.reshape(*y.shape[:-2], n_heads, y.shape[-2], d)
        if interleaved:
            return y.unflatten(-1, (d, n_heads)).movedim(-1, -3)
        return y.unflatten(-1, (n_heads, d)).transpose(-3, -2)

    q, k = (cut(x @ (w if turned else w.mT)) for w in (w_q, w_k))
    q, k = (k, q) if swap else (q, k)
    root = {"head": math.sqrt(d), "model": math.sqrt(x.shape[-1]), "none": 1.0}[scale]
    scores = q @ k.mT / root
    weights = scores if plain else scores.softmax(axis)
    return weights.mean(-3) if mean else weights


def _with(**switches: Any) -> Callable[..., Tensor]:
    return lambda x, w_q, w_k, n_heads: _heads(x, w_q, w_k, n_heads, **switches)


MISTAKES = (
    WrongAnswer(
        id="scaled_by_model_width",
        code=_with(scale="model"),
        says="Your scores are divided by √d_model, not by √d_head.",
        why="Each head compares slices of width d_head, and the spread of a dot product grows with the root of "
        "that width. Dividing by the larger root makes every head vaguer than it was trained to be.",
    ),
    WrongAnswer(
        id="not_scaled",
        code=_with(scale="none"),
        says="Your scores are not divided by √d_head.",
        why="The model was trained with the division, so without it the map is sharper than what the model used.",
    ),
    WrongAnswer(
        id="over_the_queries",
        code=_with(axis=-2),
        says="Your softmax runs over the queries (axis −2), not over the keys.",
        why="Each query shares out a total of 1 over the keys it may look at: each row sums to 1, not each column.",
    ),
    WrongAnswer(
        id="interleaved_heads",
        code=_with(interleaved=True),
        says="Your heads take every H-th column; head h owns a block of d_head columns side by side.",
        why="The projections were trained with blocks: columns h·d_head to (h + 1)·d_head − 1 belong to head h. "
        "Another cut mixes the heads.",
    ),
    WrongAnswer(
        id="view_across_tokens",
        code=_with(view=True),
        says="You reshaped straight to (H, T, d_head), which cuts the tokens apart, not the width.",
        why="Numbers lie in memory token by token. Split the last axis into (H, d_head) first, then move H in front.",
    ),
    WrongAnswer(
        id="queries_and_keys_swapped",
        code=_with(swap=True),
        says="Your queries and keys have changed places.",
        why="Row t belongs to the token that asks. Swapped, row t says who would look at token t.",
    ),
    WrongAnswer(
        id="weights_not_transposed",
        code=_with(turned=True),
        says="You multiply by W; nn.Linear multiplies by Wᵀ.",
        why="nn.Linear keeps its matrix with outputs down and inputs across, so the projection is x @ W.T.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_with(plain=True),
        says="You return the scores; the softmax is missing.",
        why="Weights are shares of 1 for each query. Scores may be negative and have no common scale.",
    ),
    WrongAnswer(
        id="heads_averaged",
        code=_with(mean=True),
        says="You averaged the heads away; one map for each head is due.",
        why="Heads look at different things, and a mean can hide what one of them does. Average later, knowingly.",
    ),
)
