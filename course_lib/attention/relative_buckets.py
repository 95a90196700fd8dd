"""Distances in buckets: a near one has a bucket to itself, far ones share one."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_lib.attention.positions import distances


def relative_buckets(
    distance: Int[Tensor, "*N"], n_buckets: int, max_distance: int, both_ways: bool
) -> Int[Tensor, "*N"]:
    """Return the bucket of each distance `s − t` from query t to key s.

    Of the buckets for one direction, n of them, the first n/2 hold the distances 0, 1, … n/2 − 1;
    the others hold spans that grow by one factor, up to `max_distance`. The last holds all beyond.

    Paper: Raffel et al. 2020, §2.1; the rule is that of the authors' code.

    Args:
        distance: s − t, in tokens.
        n_buckets: of both directions together where there are two; then the second half is for keys
            after the query.
        max_distance: where the last bucket would end; it holds all beyond as well.
        both_ways: False for a decoder, which reads no key after the query; those get bucket 0.

    >>> steps = torch.tensor([-40, -3, -1, 0, 1, 3, 40])
    >>> relative_buckets(steps, n_buckets=8, max_distance=20, both_ways=True).tolist()
    [3, 2, 1, 0, 5, 6, 7]
    >>> relative_buckets(steps, n_buckets=8, max_distance=20, both_ways=False).tolist()
    [7, 3, 1, 0, 0, 0, 0]
    """
    first = torch.zeros_like(distance)
    if both_ways:
        n_buckets //= 2
        first = n_buckets * (distance > 0)
        steps = distance.abs()
    else:
        steps = (-distance).clamp(min=0)
    exact = n_buckets // 2
    far = torch.log(steps.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    shared = (exact + (far * (n_buckets - exact)).long()).clamp(max=n_buckets - 1)
    return first + torch.where(steps < exact, steps, shared)


def bucket_bias(
    table: Float[Tensor, "n_buckets H"],
    n_queries: int,
    n_keys: int,
    max_distance: int,
    both_ways: bool,
) -> Float[Tensor, "H T S"]:
    """Return what is added to the score of each query and key: `table[bucket(s − t), h]`.

    Paper: Raffel et al. 2020, §2.1.

    Args:
        table: one learned number for each bucket and head.
        n_queries: T.
        n_keys: S.
        max_distance: see `relative_buckets`.
        both_ways: see `relative_buckets`.

    >>> table = torch.tensor([[0.0], [10.0], [20.0], [30.0]])
    >>> bucket_bias(table, 2, 3, max_distance=4, both_ways=True).tolist()
    [[[0.0, 30.0, 30.0], [10.0, 0.0, 30.0]]]
    """
    steps = distances(n_queries, n_keys, table.device)
    buckets = relative_buckets(steps, len(table), max_distance, both_ways)
    return table[buckets].permute(2, 0, 1)


def unscaled_attention(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B H S d"],
    v: Float[Tensor, "B H S d_v"],
    bias: Float[Tensor, "H T S"] | None = None,
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "B H T d_v"]:
    """Return softmax(q kᵀ + bias) v: no √d, which T5 leaves to the initial size of its weights.

    Paper: Raffel et al. 2020, §2.1, for the bias; that scores are unscaled is in the authors' code.

    Args:
        q: queries of every head.
        k: keys.
        v: values.
        bias: added to the scores of every sequence.
        mask: True = may attend; broadcast to (B, H, T, S). A query with no key allowed gets zeros.

    >>> q = torch.full((1, 1, 1, 4), 100.0)
    >>> v = torch.tensor([[[[1.0], [3.0]]]])
    >>> unscaled_attention(q, torch.zeros(1, 1, 2, 4), v).item()
    2.0
    """
    if bias is None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)
    scores = bias if mask is None else torch.where(mask, bias, -torch.inf)
    scores = scores.expand(*q.shape[:-1], k.shape[-2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=scores, scale=1.0)
