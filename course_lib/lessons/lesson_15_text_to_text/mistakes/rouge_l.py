"""Mistakes in “ROUGE-L”: the code that makes each, its name, and why it is wrong."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_15_text_to_text.reference import rouge_l


def _common(target: Any, written: Any) -> int:
    """Return the length of the longest common subsequence."""
    table = [[0] * (len(written) + 1) for _ in range(len(target) + 1)]
    for i, word in enumerate(target):
        for j, other in enumerate(written):
            best = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if word == other else best
    return table[-1][-1]


def _substring(target: Any, written: Any) -> int:
    """Return the length of the longest run that both hold without a gap."""
    longest = 0
    for i in range(len(target)):
        for j in range(len(written)):
            n = 0
            while (
                target[i + n : i + n + 1]
                and target[i + n : i + n + 1] == written[j + n : j + n + 1]
            ):
                n += 1
            longest = max(longest, n)
    return longest


def _greedily(target: Any, written: Any) -> int:
    """Return how many words are found by taking the next match of each word in turn."""
    at = found = 0
    for word in target:
        rest = list(written[at:])
        if word in rest:
            at += rest.index(word) + 1
            found += 1
    return found


def _common_in_one_row(target: Any, written: Any) -> int:
    """Return what the rule gives in a table whose rows are one list."""
    row = [0] * (len(written) + 1)
    for word in target:
        for j, other in enumerate(written):
            row[j + 1] = row[j] + 1 if word == other else max(row[j + 1], row[j])
    return row[-1]


def _rouge(common: Callable[[Any, Any], int], below: str = "f1") -> Callable[[Any, Any], float]:
    def score(target: Any, written: Any) -> float:
        if not target or not written:
            return 0.0
        sizes = {
            "f1": (len(target) + len(written)) / 2,
            "recall": len(target),
            "precision": len(written),
            "longer": max(len(target), len(written)),
            "shorter": min(len(target), len(written)),
            "both": len(target) + len(written),
        }
        return common(target, written) / sizes[below]

    return score


MISTAKES = (
    WrongAnswer(
        id="case_ignored",
        code=lambda target, written: _rouge(_common)(
            [word.lower() for word in target], [word.lower() for word in written]
        ),
        says="“Return” and “return” are one word for you.",
        why="Whoever wants that lowers the case of both texts first, as the lesson's next cell does. The score takes words as they come.",
    ),
    WrongAnswer(
        id="on_sets",
        code=lambda target, written: _rouge(lambda a, b: len(a & b))(set(target), set(written)),
        says="You compare sets of words: order and repetition are lost.",
        why="“the the the” would score like “the”, and a shuffled sentence like the sentence. ROUGE-L needs the words in order, "
        "each as often as it stands there.",
    ),
    WrongAnswer(
        id="without_order",
        code=_rouge(lambda a, b: sum((Counter(a) & Counter(b)).values())),
        says="You count common words and forget their order: that is ROUGE-1.",
        why="The L stands for the longest common subsequence: the words have to come in the same order, gaps allowed.",
    ),
    WrongAnswer(
        id="each_word_found",
        code=_rouge(lambda a, b: sum(word in b for word in a)),
        says="You ask of each word of the target whether it occurs at all: order is lost, and one word answers for many.",
        why="“the the the” would be found whole in any text with one “the”. Each word of the other text can be matched once, and in order.",
    ),
    WrongAnswer(
        id="without_gaps",
        code=_rouge(_substring),
        says="You look for the longest run without gaps.",
        why="A subsequence may have gaps: “return … item” is common to “return the first item” and “return an item”.",
    ),
    WrongAnswer(
        id="greedy_matching",
        code=_rouge(_greedily),
        says="You take the next match of each word as it comes.",
        why="An early word matched late uses up all before it: for “c a b” in “a b c” that finds one word, where “a b” are two. "
        "Compare both choices at every step.",
    ),
    WrongAnswer(
        id="one_row_many_times",
        code=_rouge(_common_in_one_row),
        says="The rows of your table are one and the same list.",
        why="[[0] * n] * m holds one list m times: what is written into a row stands in all of them. "
        "[[0] * n for _ in range(m)] makes a new one for each.",
    ),
    WrongAnswer(
        id="recall_alone",
        code=_rouge(_common, "recall"),
        says="That is recall: the common length over the target's.",
        why="Writing everything would score 1. The F-measure weighs precision as well.",
    ),
    WrongAnswer(
        id="precision_alone",
        code=_rouge(_common, "precision"),
        says="That is precision: the common length over that of what was written.",
        why="Writing one sure word would score 1. The F-measure weighs recall as well.",
    ),
    WrongAnswer(
        id="over_the_longer",
        code=_rouge(_common, "longer"),
        says="You divide by the longer of the two.",
        why="F = 2PR/(P + R) works out as the common length over the mean of both lengths.",
    ),
    WrongAnswer(
        id="over_the_shorter",
        code=_rouge(_common, "shorter"),
        says="You divide by the shorter of the two.",
        why="F = 2PR/(P + R) works out as the common length over the mean of both lengths.",
    ),
    WrongAnswer(
        id="half",
        code=_rouge(_common, "both"),
        says="Your score is half of what it should be.",
        why="F = 2PR/(P + R): with P = R = 1 it is 1. The 2 is missing.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=lambda target, written: (
            (
                _rouge(_common, "recall")(target, written)
                + _rouge(_common, "precision")(target, written)
            )
            / 2
        ),
        says="You take the arithmetic mean of precision and recall.",
        why="The F-measure is the harmonic mean, 2PR/(P + R): it is low as soon as one of them is.",
    ),
    WrongAnswer(
        id="by_letters",
        code=lambda target, written: rouge_l(list(" ".join(target)), list(" ".join(written))),
        says="You compare letters; words are compared.",
        why="Any two English texts have most letters in common. A match is a whole word.",
    ),
)
