"""Mistakes in “Self-attention”: the code that makes each, its name, and why it is wrong."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_07_self_attention.mistakes.common import scores_of


class _SelfAttention(nn.Module):
    """Has the right parameters; what it does with them is another matter."""

    def __init__(self, d_model: int, d_head: int) -> None:
        super().__init__()
        self.w_q = nn.Linear(d_model, d_head, bias=False)
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)


def _layer(forward: Any) -> type[nn.Module]:
    """Return a layer that computes `forward(self, x, mask=None)`."""
    return type("SelfAttention", (_SelfAttention,), {"forward": forward})


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    *,
    root: float | None = None,
    axis: int = -1,
    after: bool = False,
    fill: float = -math.inf,
    empty: bool = True,
) -> Tensor:
    """Attend with one thing changed."""
    scores = scores_of(q, k, root)
    if mask is None:
        return scores.softmax(axis) @ v
    if after:
        return (scores.softmax(axis) * mask) @ v
    weights = scores.masked_fill(~mask, fill).softmax(axis)
    if empty:
        weights = weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return weights @ v


def _with(**change: Any) -> type[nn.Module]:
    return _layer(
        lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, **change)
    )


def _roles(q: str, k: str, v: str) -> type[nn.Module]:
    """Return a layer whose queries, keys and values are made by the named projections."""

    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        made = {name: getattr(self, name)(x) for name in ("w_q", "w_k", "w_v")}
        return _attend(made[q], made[k], made[v], mask)

    return _layer(forward)


def _transposed(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _attend(self.w_k(x), self.w_q(x), self.w_v(x), mask)


def _mask_turned(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is not None:
        mask = mask.expand(*mask.shape[:-2], x.shape[-2], x.shape[-2]).mT
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask)


def _scaled_output(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    q = self.w_q(x)
    return _attend(q, self.w_k(x), self.w_v(x), mask) / math.sqrt(q.shape[-1])


def _scaled_twice(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    q = self.w_q(x)
    return _attend(q, self.w_k(x), self.w_v(x), mask, root=q.shape[-1])


def _by_model(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    root = math.sqrt(x.shape[-1])
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, root=root)


def _always_causal(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    past = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).tril()
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), past)


def _sigmoid(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    weights = torch.sigmoid(scores_of(self.w_q(x), self.w_k(x)))
    out: Tensor = (weights if mask is None else weights * mask) @ self.w_v(x)
    return out


MISTAKES = (
    WrongAnswer(
        id="one_projection",
        code=_roles("w_q", "w_q", "w_q"),
        says="One projection makes queries, keys and values alike.",
        why="Asking, being found and answering are three roles. w_k and w_v stand ready, and get no "
        "gradient while they are unused.",
    ),
    WrongAnswer(
        id="queries_as_keys",
        code=_roles("w_q", "w_q", "w_v"),
        says="Your keys are made by w_q, like the queries.",
        why="Scores become symmetric, and most tokens look at themselves first. Keys are w_k's.",
    ),
    WrongAnswer(
        id="keys_as_queries",
        code=_roles("w_k", "w_k", "w_v"),
        says="Your queries are made by w_k, like the keys.",
        why="Scores become symmetric, and most tokens look at themselves first. Queries are w_q's.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_roles("w_q", "w_k", "w_k"),
        says="Your values are the keys again: weights and content share w_k.",
        why="A key says when a token is to be found, a value what it then hands over. Values are w_v's.",
    ),
    WrongAnswer(
        id="queries_as_values",
        code=_roles("w_q", "w_k", "w_q"),
        says="Your values are the queries again.",
        why="A query says what a token looks for, a value what it hands over. Values are w_v's.",
    ),
    WrongAnswer(
        id="roles_swapped",
        code=_layer(_transposed),
        says="Your scores are transposed: queries and keys have changed places.",
        why="Row t must hold what token t asks, w_q's side, against every key. Both are as long here, so "
        "no shape gives the slip away.",
    ),
    WrongAnswer(
        id="tokens_as_values",
        code=_layer(lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), x, mask)),
        says="Your weights mix the tokens themselves, not their values.",
        why="What a token hands over is made by w_v, and is d_head wide.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_with(root=1.0),
        says="Your scores are not divided by √d_head.",
        why="Without it the softmax grows sure as the head grows wide, and stops learning.",
    ),
    WrongAnswer(
        id="scaled_twice",
        code=_layer(_scaled_twice),
        says="Your scores are divided by √d_head twice.",
        why="scaled_dot_product_attention divides already. Twice makes d_head, and the weights too even.",
    ),
    WrongAnswer(
        id="output_scaled",
        code=_layer(_scaled_output),
        says="Your output is divided by √d_head as well.",
        why="The root tames scores before the softmax. The output is a weighted mean of values, and is "
        "already on their scale.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=_layer(_by_model),
        says="Your scores are divided by √d_model, the width of the tokens.",
        why="Queries and keys are d_head wide: that many terms are added in each dot product.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_with(axis=-2, empty=True),
        says="Your softmax runs over the queries (axis −2), so it is the keys that share out a total of 1.",
        why="Each token asks “whom do I listen to?” and spreads a total of 1: the softmax runs along the "
        "last axis. Rows and columns are as many here, so no shape tells.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_layer(
            lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), self.w_v(x), None)
        ),
        says="Your mask is not used.",
        why="Forbidden tokens enter the mean: padding would be read, and the future.",
    ),
    WrongAnswer(
        id="mask_transposed",
        code=_layer(_mask_turned),
        says="Your mask lies on the wrong axis: its rows forbid queries where they should forbid keys.",
        why="mask[t, s] says whether query t may attend to key s: it is laid on the scores as it is.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_layer(
            lambda self, x, mask=None: _attend(
                self.w_q(x), self.w_k(x), self.w_v(x), None if mask is None else ~mask
            )
        ),
        says="Your mask is the wrong way round: what is allowed is hidden.",
        why="True means may attend in this course, so the others are filled: masked_fill(~mask, …).",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_with(after=True),
        says="You mask after the softmax, so the rows that are left sum to less than 1.",
        why="A forbidden token must leave before the weights are shared out, as a score of −∞.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_with(fill=0.0),
        says="You fill forbidden scores with 0, which is a score like any other.",
        why="exp(0) = 1: the token keeps a share, often a large one. −∞ leaves it nothing.",
    ),
    WrongAnswer(
        id="always_causal",
        code=_layer(_always_causal),
        says="You hide the future, whatever the mask says.",
        why="Here every token may attend to all, unless the mask that is handed in forbids it.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_layer(_sigmoid),
        says="Your weights come from a sigmoid, one for each pair, so a row need not sum to 1.",
        why="The tokens share out each query's attention: softmax along the last axis.",
    ),
    WrongAnswer(
        id="empty_row_mean",
        code=_with(fill=-1e9, empty=False),
        says="A token that may attend to nothing gets the plain mean of all values.",
        why="You fill with −10⁹, so all its scores are alike, and the softmax spreads over tokens that are "
        "all forbidden. Such a token gets zeros.",
    ),
    WrongAnswer(
        id="empty_row_nan",
        code=_with(empty=False),
        says="A token that may attend to nothing comes out as NaN.",
        why="All its scores are −∞ and the softmax divides 0 by 0. Such a token gets zeros; "
        "scaled_dot_product_attention of lesson 04 sees to it.",
    ),
)
