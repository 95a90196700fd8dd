"""Mistakes in “The best span”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _span(
    start: Tensor,
    end: Tensor,
    passage: Tensor,
    longest: int,
    *,
    order: bool = True,
    limit: int | None = 0,
    inside: str = "both",
    product: bool = False,
    later: bool = False,
) -> tuple[int, int]:
    """The search with switches for its classic mistakes; all off, it is right."""
    best, found = -float("inf"), (0, 0)
    first, last = start.tolist(), end.tolist()
    if product:
        first, last = start.exp().tolist(), end.tolist()
    for i in range(len(first)):
        for j in range(len(last)):
            if (order and j < i) or (limit is not None and j - i >= longest + limit):
                continue
            if (inside in ("both", "start") and not passage[i]) or (
                inside in ("both", "end") and not passage[j]
            ):
                continue
            score = first[i] * last[j] if product else first[i] + last[j]
            if score > best or (later and score == best):
                best, found = score, (i, j)
    return found


def _span_fault(**switches: Any) -> Callable[..., Any]:
    return lambda start, end, passage, longest: _span(start, end, passage, longest, **switches)


def _alone(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    out = [int(each.masked_fill(~passage, -torch.inf).argmax()) for each in (start, end)]
    return out[0], out[1]


def _start_first(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    first = int(start.masked_fill(~passage, -torch.inf).argmax())
    behind = [j for j in range(first, min(first + longest, len(end))) if passage[j]]
    return first, max(behind, key=lambda j: (float(end[j]), -j))


def _by_probability(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    return _span(start.softmax(-1), end.softmax(-1), passage, longest)


MISTAKES = (
    WrongAnswer(
        id="each_alone",
        code=_alone,
        says="You choose the start and the end each for itself.",
        why="The best end may lie before the best start. The pair is chosen together: the greatest sum among pairs that are spans.",
    ),
    WrongAnswer(
        id="start_first",
        code=_start_first,
        says="You fix the best start and then look for an end.",
        why="A start that is a little worse may have a much better end behind it: the greatest sum counts.",
    ),
    WrongAnswer(
        id="ends_before_it_starts",
        code=_span_fault(order=False),
        says="Your span may end before it starts.",
        why="Pairs with end < start are no spans of text.",
    ),
    WrongAnswer(
        id="one_too_long",
        code=_span_fault(limit=1),
        says="Your answers may be one token too long.",
        why="From i to j there are j − i + 1 tokens, both ends counted: j − i < longest.",
    ),
    WrongAnswer(
        id="one_too_short",
        code=_span_fault(limit=-1),
        says="Your answers may hold one token less than longest.",
        why="longest itself is allowed: from i to j there are j − i + 1 tokens.",
    ),
    WrongAnswer(
        id="no_limit",
        code=_span_fault(limit=None),
        says="You set no limit on the length.",
        why="An answer of half the passage is no answer: at most longest tokens.",
    ),
    WrongAnswer(
        id="outside",
        code=_span_fault(inside="none"),
        says="Your answer may stand in the question or in padding.",
        why="Only the passage holds answers: both ends have to be places where passage is True.",
    ),
    WrongAnswer(
        id="end_outside",
        code=_span_fault(inside="start"),
        says="You hold the start to the passage, but not the end.",
        why="Both ends lie in the passage.",
    ),
    WrongAnswer(
        id="start_outside",
        code=_span_fault(inside="end"),
        says="You hold the end to the passage, but not the start.",
        why="Both ends lie in the passage.",
    ),
    WrongAnswer(
        id="sum_of_probabilities",
        code=_by_probability,
        says="You add probabilities; logits are added.",
        why="The probability of a pair is the product of two, whose logarithm is the sum of two logits and a constant.",
    ),
    WrongAnswer(
        id="exchanged_logits",
        code=lambda start, end, passage, longest: _span(end, start, passage, longest),
        says="You have exchanged the logits of start and end.",
        why="The first list scores where the answer starts, the second where it ends.",
    ),
    WrongAnswer(
        id="end_excluded",
        code=lambda start, end, passage, longest: (
            _span(start, end, passage, longest)[0],
            _span(start, end, passage, longest)[1] + 1,
        ),
        says="Your end is the place behind the answer.",
        why="The end is the last token of the answer, as the logits were trained.",
    ),
    WrongAnswer(
        id="last_of_equals",
        code=_span_fault(later=True),
        says="Of spans with equal sums you take the last; the first is due.",
        why="A later span replaces the best one only when its sum is larger: >, not >=.",
    ),
)
