"""Mistakes in “Span corruption”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def _corrupt(
    tokens: Any,
    spans: Any,
    sentinels: Any,
    *,
    one: bool = False,
    every: bool = False,
    keeps: bool = False,
    last: bool = True,
    behind: bool = False,
    as_end: bool = False,
    gone: bool = False,
    own: bool = False,
    tail: bool = True,
) -> tuple[list[int], list[int]]:
    """Span corruption with switches for its classic mistakes; all off, it is right."""
    read: list[int] = []
    written: list[int] = []
    at = 0
    for place, (start, length) in enumerate(spans):
        end = length if as_end else start + length
        sentinel = sentinels[0 if one else place]
        asked = sentinels[len(spans) - 1 - place] if own else sentinel
        read += tokens[at:start]
        read += [] if gone else [sentinel] * (end - start) if every else [sentinel]
        read += tokens[start:end] if keeps else []
        written += [*tokens[start:end], asked] if behind else [asked, *tokens[start:end]]
        at = end
    read += tokens[at:] if tail else []
    return read, [*written, sentinels[0 if one else len(spans)]] if last else written


def _corrupt_fault(**switches: Any) -> Callable[..., Any]:
    return lambda tokens, spans, sentinels: _corrupt(tokens, spans, sentinels, **switches)


MISTAKES = (
    WrongAnswer(
        id="sentinels_reused",
        code=_corrupt_fault(one=True),
        says="Every span has the same sentinel.",
        why="Then nothing tells which words belong where: two texts with their spans exchanged look alike. The i-th span has the "
        "i-th sentinel.",
    ),
    WrongAnswer(
        id="last_sentinel_missing",
        code=_corrupt_fault(last=False),
        says="The last sentinel is missing from what is to be written.",
        why="It closes the last span as the others are closed by the sentinel behind them. Without it nothing says where the last "
        "span is over.",
    ),
    WrongAnswer(
        id="a_sentinel_for_each_token",
        code=_corrupt_fault(every=True),
        says="You put one sentinel for each token that was taken out.",
        why="A span has one sentinel, however long it is: how many words are missing is left for the model to find out, and what "
        "is read gets shorter.",
    ),
    WrongAnswer(
        id="span_still_there",
        code=_corrupt_fault(keeps=True),
        says="You insert the sentinels, but what they stand for is still read.",
        why="The model would copy. The tokens of a span leave what is read: the sentinel stands in their place.",
    ),
    WrongAnswer(
        id="sentinel_behind",
        code=_corrupt_fault(behind=True),
        says="In what is to be written, your sentinels stand behind their spans.",
        why="A sentinel announces its span: first it is named, then its words follow.",
    ),
    WrongAnswer(
        id="length_as_end",
        code=_corrupt_fault(as_end=True),
        says="You take the second number of a span for its end.",
        why="It is a length: (4, 2) holds places 4 and 5, and the text goes on at 4 + 2.",
    ),
    WrongAnswer(
        id="exchanged",
        code=lambda tokens, spans, sentinels: _corrupt(tokens, spans, sentinels)[::-1],
        says="You have exchanged what is read and what is to be written.",
        why="First comes the text with its gaps, then the list of what fills them.",
    ),
    WrongAnswer(
        id="no_sentinel_read",
        code=_corrupt_fault(gone=True),
        says="Nothing marks the gaps in what is read.",
        why="Without a sentinel in the place of a span, the model cannot know where words are missing, nor which are asked for.",
    ),
    WrongAnswer(
        id="other_order",
        code=_corrupt_fault(own=True),
        says="A span has one sentinel where it is read and another where it is written.",
        why="The sentinel is what ties the two together: the i-th on both sides.",
    ),
    WrongAnswer(
        id="tail_lost",
        code=_corrupt_fault(tail=False),
        says="What follows the last span is lost.",
        why="The text goes on behind the last gap: tokens[at:] still has to be read.",
    ),
    WrongAnswer(
        id="whole_text_written",
        code=lambda tokens, spans, sentinels: (_corrupt(tokens, spans, sentinels)[0], list(tokens)),
        says="The whole text is to be written.",
        why="That is BART's task. T5 writes what is missing alone, a fifth of the length: cheaper at every step.",
    ),
)
