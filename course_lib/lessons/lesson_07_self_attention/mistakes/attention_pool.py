"""Mistakes in “A set becomes one vector”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


class _Pool(nn.Module):
    """Has the right parameters; what it does with them is another matter."""

    def __init__(self, d_model: int, d_head: int) -> None:
        super().__init__()
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)


def _pool(forward: Any) -> type[nn.Module]:
    """Return a pool that computes `forward(self, x, mask=None)`."""
    return type("AttentionPool", (_Pool,), {"forward": forward})


def _pool_by(
    scores: Tensor,
    v: Tensor,
    mask: Tensor | None,
    *,
    after: bool = False,
    empty: bool = True,
    fill: float = -math.inf,
) -> Tensor:
    """Pool values by scores, both (…, T), with one thing changed."""
    if mask is None:
        return (scores.softmax(-1)[..., None] * v).sum(-2)
    if after:
        return ((scores.softmax(-1) * mask)[..., None] * v).sum(-2)
    weights = scores.masked_fill(~mask, fill).softmax(-1)
    if empty:
        weights = weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return (weights[..., None] * v).sum(-2)


def _seed_scores(pool: Any, x: Tensor, root: float | None = None) -> Tensor:
    made: Tensor = pool.w_k(x) @ pool.seed
    return made / (math.sqrt(len(pool.seed)) if root is None else root)


def _pool_with(**change: Any) -> type[nn.Module]:
    return _pool(
        lambda self, x, mask=None: _pool_by(_seed_scores(self, x), self.w_v(x), mask, **change)
    )


def _pool_root(root: Callable[[Any, Tensor], float]) -> type[nn.Module]:
    return _pool(
        lambda self, x, mask=None: _pool_by(_seed_scores(self, x, root(self, x)), self.w_v(x), mask)
    )


def _mean(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(0 * _seed_scores(self, x), self.w_v(x), mask)


def _largest(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    v = self.w_v(x) + 0 * _seed_scores(self, x)[..., None]
    if mask is None:
        return v.amax(-2)
    v = v.masked_fill(~mask[..., None], -math.inf).amax(-2)
    return v.masked_fill(~mask.any(-1)[..., None], 0.0)


def _hard(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = _seed_scores(self, x)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    best = nn.functional.one_hot(scores.argmax(-1), x.shape[-2]).to(x.dtype)
    best = best if mask is None else best * mask
    return (best[..., None] * self.w_v(x)).sum(-2)


def _axis_kept(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), mask).unsqueeze(-2)


def _values_as_keys(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    v = self.w_v(x)
    return _pool_by(v @ self.seed / math.sqrt(len(self.seed)), v, mask)


def _keys_as_values(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_k(x), mask)


def _items_as_values(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), x, mask)


def _no_mask(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), None)


def _mask_inverted(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), None if mask is None else ~mask)


def _added(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), mask) + self.seed


MISTAKES = (
    WrongAnswer(
        id="mean",
        code=_pool(_mean),
        says="Your pool is a plain mean: every item gets the same weight.",
        why="Averaging items, keys or values before they meet the seed comes to the same, since w_v is "
        "linear. Score each item's key against the seed first, and pool the values last.",
    ),
    WrongAnswer(
        id="largest",
        code=_pool(_largest),
        says="You take the largest number of each column (max pooling).",
        why="That mixes entries of different items and has no use for the seed. The weights come from a "
        "softmax over the items.",
    ),
    WrongAnswer(
        id="hard",
        code=_pool(_hard),
        says="You take the value of the best item alone.",
        why="Choosing by argmax gives the seed and w_k no gradient. A softmax lets every item count.",
    ),
    WrongAnswer(
        id="axis_kept",
        code=_pool(_axis_kept),
        says="Your result keeps an axis of size 1 where the items were.",
        why="A set becomes one vector, shape (…, d_head): drop the axis with squeeze(-2).",
    ),
    WrongAnswer(
        id="values_as_keys",
        code=_pool(_values_as_keys),
        says="The seed is compared with the values, not with the keys.",
        why="A key says whether an item counts, a value what it then adds. w_k is unused so.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_pool(_keys_as_values),
        says="Your weights mix the keys, not the values.",
        why="A key says whether an item counts, a value what it then adds. w_v is unused so.",
    ),
    WrongAnswer(
        id="items_as_values",
        code=_pool(_items_as_values),
        says="Your weights mix the items themselves, not their values.",
        why="What an item adds is made by w_v, and is d_head wide.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_pool_root(lambda pool, x: 1.0),
        says="Your scores are not divided by √d_head.",
        why="A dot product of d_head random terms spreads like √d_head; without the root one item takes all.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=_pool_root(lambda pool, x: math.sqrt(x.shape[-1])),
        says="Your scores are divided by √d_model, the width of the items.",
        why="Seed and keys are d_head wide: that many terms are added in each dot product.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=_pool_root(lambda pool, x: len(pool.seed)),
        says="Your scores are divided by d_head, not by √d_head.",
        why="The spread of a dot product grows like √d_head; dividing by d_head makes all items alike. Is "
        "the division made twice?",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_pool(_no_mask),
        says="Your mask is not used: padding enters the mean.",
        why="Sets of different sizes are filled up to one length. What was filled in must not count.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_pool_with(after=True),
        says="You mask after the softmax, so the weights that are left sum to less than 1.",
        why="The result would shrink with every item of padding. Padding leaves as a score of −∞.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_pool(_mask_inverted),
        says="Your mask is the wrong way round: you pool the padding.",
        why="True means that an item is real, so the others are filled: masked_fill(~mask, …).",
    ),
    WrongAnswer(
        id="row_for_each_item",
        code=_pool(lambda self, x, mask=None: _axis_kept(self, x, mask).expand(self.w_v(x).shape)),
        says="Your result has a row for each item, all of them alike.",
        why="The seed is one query for the whole set, so one row comes out: expand it to (…, 1, d_head), "
        "and drop that axis in the end.",
    ),
    WrongAnswer(
        id="empty_mean",
        code=_pool_with(fill=-1e9, empty=False),
        says="An empty set gives the mean of its padding.",
        why="You fill with −10⁹, so all its scores are alike and padding shares the whole weight. An empty "
        "set gives zeros.",
    ),
    WrongAnswer(
        id="empty_nan",
        code=_pool_with(empty=False),
        says="An empty set comes out as NaN.",
        why="All its scores are −∞ and the softmax divides 0 by 0. An empty set gives zeros.",
    ),
    WrongAnswer(
        id="seed_added",
        code=_pool(_added),
        says="You add the seed to the result.",
        why="Set Transformers do so, as a residual around the pool. Here the result is the weighted mean "
        "of the values alone.",
    ),
)
