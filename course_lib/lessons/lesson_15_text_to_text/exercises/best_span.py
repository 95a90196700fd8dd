"""“The best span”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.best_span import MISTAKES


def span_cases() -> list[Case]:
    def row(*numbers: float) -> Tensor:
        return double(numbers)

    inside = torch.tensor([False, True, True, True, True])
    by_hand = (row(9, 1, 5, 0, 2), row(9, 6, 0, 3, 1), inside, 3)
    drawn = [_span_case(np.random.default_rng(seed), n, most) for seed, n, most in _SPANS]
    ties = (torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64), inside[:4], 2)
    return [
        Case(label="five tokens, three at most", args=by_hand),
        Case(
            label="the best end comes first",
            args=(row(0, 0, 0, 4, 1), row(0, 5, 1, 0, 3), inside, 2),
        ),
        Case(
            label="an answer of four tokens",
            args=(row(0, 7, 1, 2, 0), row(0, 2, 3, 1, 7), inside, 4),
        ),
        Case(
            label="the best end is one token too far",
            args=(row(0, 7, 1, 2, 0), row(0, 2, 3, 1, 7), inside, 3),
        ),
        *(Case(label=f"{n} tokens, seed {s}", args=c.args) for (s, n, _), c in zip(_SPANS, drawn, strict=True)),
        Case(label="all sums equal", args=ties, edge=True),
        Case(
            label="two spans with equal sums",
            args=(row(0, 3, 1, 4, 0), row(0, 4, 0, 3, 2), inside, 3),
            edge=True,
        ),
        Case(label="one token", args=(row(-2), row(-3), inside[1:2], 4), edge=True),
        Case(label="a passage of one token", args=(row(3, 1, 2), row(2, 1, 3), inside[:2].new_tensor([0, 1, 0]), 2), edge=True),
        Case(
            label="negative logits",
            args=(row(-5, -9, -7, -8, -6), row(-1, -6, -9, -7, -8), inside, 4),
        ),
    ]  # fmt: skip


_SPANS = ((0, 9, 3), (1, 14, 2), (2, 11, 4), (3, 17, 5), (4, 12, 1))


def _span_case(rng: np.random.Generator, n: int, most: int) -> Case:
    first = pick(rng, range(n))
    last = pick(rng, range(first, n))
    passage = torch.zeros(n, dtype=torch.bool)
    passage[first : last + 1] = True
    if n > 8:
        passage[: n // 3], passage[n // 3 : n - 2], passage[n - 2 :] = False, True, False
    return Case(label="random", args=(2 * noise(rng, n), 2 * noise(rng, n), passage, most))


def span_oracle(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    """Try every span that is allowed, in a loop; a later one wins only when it is better."""
    first, last, inside = start.tolist(), end.tolist(), passage.tolist()
    pairs = [
        (i, i + more)
        for i in range(len(first))
        for more in range(longest)
        if i + more < len(last) and inside[i] and inside[i + more]
    ]
    return max(pairs, key=lambda pair: (first[pair[0]] + last[pair[1]], -pair[0], -pair[1]))


def span_is_allowed(call: Any, case: Case, value: Any) -> str | None:
    """What comes out is a span of the passage, short enough."""
    _, _, passage, longest = case.args
    first, last = int(value[0]), int(value[1])
    if first > last:
        return f"A span ends where it starts or later. On the case “{case.label}” yours is ({first}, {last})."
    if last - first >= longest:
        return (
            f"At most {longest} token{'s' * (longest > 1)} on the case “{case.label}”; yours, ({first}, {last}), has "
            f"{last - first + 1}: both ends count."
        )
    if last >= len(passage) or not (passage[first] and passage[last]):
        return f"Both ends stand in the passage. On the case “{case.label}” yours, ({first}, {last}), does not."
    return None


EXERCISE = Exercise(
    name="best_span",
    title="The best span",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="of all spans that lie in the passage and are short enough, the one with the greatest sum is found",
    passed="Agrees with trying every span, equal sums and negative logits included.",
    cases=span_cases,
    sample=lambda rng: _span_case(rng, pick(rng, range(1, 14)), pick(rng, range(1, 6))),
    oracle=span_oracle,
    properties=(Property(id="allowed", holds=span_is_allowed),),
    reference="course_lib.lessons.lesson_15_text_to_text.reference.best_span",
    parts=("the start", "the end"),
    hints=(
        "Choosing start and end each for itself may give an end before the start. How many pairs are there, and which of them are "
        "spans?",
        "sums[i, j] = start[i] + end[j]\n−∞ unless i ≤ j, j − i < longest, and both in the passage\nthe place of the greatest sum: row and "
        "column",
        "torch.ones(n, n, dtype=torch.bool).triu().tril(longest - 1) keeps i ≤ j < i + longest; & passage[:, None] & passage; "
        "place = int(sums.argmax()); place // n and place % n. Make the table on start.device.",
    ),
    kinds=("front", "ties", "negative", "one_place", "repeats"),
    never={
        "gaps": "A passage is one stretch of tokens.",
        "empty": "At least one span fits, as the text says.",
        "hidden_nan": "A model's logits are finite, on the question and on padding too.",
    },
    wrong_answers=MISTAKES,
)
