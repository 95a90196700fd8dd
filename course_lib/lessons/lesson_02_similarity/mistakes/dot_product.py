"""Mistakes in “The dot product, by a loop”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Sequence

from course_lib.checking.exercise import WrongAnswer


def _first_only(x: Sequence[float], y: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
        return total
    return total


def _last_only(x: Sequence[float], y: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total = a * b
    return total


MISTAKES = (
    WrongAnswer(
        id="returns_inside_loop",
        code=_first_only,
        says="Your function returns after the first pair of numbers.",
        why="A return that is indented as far as the loop's body ends the loop in its first round. "
        "Move it out, "
        "to the left.",
    ),
    WrongAnswer(
        id="last_pair_only",
        code=_last_only,
        says="Your result is the product of the last pair alone.",
        why="Each round writes over the total (=). It has to add to it (+=).",
    ),
    WrongAnswer(
        id="skips_last",
        code=lambda x, y: sum(x[i] * y[i] for i in range(len(x) - 1)),
        says="The last pair of numbers is left out.",
        why="range(n) already stops before n: range(len(x)) gives every place, range(len(x) - 1) "
        "one fewer.",
    ),
    WrongAnswer(
        id="skips_first",
        code=lambda x, y: sum(x[i] * y[i] for i in range(1, len(x))),
        says="The first pair of numbers is left out.",
        why="Python counts places from 0, so range(1, len(x)) starts at the second.",
    ),
    WrongAnswer(
        id="every_with_every",
        code=lambda x, y: sum(a * b for a in x for b in y),
        says="You multiply every number of x with every number of y, in two loops, one inside the "
        "other.",
        why="A dot product pairs numbers at the same place: first with first, second with second. "
        "One loop is enough.",
    ),
    WrongAnswer(
        id="adds_pairs",
        code=lambda x, y: sum(a + b for a, b in zip(x, y, strict=True)),
        says="You add the two numbers of a pair; they are multiplied.",
        why="The product is large only where both numbers are. A sum cannot tell agreement from "
        "one loud number.",
    ),
    WrongAnswer(
        id="multiplies_all",
        code=lambda x, y: math.prod(a * b for a, b in zip(x, y, strict=True)),
        says="You multiply the products together; they are added.",
        why="One zero anywhere would make the whole result zero, however well the other numbers "
        "agree.",
    ),
    WrongAnswer(
        id="starts_at_one",
        code=lambda x, y: 1.0 + sum(a * b for a, b in zip(x, y, strict=True)),
        says="Your result is 1 too large: the total starts at 1.",
        why="Nothing has been added yet when the loop begins, so a sum starts at 0.",
    ),
    WrongAnswer(
        id="list_of_products",
        code=lambda x, y: [a * b for a, b in zip(x, y, strict=True)],
        says="You return the products themselves, one for each place.",
        why="A dot product is a single number: their sum.",
    ),
    WrongAnswer(
        id="mean",
        code=lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)) / len(x),
        says="Your result is divided by the number of entries.",
        why="That is a mean of products. A dot product adds them and divides by nothing.",
    ),
)
