"""“Two texts in one row”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_ids
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, pick, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.pack_pair import MISTAKES


def pack_cases() -> list[Case]:
    drawn = [
        Case(label=f"texts of {a} and {b} tokens, seed {seed}", args=_pack_args(seed, a, b))
        for a, b, seed in ((4, 3, 0), (2, 6, 1))
    ]
    return [
        Case(label="texts (7, 8) and (9)", args=([7, 8], [9], 101, 102)),
        Case(label="one text (7, 8)", args=([7, 8], None, 101, 102)),
        *drawn,
        Case(label="the same text twice", args=([7, 8, 7], [7, 8, 7], 101, 102)),
        Case(
            label="texts that hold the ids of the marks", args=([2, 7], [1, 2, 0], 1, 2), edge=True
        ),
        Case(label="no words at all", args=([], None, 0, 3), edge=True),
        Case(label="a second text without words", args=([7, 8], [], 101, 102), edge=True),
    ]


def _pack_args(seed: Seed, a: int, b: int | None) -> tuple[Any, ...]:
    rng = rng_of(seed)
    second = None if b is None else (3 + draw_ids(rng, 90, b)).tolist()
    return (3 + draw_ids(rng, 90, a)).tolist(), second, 1, 2


def pack_sample(rng: np.random.Generator) -> Case:
    second = pick(rng, range(1, 6)) if coin(rng, 0.7) else None
    return Case(label="random", args=_pack_args(rng, pick(rng, range(1, 6)), second))


def pack_oracle(
    first: list[int], second: list[int] | None, cls: int, sep: int
) -> tuple[list[int], list[int]]:
    """Append token by token; the segment goes up after the first text's end."""
    tokens, segments = [cls], [0]
    for segment, text in enumerate([first] if second is None else [first, second]):
        for token in [*text, sep]:
            tokens.append(token)
            segments.append(segment)
    return tokens, segments


EXERCISE = Exercise(
    name="pack_pair",
    title="Two texts in one row",
    minutes=6,
    difficulty=1,
    proves="a pair becomes [CLS] a [SEP] b [SEP], every [SEP] in the segment of the text that it ends",
    passed="Agrees with appending token by token, for pairs, for single texts and for an empty second one.",
    cases=pack_cases,
    sample=pack_sample,
    oracle=pack_oracle,
    reference="course_lib.lessons.lesson_14_bert.reference.pack_pair",
    parts=("tokens", "segments"),
    hints=(
        "Make two lists: what belongs to the first text, with its marks, and what belongs to the second. How long is each?",
        "one = cls, the first text, sep\ntwo = the second text, sep; nothing where there is none\n"
        "tokens: one, then two\nsegments: a 0 for each of one, a 1 for each of two",
        "one = [cls, *first, sep]; two is [] where second is None, else [*second, sep]. [0] * len(one) repeats a 0.",
    ),
    kinds=("repeats", "zero"),
    wrong_answers=MISTAKES,
)
