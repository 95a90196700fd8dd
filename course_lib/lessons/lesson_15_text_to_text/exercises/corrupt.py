"""“Span corruption”: its cases, its oracle, its hints."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.corrupt import MISTAKES

SENTINELS = [99, 98, 97, 96, 95, 94]


def corrupt_cases() -> list[Case]:
    def text(n: int) -> list[int]:
        return list(range(11, 11 + n))

    return [
        Case(
            label="five tokens, spans (1, 2) and (4, 1)",
            args=(text(5), [(1, 2), (4, 1)], SENTINELS),
        ),
        Case(label="eight tokens, one span", args=(text(8), [(4, 2)], SENTINELS)),
        Case(
            label="twelve tokens, three spans",
            args=([7, 7, 3, 5, 5, 5, 8, 2, 9, 9, 4, 6], [(1, 1), (4, 3), (9, 2)], SENTINELS),
        ),
        Case(label="a span at the front", args=(text(6), [(0, 2), (3, 1)], SENTINELS)),
        Case(label="two spans that touch", args=(text(6), [(1, 2), (3, 1)], SENTINELS), edge=True),
        Case(
            label="words, one of them twice",
            args=("a dog saw a cat".split(), [(0, 1), (3, 2)], ["⟨0⟩", "⟨1⟩", "⟨2⟩"]),
            edge=True,
        ),
        Case(label="no span", args=(text(3), [], SENTINELS), edge=True),
        Case(label="everything is one span", args=(text(3), [(0, 3)], SENTINELS), edge=True),
    ]


def corrupt_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 14))
    tokens = [int(token) for token in rng.integers(1, 40, size=n)]
    spans, at = [], pick(rng, range(3))
    while at < n and len(spans) < 5:
        length = pick(rng, range(1, min(4, n - at) + 1))
        spans.append((at, length))
        at += length + pick(rng, range(1, 4))
    return Case(label="random", args=(tokens, spans, SENTINELS))


def corrupt_oracle(
    tokens: Sequence[int], spans: Sequence[tuple[int, int]], sentinels: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Ask of every token whether a span holds it, and which; then write both rows token by token."""
    holder = [
        next((i for i, (start, n) in enumerate(spans) if start <= at < start + n), None)
        for at in range(len(tokens))
    ]
    read: list[int] = []
    written: list[int] = []
    for i, places in groupby(range(len(tokens)), key=lambda at: holder[at]):
        run = [tokens[at] for at in places]
        read += run if i is None else [sentinels[i]]
        written += [] if i is None else [sentinels[i], *run]
    return read, [*written, sentinels[len(spans)]]


def nothing_is_lost(call: Any, case: Case, value: Any) -> str | None:
    """Each token of the text stands in one of the two, and in one alone."""
    tokens, _, sentinels = case.args
    found = [token for part in value for token in part if token not in sentinels]
    if len(found) == len(tokens):
        return None
    return (
        f"Every token of the text is either read or written, never both, never neither: {len(tokens)} in all. On the case "
        f"“{case.label}” yours are {len(found)}."
    )


EXERCISE = Exercise(
    name="corrupt",
    title="Span corruption",
    minutes=8,
    difficulty=2,
    proves="each span leaves one sentinel behind, and what is to be written names every sentinel, its tokens, and one sentinel more",
    passed="Agrees with a rule that asks of every token which span holds it.",
    cases=corrupt_cases,
    sample=corrupt_sample,
    oracle=corrupt_oracle,
    properties=(Property(id="nothing_is_lost", holds=nothing_is_lost),),
    reference="course_lib.data.span_corruption.corrupt",
    parts=("what is read", "what is to be written"),
    device="any",
    hints=(
        "Walk along the text from span to span. What goes into the first list up to the start of a span, and what goes where at "
        "the span itself?",
        "at = 0\nfor each span with its sentinel:\n  read: the tokens from at to the start, then the sentinel\n"
        "  written: the sentinel, then the tokens of the span\n  at = the end of the span\nread: what is left\nwritten: the next sentinel",
        "for (start, length), sentinel in zip(spans, sentinels): read += [*tokens[at:start], sentinel]; at = start + length; "
        "written += [sentinel, *tokens[start:at]]. The last sentinel is sentinels[len(spans)].",
    ),
    kinds=("repeats",),
    wrong_answers=MISTAKES,
)
