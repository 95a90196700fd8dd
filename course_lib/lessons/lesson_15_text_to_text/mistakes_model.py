"""The wrong answers that lesson 15 recognises in the model: buckets, their bias, attention."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.attention.positions import distances
from course_lib.attention.relative_buckets import relative_buckets
from course_lib.checking.exercise import WrongAnswer

# ---------------------------------------------------------------- 15.3 buckets


def _buckets(
    distance: Tensor,
    n_buckets: int,
    max_distance: int,
    both_ways: bool,
    *,
    halves: bool = True,
    direction: int = 1,
    zero_second: bool = False,
    ahead: str = "zero",
    clamps: bool = True,
    linear: bool = False,
    exact_share: int = 2,
    rounds: bool = False,
    exact_from_one: bool = False,
    all_log: bool = False,
) -> Tensor:
    """The rule with switches for its classic mistakes; all off, it is right."""
    distance = distance * direction
    n, first = n_buckets, torch.zeros_like(distance)
    if both_ways and halves:
        n //= 2
        first = n * ((distance >= 0) if zero_second else (distance > 0)).long()
    steps = distance.abs() if both_ways or ahead == "abs" else (-distance).clamp(min=0)
    exact = max(n // exact_share, 1)
    share = (steps.clamp(min=1).float() / exact).log() / math.log(max_distance / exact)
    if linear:
        share = (steps - exact) / (max_distance - exact)
    far = share * (n - exact)
    far = exact + (far.round() if rounds else far.clamp(min=0).floor() if all_log else far).long()
    far = far.clamp(max=n - 1) if clamps else far
    near = steps + 1 if exact_from_one else steps
    return first + torch.where(steps < exact, near, far)


def _buckets_fault(**switches: Any) -> Callable[..., Tensor]:
    return lambda distance, n_buckets, max_distance, both_ways: _buckets(
        distance, n_buckets, max_distance, both_ways, **switches
    )


def _clipped(distance: Tensor, n_buckets: int, max_distance: int, both_ways: bool) -> Tensor:
    n = n_buckets // 2 if both_ways else n_buckets
    first = n * (distance > 0) * both_ways
    steps = distance.abs() if both_ways else (-distance).clamp(min=0)
    return first + steps.clamp(max=n - 1)


RELATIVE_BUCKETS = (
    WrongAnswer(
        id="sign_lost",
        code=_buckets_fault(halves=False),
        says="The sign of the distance is lost: a word before and a word after share a bucket.",
        why="“dog bites man” needs to know who comes first. With both ways, half of the buckets are for keys before the query, half "
        "for keys after it.",
    ),
    WrongAnswer(
        id="direction_reversed",
        code=_buckets_fault(direction=-1),
        says="You have exchanged before and after.",
        why="The distance is s − t: negative where the key came before the query. Those have the first half, and in a decoder the "
        "only one.",
    ),
    WrongAnswer(
        id="ahead_by_size",
        code=_buckets_fault(ahead="abs"),
        says="In the decoder a key ahead gets the bucket of one as far behind.",
        why="A decoder reads no key ahead; those all go into bucket 0, as clamp(min=0) of −distance makes them.",
    ),
    WrongAnswer(
        id="zero_in_second_half",
        code=_buckets_fault(zero_second=True),
        says="Distance 0 lands in the second half.",
        why="The second half is for keys after the query: distance > 0. A token itself is in bucket 0.",
    ),
    WrongAnswer(
        id="no_last_bucket",
        code=_buckets_fault(clamps=False),
        says="Distances beyond the greatest run out of the table, or into the other half.",
        why="From max_distance on, all share the last bucket of their half: clamp with n − 1.",
    ),
    WrongAnswer(
        id="linear",
        code=_buckets_fault(linear=True),
        says="Your far buckets are equally wide.",
        why="They grow by one factor: logarithms of the distance are equally spaced, not distances. Near ones matter more.",
    ),
    WrongAnswer(
        id="clipped",
        code=_clipped,
        says="Every distance has a bucket to itself until they run out.",
        why="That is clipping, as Shaw et al. did. Here half of the buckets are exact; the others share what lies up to max_distance.",
    ),
    WrongAnswer(
        id="rounded",
        code=_buckets_fault(rounds=True),
        says="You round where the logarithm is cut off.",
        why="Each bucket begins where the last one ends: .long() cuts off decimals, so a border belongs to the bucket above it.",
    ),
    WrongAnswer(
        id="quarter_exact",
        code=_buckets_fault(exact_share=4),
        says="Only a quarter of the buckets is exact.",
        why="Of the buckets for one direction, half hold one distance each.",
    ),
    WrongAnswer(
        id="near_from_one",
        code=_buckets_fault(exact_from_one=True),
        says="Your near buckets are one too high.",
        why="Distance 0 has bucket 0, distance 1 has bucket 1.",
    ),
    WrongAnswer(
        id="second_half_for_decoder",
        code=lambda distance, n_buckets, max_distance, both_ways: _buckets(
            distance, n_buckets if both_ways else n_buckets // 2, max_distance, both_ways
        ),
        says="In the decoder half of your buckets stay empty.",
        why="With one direction alone, all buckets serve it: nothing is halved.",
    ),
)

# ---------------------------------------------------------------- 15.4 bias


def _bias(
    table: Tensor,
    n_queries: int,
    n_keys: int,
    max_distance: int,
    both_ways: bool,
    *,
    turned: bool = False,
    heads: str = "first",
    absolute: bool = False,
) -> Tensor:
    steps = distances(n_queries, n_keys)
    steps = -steps if turned else -steps.abs() if absolute else steps
    buckets = relative_buckets(steps, len(table), max_distance, both_ways)
    found = table[buckets]
    if heads == "first":
        return found.permute(2, 0, 1)
    return found if heads == "last" else found.permute(2, 1, 0)


def _bias_fault(**switches: Any) -> Callable[..., Tensor]:
    return lambda table, n_queries, n_keys, max_distance, both_ways: _bias(
        table, n_queries, n_keys, max_distance, both_ways, **switches
    )


def _clipped_bias(table: Tensor, t: int, s: int, max_distance: int, both_ways: bool) -> Tensor:
    return table[distances(t, s).abs().clamp(max=len(table) - 1)].permute(2, 0, 1)


BUCKET_BIAS = (
    WrongAnswer(
        id="distance_reversed",
        code=_bias_fault(turned=True),
        says="Your distances are t − s.",
        why="The bucket is that of s − t, key minus query: negative where the key came before.",
    ),
    WrongAnswer(
        id="heads_last",
        code=_bias_fault(heads="last"),
        says="Your bias has shape (T, S, H); the heads come first.",
        why="It is added to scores (B, H, T, S): a head has a matrix of its own, (H, T, S).",
    ),
    WrongAnswer(
        id="queries_and_keys_exchanged",
        code=_bias_fault(heads="exchanged"),
        says="You have exchanged the axes of queries and keys.",
        why="Row t, column s: permute(2, 0, 1) keeps them in order, permute(2, 1, 0) turns them round.",
    ),
    WrongAnswer(
        id="sign_lost",
        code=_bias_fault(absolute=True),
        says="Keys before and after a query get the same bias.",
        why="You look up the size of the distance; its sign chooses the half.",
    ),
    WrongAnswer(
        id="distance_for_bucket",
        code=_clipped_bias,
        says="You take the distance itself as the place in the table.",
        why="The table has a row for each bucket. Far distances share one: relative_buckets says which.",
    ),
    WrongAnswer(
        id="always_both_ways",
        code=lambda table, n_queries, n_keys, max_distance, both_ways: _bias(
            table, n_queries, n_keys, max_distance, True
        ),
        says="You always use buckets for both directions.",
        why="A decoder has one direction, and all buckets for it: pass both_ways on.",
    ),
    WrongAnswer(
        id="always_one_way",
        code=lambda table, n_queries, n_keys, max_distance, both_ways: _bias(
            table, n_queries, n_keys, max_distance, False
        ),
        says="You always use the buckets of a decoder.",
        why="An encoder reads both ways, and half of its buckets are for keys ahead: pass both_ways on.",
    ),
    WrongAnswer(
        id="same_for_all_heads",
        code=lambda table, n_queries, n_keys, max_distance, both_ways: _bias(
            table.mean(1, keepdim=True).expand_as(table), n_queries, n_keys, max_distance, both_ways
        ),
        says="All heads get the same bias.",
        why="The table has a column for each head: one head may look near, another far.",
    ),
)

# ---------------------------------------------------------------- 15.5 attention


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor,
    mask: Tensor,
    *,
    scale: float = 0.0,
    bias_scaled: bool = False,
    when: str = "before",
    masked: str = "inf",
    axis: int = -1,
) -> Tensor:
    """Unscaled attention with switches for its classic mistakes; all off, it is right."""
    shrink = q.shape[-1] ** -scale
    scores = q @ k.mT * shrink
    if when == "before":
        scores = (q @ k.mT + bias) * shrink if bias_scaled else scores + bias
    if when == "times":
        scores = scores * bias
    if masked == "inf":
        scores = scores.masked_fill(~mask, -torch.inf)
    if masked == "zero":
        scores = scores.masked_fill(~mask, 0.0)
    if masked == "inverted":
        scores = scores.masked_fill(mask, -torch.inf)
    weights = scores.softmax(axis).nan_to_num(0.0)
    if masked == "after":
        weights = weights * mask
    if when == "after":
        weights = weights + bias * mask
    return weights @ v


def _attend_fault(**switches: Any) -> Callable[..., Tensor]:
    return lambda q, k, v, bias, mask: _attend(q, k, v, bias, mask, **switches)


UNSCALED = (
    WrongAnswer(
        id="scores_scaled",
        code=_attend_fault(scale=0.5),
        says="You divide the scores by √d, as everybody else does. T5 does not.",
        why="Its first query weights are smaller by √d instead, and its pretrained weights have grown up without the division: with it "
        "every attention of a loaded model is too flat.",
    ),
    WrongAnswer(
        id="bias_scaled_too",
        code=_attend_fault(scale=0.5, bias_scaled=True),
        says="You divide by √d, the bias too.",
        why="T5 divides nothing: scores plus bias go into the softmax as they are.",
    ),
    WrongAnswer(
        id="lesson_04_again",
        code=_attend_fault(scale=0.5, when="never"),
        says="That is lesson 04's attention: scores divided by √d, and no bias.",
        why="T5 divides nothing, and the bias is all that tells its encoder the order of words.",
    ),
    WrongAnswer(
        id="no_bias",
        code=_attend_fault(when="never"),
        says="The bias is missing.",
        why="It is all that tells T5's encoder the order of words. Without it a sentence is a bag.",
    ),
    WrongAnswer(
        id="bias_after_softmax",
        code=_attend_fault(when="after"),
        says="You add the bias to the weights, after the softmax.",
        why="Rows then no longer sum to 1, and weights may be negative. It is added to the scores.",
    ),
    WrongAnswer(
        id="bias_multiplied",
        code=_attend_fault(when="times"),
        says="You multiply the scores by the bias.",
        why="A bias of 0 means no preference; as a factor it would wipe the score out. It is added.",
    ),
    WrongAnswer(
        id="mask_dropped",
        code=_attend_fault(masked="never"),
        says="The mask is not used.",
        why="Padding is read, and a decoder sees its own future.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_attend_fault(masked="inverted"),
        says="Your mask is upside down.",
        why="True means: may attend. What gets −inf is where it is False.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_attend_fault(masked="zero"),
        says="Masked scores become 0, which is a score like any other.",
        why="exp(0) = 1: what is masked keeps a share. −inf leaves it none.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_attend_fault(masked="after"),
        says="You mask after the softmax, so rows no longer sum to 1.",
        why="What was masked has taken part in the sum. Mask the scores, then take the softmax.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_attend_fault(axis=-2),
        says="Your softmax runs over the queries.",
        why="Each query shares out its attention over keys: along the last axis.",
    ),
    WrongAnswer(
        id="values_for_keys",
        code=lambda q, k, v, bias, mask: (
            _attend(q, k, k[..., : v.shape[-1]], bias, mask)
            if v.shape[-1] <= k.shape[-1]
            else _attend(q, k, torch.cat([k] * v.shape[-1], -1)[..., : v.shape[-1]], bias, mask)
        ),
        says="You average keys; values are averaged.",
        why="Keys say where to look, values what is fetched.",
    ),
)
