"""Mistakes in “Where the gaps are”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def _spans(
    n: int,
    density: float,
    mean_length: float,
    cut: Any,
    *,
    rounds: Callable[[float], int] = round,
    least: bool = True,
    most: bool = True,
    starts_with_noise: bool = False,
    from_text: bool = False,
    single: bool = False,
    relative: bool = False,
    ends: bool = False,
    noise_alone: bool = False,
) -> list[tuple[int, int]]:
    """Drawn spans with switches for their classic mistakes; all off, they are right."""
    n_noise = min(max(rounds(n * density), int(least)), n - 1)
    n_spans = rounds((n if from_text else n_noise) / mean_length)
    n_spans = n_noise if single else max(n_spans, 1)
    n_spans = min(n_spans, n - n_noise, n_noise) if most else n_spans
    spans, at = [], 0
    noise = cut(n_noise, n_spans)
    kept = cut(n if noise_alone else n - n_noise, n_spans)
    for length, stays in zip(noise, kept, strict=True):
        at = 0 if relative else at
        start = at if starts_with_noise else at + stays
        spans.append((start, start + length if ends else length))
        at += stays + length
    return spans


def _spans_fault(**switches: Any) -> Callable[..., Any]:
    return lambda n, density, mean_length, cut: _spans(n, density, mean_length, cut, **switches)


MISTAKES = (
    WrongAnswer(
        id="rounds_down",
        code=_spans_fault(rounds=int),
        says="You cut off decimals where numbers are rounded.",
        why="0.15 · 12 = 1.8 is nearer to 2 than to 1. int cuts, round rounds; with int there are too few gaps on average.",
    ),
    WrongAnswer(
        id="rounds_half_up",
        code=_spans_fault(rounds=lambda x: int(x + 0.5)),
        says="You round halves up; Python's round takes the even neighbour.",
        why="round(4.5) is 4 and round(2.5) is 2. The text names round, so that both counts are the same for everybody.",
    ),
    WrongAnswer(
        id="starts_with_a_gap",
        code=_spans_fault(starts_with_noise=True),
        says="Your text begins with a span; it begins with a stretch that stays.",
        why="Stretches alternate, and the first stays: so the first start is the first kept length, not 0.",
    ),
    WrongAnswer(
        id="spans_of_one",
        code=_spans_fault(single=True),
        says="Every span is one token long; the mean length is not asked.",
        why="Single gaps are BERT's task. round(n_noise / mean_length) spans share the tokens that are taken out.",
    ),
    WrongAnswer(
        id="spans_counted_from_the_text",
        code=_spans_fault(from_text=True),
        says="You count the spans from the length of the whole text.",
        why="Only the tokens that are taken out are shared by the spans: their number over the mean length.",
    ),
    WrongAnswer(
        id="starts_do_not_add_up",
        code=_spans_fault(relative=True),
        says="Each start is a kept length; what came before is not added.",
        why="A start is a place in the text: everything before it counts, stretches that stay and spans alike.",
    ),
    WrongAnswer(
        id="ends_for_lengths",
        code=_spans_fault(ends=True),
        says="Your pairs are (start, end); (start, length) is asked for.",
        why="corrupt reads the second number as a length.",
    ),
    WrongAnswer(
        id="kept_from_the_whole",
        code=_spans_fault(noise_alone=True),
        says="The stretches that stay sum to the whole text.",
        why="Some of it is taken out: what stays has n − n_noise tokens. Otherwise the last spans lie behind the end.",
    ),
    WrongAnswer(
        id="exchanged_shares",
        code=lambda n, density, mean_length, cut: _spans(n, 1 - density, mean_length, cut),
        says="You take out what should stay.",
        why="The density is the share that is taken out: at 0.15, fifteen tokens of a hundred.",
    ),
    WrongAnswer(
        id="whole_spans_alone",
        code=lambda n, density, mean_length, cut: _whole_spans(n, density, mean_length, cut),
        says="You fix the number of spans first and give each the mean length.",
        why="Then the number of tokens taken out is a multiple of the mean length. That number is exact and comes first; spans share it.",
    ),
)


def _whole_spans(n: int, density: float, mean_length: float, cut: Any) -> list[tuple[int, int]]:
    n_spans = max(round(n * density / mean_length), 1)
    length = min(max(round(mean_length), 1), (n - 1) // n_spans)
    spans, at = [], 0
    for stays in cut(n - n_spans * length, n_spans):
        spans.append((at + stays, length))
        at += stays + length
    return spans
