"""“The best without order”: its cases, its oracle, its hints."""

import itertools
from typing import Any

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_07_self_attention.mistakes.best_without_order import MISTAKES


def ceiling_cases() -> list[Case]:
    small = [Case(label=f"{n} tokens", args=(n,)) for n in (2, 3, 4, 5, 8, 9)]
    return [*small, Case(label="one token", args=(1,), edge=True)]


def ceiling_oracle(n: int) -> float:
    """Count over all places: for each answer that a token may give, how often is it right?"""
    places = range(n)
    itself = sum(n - 1 - i == i for i in places) / n
    pairs = list(itertools.permutations(places, 2))
    another = sum(j == n - 1 - i for i, j in pairs) / len(pairs) if pairs else 0.0
    return float(max(itself, another))


def a_chance(call: Any, case: Case, value: Any) -> str | None:
    """It is a share of right answers."""
    if isinstance(value, float) and not 0 < value <= 1:
        return (
            "A share of right answers lies above 0 and is at most 1. On the case "
            f"“{case.label}” yours is {value:g}."
        )
    return None


EXERCISE = Exercise(
    name="best_without_order",
    title="The best without order",
    minutes=6,
    difficulty=2,
    proves="you know how well any model can reverse distinct tokens that does not see their order",
    passed="Agrees with a count over all pairs of places, for even and odd lengths.",
    cases=ceiling_cases,
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 30)),)),
    oracle=ceiling_oracle,
    properties=(Property(id="a_chance", holds=a_chance),),
    kinds=("whole_numbers",),
    reference="course_lib.lessons.lesson_07_self_attention.reference.best_without_order",
    device="any",
    hints=(
        "Without order, a token knows itself and the set of the others, and gives the same answer wherever "
        "it stands. How many tokens could stand opposite, and is it one of them itself? Try n = 4 and n = 5 "
        "on paper.",
        "n even: nobody stands opposite itself, so the candidates are the others, all equally likely\n"
        "n odd: once in n times a token stands in the middle, opposite itself; every other token is "
        "opposite as often",
        "With n = 4 a guess is right once in 3 times, with n = 5 once in 5. n % 2 tells even from odd.",
    ),
    wrong_answers=MISTAKES,
)
