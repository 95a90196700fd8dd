"""Mistakes in “Attention with a cache”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _cached(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    past_k: Tensor,
    past_v: Tensor,
    *,
    shift: int | None = 0,
    top_left: bool = False,
    new_first: bool = False,
    forgets: bool = False,
    shared: bool = False,
    scale: float | None = None,
    swap: bool = False,
    how: str = "before",
    axis: int = -1,
    returns: str = "all",
) -> tuple[Tensor, Tensor, Tensor]:
    """Cached attention with switches for its classic mistakes; all off, it is right."""
    t, s = q.shape[-2], past_k.shape[-2]
    if shared:
        past_k, past_v = past_k[:1].expand_as(past_k), past_v[:1].expand_as(past_v)
    both = ((k, past_k), (v, past_v)) if new_first else ((past_k, k), (past_v, v))
    keys, values = (torch.cat(pair, -2) for pair in both)
    kept = {"all": (keys, values), "new": (k, v), "old": (past_k, past_v)}[returns]
    if forgets:
        keys, values, s = k, v, 0
    mask = torch.ones(t, s + t, dtype=torch.bool, device=q.device)
    if shift is not None:
        mask = mask.tril((0 if top_left else s) + shift)
    scores = q @ keys.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    if how == "product":
        scores = scores * mask
    elif how == "before":
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(axis).nan_to_num()
    weights = weights * mask if how == "after" else weights
    return weights @ (keys if swap else values), *kept


def _cached_fault(**switches: Any) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    return lambda q, k, v, past_k, past_v: _cached(q, k, v, past_k, past_v, **switches)


MISTAKES = (
    WrongAnswer(
        id="mask_top_left",
        code=_cached_fault(top_left=True),
        says="Your mask starts in the top left corner: new query 0 sees key 0 alone.",
        why="The new queries are the last T positions, so the triangle belongs at the bottom right: query t sees the S "
        "kept keys and new keys 0 … t. (is_causal=True of PyTorch's fused call aligns top left, too.)",
    ),
    WrongAnswer(
        id="no_mask",
        code=_cached_fault(shift=None),
        says="Nothing is masked: when several tokens are appended at once, the first of them reads those after it.",
        why="One new token may see everything, so a test with single tokens passes. Appended together, each may see only "
        "the kept keys, the new ones before it, and itself.",
    ),
    WrongAnswer(
        id="not_itself",
        code=_cached_fault(shift=-1),
        says="A new token does not see itself: your mask is off by one.",
        why="Row t of the mask is True up to and including place S + t, where the new token itself stands.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=_cached_fault(shift=1),
        says="A new token sees the one after it: your mask is off by one.",
        why="Row t of the mask is True up to place S + t, and no further.",
    ),
    WrongAnswer(
        id="past_forgotten",
        code=_cached_fault(forgets=True),
        says="Your queries look at the new keys alone: the cache is kept but not used.",
        why="The text so far lives in the cache. Scores run over all S + T keys.",
    ),
    WrongAnswer(
        id="new_first",
        code=_cached_fault(new_first=True),
        says="You put the new keys and values in front of the old ones.",
        why="Then place S + t is not new token t any more, and the mask hides the wrong keys. Old first, new behind.",
    ),
    WrongAnswer(
        id="shared_by_the_batch",
        code=_cached_fault(shared=True),
        says="All texts read the first text's cache.",
        why="Each row of the batch has keys and values of its own. With one text it goes unnoticed.",
    ),
    WrongAnswer(
        id="returns_new_only",
        code=_cached_fault(returns="new"),
        says="You return the new keys and values alone, so the next step would find a cache of this step only.",
        why="What is returned is kept for the next call: old and new, S + T positions.",
    ),
    WrongAnswer(
        id="returns_old",
        code=_cached_fault(returns="old"),
        says="You return the old cache: the new token's key and value are lost.",
        why="What is returned is kept for the next call: old and new, S + T positions.",
    ),
    WrongAnswer(
        id="mask_multiplied",
        code=_cached_fault(how="product"),
        says="You multiply the scores by the mask, so forbidden keys get the score 0.",
        why="exp(0) = 1: a forbidden key still takes its share. Its score has to be −∞.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_cached_fault(how="after"),
        says="You mask the weights, after the softmax.",
        why="The forbidden keys took part in the division, and the rest of the row sums to less than 1.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_cached_fault(axis=-2),
        says="Your softmax runs over the new queries (axis -2), not over the keys.",
        why="Each query shares out a total of 1 over the keys: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_cached_fault(scale=1.0),
        says="Your scores are not divided by √d.",
        why="A cache changes nothing about attention itself: softmax(q kᵀ / √d) v.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_cached_fault(swap=True),
        says="Your output mixes the keys, not the values.",
        why="Both are cached because both are needed: keys to look, values to read.",
    ),
)
