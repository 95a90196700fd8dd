"""Mistakes in “ALiBi's slopes”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.given import all_alike, is_arithmetic
from course_lib.lessons.lesson_08_order.mistakes.common import slopes


def _formula(n: int) -> list[float]:
    return [2.0 ** (-8 * h / n) for h in range(1, n + 1)]


def _arithmetic(n: int) -> list[float]:
    return [1 - h / n for h in range(n)]


def _power(n: int, larger: bool = False) -> int:
    power = 1 << (n.bit_length() - 1)
    return power if power == n or not larger else 2 * power


MISTAKES = (
    WrongAnswer(
        id="all_alike",
        code=lambda n: [2.0**-8] * n,
        matches=all_alike,
        says="All your heads have the same slope.",
        why="They are meant to differ: a steep head sees its neighbours, a shallow one the whole text.",
    ),
    WrongAnswer(
        id="arithmetic",
        code=_arithmetic,
        matches=is_arithmetic,
        says="Your slopes fall by equal steps: an arithmetic sequence.",
        why="They are geometric, each the one before times the same factor. A slope of 1/256 reaches 256 times as far "
        "as a slope of 1; equal steps would leave nearly all heads short-sighted.",
    ),
    WrongAnswer(
        id="from_one",
        code=lambda n: [slope * 2.0 ** (8 / _power(n)) for slope in slopes(n)],
        says="Your sequence starts at 1: its exponents are counted from 0.",
        why="The first slope is the ratio itself, 2^(−8/H), and the last one 2⁻⁸ = 1/256.",
    ),
    WrongAnswer(
        id="one_formula",
        code=_formula,
        says="You use 2^(−8h/H) for every number of heads, also where it is no power of two.",
        why="It is the formula of the paper's text, and would be a reasonable choice. The authors' code, and models such as "
        "BLOOM that follow it, fill up from the next power of two instead; their weights were trained with that.",
    ),
    WrongAnswer(
        id="halves_always",
        code=lambda n: [2.0**-h for h in range(1, n + 1)],
        says="Your slopes are always 1/2, 1/4, 1/8 …, whatever the number of heads.",
        why="That is right for 8 heads. The exponents run up to 8 for any H, so the ratio is 2^(−8/H).",
    ),
    WrongAnswer(
        id="no_eight",
        code=lambda n: [2.0 ** (math.log2(slope) / 8) for slope in slopes(n)],
        says="The 8 is missing in your exponents.",
        why="Then the slopes lie between 1 and 1/2, and no head sees further than a few tokens.",
    ),
    WrongAnswer(
        id="negative",
        code=lambda n: [-slope for slope in slopes(n)],
        says="Your slopes are negative.",
        why="The minus comes with the bias, −slope · distance. Two of them would reward far keys.",
    ),
    WrongAnswer(
        id="growing",
        code=lambda n: [2.0 ** (8 * h / _power(n)) for h in range(1, n + 1)],
        says="Your slopes grow: the minus in the exponent is missing.",
        why="A slope of 256 would hide everything but the token itself.",
    ),
    WrongAnswer(
        id="ascending",
        code=lambda n: slopes(n)[::-1],
        says="Your slopes are in reverse.",
        why="Head 1 has the steepest slope. A trained head has grown used to its own.",
    ),
    WrongAnswer(
        id="every_second_wrong",
        code=lambda n: (
            slopes(_power(n)) + slopes(2 * _power(n))[1::2][: n - _power(n)]
            if n != _power(n)
            else slopes(n)
        ),
        says="Your extra heads repeat slopes that are there already.",
        why="Every second slope of the larger set is one of the smaller set. The new ones lie between: start at the "
        "first, [0::2].",
    ),
    WrongAnswer(
        id="extra_in_order",
        code=lambda n: (
            slopes(_power(n)) + slopes(2 * _power(n))[: n - _power(n)]
            if n != _power(n)
            else slopes(n)
        ),
        says="Your extra heads take the first slopes of the larger set, not every second one.",
        why="Half of those are there already: two heads would have the same slope.",
    ),
    WrongAnswer(
        id="cut",
        code=lambda n: slopes(_power(n, larger=True))[:n],
        says="You take the slopes of the next larger power of two and cut them off.",
        why="The shallow slopes, which see far, would be lost. The smaller power comes first, whole; then every second one "
        "of the larger.",
    ),
    WrongAnswer(
        id="sorted",
        code=lambda n: sorted(slopes(n), reverse=True),
        says="Your slopes are the right ones, sorted.",
        why="The extra ones stand at the end, unsorted, in the authors' code: head by head is how a model is trained.",
    ),
)
