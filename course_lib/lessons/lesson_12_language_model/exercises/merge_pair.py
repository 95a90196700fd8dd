"""“Merge a pair”: its cases, its oracle, its hints."""

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_12_language_model.common import PIECES, keeps_the_text
from course_lib.lessons.lesson_12_language_model.mistakes.merge_pair import MISTAKES


def merge_cases() -> list[Case]:
    def case(label: str, pieces: str, pair: str, edge: bool = False) -> Case:
        return Case(label=label, args=(pieces.split(), tuple(pair.split())), edge=edge)

    return [
        case("b, a, n, a, n, a with (a, n)", "b a n a n a", "a n"),
        case("three equal letters", "a a a", "a a"),
        case("longer pieces: ba, b, a, b with (a, b)", "ba b a b", "a b"),
        case("the pair and its mirror image", "n a n a b a n", "n a"),
        case("five equal letters", "b a a a a a", "a a"),
        case("merged pieces: l, ow, er, low, er", "l ow er low er", "low er"),
        case("two pairs that spell the same: ab, c, a, bc with (a, bc)", "ab c a bc", "a bc"),
        case("capitals and points: A, b, A, ., a, . with (A, .)", "A b A . a .", "A .", edge=True),
        case("a pair that is not there", "l o w", "o l", edge=True),
        case("a single piece", "low", "l ow", edge=True),
        case("no piece at all", "", "l o", edge=True),
    ]


def merge_sample(rng: np.random.Generator) -> Case:
    letters = ["a", "b", "ab", "ba", "aa"]
    pieces = [letters[i] for i in rng.integers(0, 5, pick(rng, range(9)))]
    pair = (letters[pick(rng, range(3))], letters[pick(rng, range(3))])
    return Case(label="random", args=(pieces, pair))


def merge_oracle(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """From the left, by recursion."""
    if len(pieces) < 2:
        return list(pieces)
    if pieces[0] == pair[0] and pieces[1] == pair[1]:
        return ["".join(pair), *merge_oracle(pieces[2:], pair)]
    return [pieces[0], *merge_oracle(pieces[1:], pair)]


EXERCISE = Exercise(
    name="merge_pair",
    title="Merge a pair",
    minutes=4,
    difficulty=1,
    proves="every occurrence is joined, from left to right, and no letter is lost",
    passed="Agrees with a recursion on 11 words, overlaps and longer pieces among them.",
    cases=merge_cases,
    sample=merge_sample,
    oracle=merge_oracle,
    reference=f"{PIECES}.merge_pair",
    properties=(Property(id="keeps_the_text", holds=keeps_the_text),),
    hints=(
        "Walk along the list with a place that you move yourself. At each place there are two cases: the pair stands here, "
        "or it does not. How far does each case move you?",
        "at = 0\nwhile there are pieces left:\n    if this piece and the next are the pair: append both joined, at += 2\n"
        "    else: append this piece, at += 1",
        "tuple(pieces[at : at + 2]) == pair tells whether the pair stands here, also at the end, where the slice has one piece.",
    ),
    kinds=("repeats", "alike_names", "punctuation"),
    wrong_answers=MISTAKES,
)
