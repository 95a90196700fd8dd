"""“ROUGE-L”: its cases, its oracle, its hints."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.rouge_l import MISTAKES

_TEXTS = (
    ("return the first item", "return an item", "by hand"),
    ("a b c", "c a b", "a word moved to the front"),
    ("c a b", "a b c", "a word moved to the back"),
    ("the cat saw the dog", "the dog the cat", "repeated words"),
    ("to be or not to be", "to be be to not or to be", "many repetitions"),
    ("open the file and read it", "read it", "a short one"),
    ("close it", "close the file if it is open", "a long one"),
    ("x a y b z c", "a b c", "three words, gaps between"),
    ("a a b", "b a", "a word twice, in one text"),
)


def rouge_cases() -> list[Case]:
    return [
        *(Case(label=label, args=(a.split(), b.split())) for a, b, label in _TEXTS),
        Case(label="a capital letter", args=(["Return", "it"], ["return", "it"])),
        Case(label="a full stop", args=("It returns .".split(), ["It", "returns."])),
        Case(label="a word that begins another", args=(["the", "list"], ["then", "the", "lists"])),
        Case(label="one word each", args=(["a"], ["a"]), edge=True),
        Case(label="nothing in common", args=(["a", "b"], ["c"]), edge=True),
        Case(label="nothing written", args=(["a", "b"], []), edge=True),
        Case(label="two empty rows", args=([], []), edge=True),
    ]


def rouge_sample(rng: np.random.Generator) -> Case:
    rows = (["abcde"[pick(rng, range(5))] for _ in range(pick(rng, range(8)))] for _ in range(2))
    return Case(label="random", args=tuple(rows))


def rouge_oracle(target: Sequence[str], written: Sequence[str]) -> float:
    """Try the words of the shorter row in every selection, the largest first."""
    short, long = sorted((list(target), list(written)), key=len)
    best = 0
    for chosen in range(1 << len(short)):
        if chosen.bit_count() > best:
            rest = iter(long)
            if all(word in rest for i, word in enumerate(short) if chosen >> i & 1):
                best = chosen.bit_count()
    if best == 0:
        return 0.0
    precision, recall = best / len(written), best / len(target)
    return 2 * precision * recall / (precision + recall)


def both_ways_equal(call: Any, case: Case, value: Any) -> str | None:
    """A text scores 1 with itself."""
    target, _ = case.args
    if not target:
        return None
    own = call(list(target), list(target))
    if abs(own - 1) < 1e-6:
        return None
    return f"A row of words scores 1 with itself. “{' '.join(target)}” scores {own:.3f} by yours."


EXERCISE = Exercise(
    name="rouge_l",
    title="ROUGE-L",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="common words count in order, gaps allowed, each as often as it stands there, and F weighs both lengths",
    passed="Agrees with trying every selection of words; the lesson holds it against rouge-score as well.",
    cases=rouge_cases,
    sample=rouge_sample,
    oracle=rouge_oracle,
    properties=(Property(id="itself", holds=both_ways_equal),),
    reference="course_lib.lessons.lesson_15_text_to_text.reference.rouge_l",
    device="any",
    hints=(
        "Let L[i][j] be the length for the first i words of one row and the first j of the other. How does it follow from its three "
        "neighbours?",
        "L[i][j] = L[i−1][j−1] + 1 where the two words are equal\n        else the greater of L[i−1][j] and L[i][j−1]\n"
        "L[0][…] = L[…][0] = 0\nF = 2 · L / (length of one + length of the other); 0 when a row is empty",
        "Make a table of zeros of len(target) + 1 rows and len(written) + 1 columns, fill it row by row with the rule, and take "
        "table[-1][-1].",
    ),
    kinds=("repeats", "punctuation", "alike_names"),
    wrong_answers=MISTAKES,
)
