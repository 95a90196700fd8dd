"""Mistakes in “A bias for each bucket”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from course_lib.attention.positions import distances
from course_lib.attention.relative_buckets import relative_buckets
from course_lib.checking.exercise import WrongAnswer


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


MISTAKES = (
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
