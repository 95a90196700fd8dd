"""Mistakes in “Distances in buckets”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


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


MISTAKES = (
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
