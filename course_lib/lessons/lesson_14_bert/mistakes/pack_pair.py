"""Mistakes in “Two texts in one row”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right

Ids = Sequence[int]


def _packed(
    first: Ids,
    second: Ids | None,
    cls: int,
    sep: int,
    *,
    last: bool = True,
    middle: bool = True,
    start: bool = True,
    again: bool = False,
    always: bool = False,
) -> tuple[list[int], list[int]]:
    one = [cls] * start + list(first) + [sep] * (middle or second is None)
    if second is None:
        two = [sep] * always
    else:
        two = [cls] * again + list(second) + [sep] * last
    return one + two, [0] * len(one) + [1] * len(two)


def _pack_fault(**switches: bool) -> Callable[..., Any]:
    return lambda *args: _packed(*args, **switches)


def _segments(change: Callable[[list[int], list[int], int], list[int]]) -> Callable[..., Any]:
    def code(first: Ids, second: Ids | None, cls: int, sep: int) -> Any:
        tokens, segments = right.pack_pair(first, second, cls, sep)
        return tokens, change(tokens, segments, sep)

    return code


def _falsy(first: Ids, second: Ids | None, cls: int, sep: int) -> tuple[list[int], list[int]]:
    return _packed(first, second or None, cls, sep)


def _by_sep(tokens: list[int], segments: list[int], sep: int) -> list[int]:
    """Count 1 from the first [SEP] on, which belongs to the first text."""
    return [int(at >= tokens.index(sep)) if 1 in segments else 0 for at in range(len(tokens))]


def _last_alone(tokens: list[int], segments: list[int], sep: int) -> list[int]:
    return [*segments[:-1], 0]


MISTAKES = (
    WrongAnswer(
        id="no_last_separator",
        code=_pack_fault(last=False),
        says="[SEP] is missing behind the second text.",
        why="Each text ends with [SEP]. The pretrained weights have never seen a second text without one.",
    ),
    WrongAnswer(
        id="no_middle_separator",
        code=_pack_fault(middle=False),
        says="[SEP] is missing between the two texts.",
        why="It marks where the first text ends; attention uses it a great deal.",
    ),
    WrongAnswer(
        id="no_start",
        code=_pack_fault(start=False),
        says="[CLS] is missing at the start.",
        why="Every input begins with it: its hidden state stands for the whole.",
    ),
    WrongAnswer(
        id="start_twice",
        code=_pack_fault(again=True),
        says="You put [CLS] before the second text as well.",
        why="There is one [CLS] for the whole input, at its start.",
    ),
    WrongAnswer(
        id="empty_second",
        code=_pack_fault(always=True),
        says="A single text gets two [SEP] in your version.",
        why="Where there is no second text (None), nothing follows the first one's [SEP].",
    ),
    WrongAnswer(
        id="empty_is_none",
        code=_falsy,
        says="An empty second text gets no [SEP] in your version.",
        why="An empty list is a text without words, and its [SEP] ends it; only None says that there is none. “if second:” takes "
        "both for False.",
    ),
    WrongAnswer(
        id="segments_all_zero",
        code=_segments(lambda tokens, segments, sep: [0] * len(tokens)),
        says="All your segments are 0.",
        why="The second text, with its [SEP], is segment 1. Otherwise the model cannot tell whose word is whose.",
    ),
    WrongAnswer(
        id="separator_starts_second",
        code=_segments(_by_sep),
        says="Your segment 1 begins at the first [SEP].",
        why="A [SEP] belongs to the text that it ends: the first one is segment 0.",
    ),
    WrongAnswer(
        id="last_separator_zero",
        code=_segments(_last_alone),
        says="The last [SEP] of a pair is segment 0 in your version.",
        why="A [SEP] belongs to the text that it ends: the last one is segment 1.",
    ),
    WrongAnswer(
        id="segments_from_one",
        code=_segments(lambda tokens, segments, sep: [one + 1 for one in segments]),
        says="Your segments are 1 and 2; they are 0 and 1.",
        why="They are rows of a table with two rows, counted from 0.",
    ),
    WrongAnswer(
        id="separators_apart",
        code=_segments(
            lambda tokens, segments, sep: [
                2 if token == sep else one for token, one in zip(tokens, segments, strict=True)
            ]
        ),
        says="[SEP] has a segment of its own in your version.",
        why="There are two segments. A [SEP] belongs to the text that it ends.",
    ),
)
