"""Mistakes in “Exact match and F1”: the code that makes each, its name, and why it is wrong."""

import re
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_15_text_to_text.reference import answer_scores, normalise


def words_of(answer: str) -> list[str]:
    return normalise(answer).split()


def _words(
    text: str, *, lower: bool = True, articles: bool = True, bare: bool = True, loose: bool = False
) -> list[str]:
    text = text.lower() if lower else text
    if bare:
        blank = " " if loose else ""
        text = "".join(blank if letter in string.punctuation else letter for letter in text)
    return (re.sub(r"\b(a|an|the)\b", " ", text) if articles else text).split()


def _scores(
    prediction: str,
    truth: str,
    words: Callable[[str], list[str]] = words_of,
    *,
    sets: bool = False,
    measure: str = "f1",
    exact: str = "words",
    common_once: bool = False,
) -> tuple[bool, float]:
    """Both scores with switches for their classic mistakes; all off, they are right."""
    said, due = words(prediction), words(truth)
    if sets:
        said, due = sorted(set(said)), sorted(set(due))
    same = {"words": said == due, "raw": prediction == truth, "inside": _inside(due, said)}[exact]
    if not said or not due:
        return same, float(said == due)
    both = Counter(said) & Counter(due)
    common = len(both) if common_once else both.total()
    below = {"f1": (len(said) + len(due)) / 2, "precision": len(said), "recall": len(due)}
    return same, common / below[measure] if measure in below else common / len(set(said) | set(due))


def _inside(due: list[str], said: list[str]) -> bool:
    return " ".join(due) in " ".join(said)


def _scores_fault(words: Callable[[str], list[str]] = words_of, **more: Any) -> Callable[..., Any]:
    return lambda prediction, truth: _scores(prediction, truth, words, **more)


MISTAKES = (
    WrongAnswer(
        id="case_counts",
        code=_scores_fault(lambda text: _case_kept(text)),
        says="“Lock” and “lock” are two words for you.",
        why="Whether a word begins a sentence says nothing about the answer: everything is lower case first.",
    ),
    WrongAnswer(
        id="articles_count",
        code=_scores_fault(lambda text: _words(text, articles=False)),
        says="Your words still hold a, an and the.",
        why="“The lock” and “lock” are the same answer; SQuAD drops articles.",
    ),
    WrongAnswer(
        id="punctuation_counts",
        code=_scores_fault(lambda text: _words(text, bare=False)),
        says="Punctuation is still part of your words.",
        why="“lock.” and “lock” are the same answer; punctuation is taken out.",
    ),
    WrongAnswer(
        id="punctuation_splits",
        code=_scores_fault(lambda text: _words(text, loose=True)),
        says="You put a space in the place of punctuation.",
        why="SQuAD takes it out: “__dict__” becomes “dict” either way, but “don't” becomes “dont”, one word.",
    ),
    WrongAnswer(
        id="articles_first",
        code=_scores_fault(
            lambda text: _words(re.sub(r"\b(a|an|the)\b", " ", text.lower()), articles=False)
        ),
        says="You take the articles out before the punctuation.",
        why="Then the a of “a.m.” is an article and “m” is left. Without its points it is the word “am”.",
    ),
    WrongAnswer(
        id="on_sets",
        code=_scores_fault(sets=True),
        says="You count a repeated word once.",
        why="A word said twice where it is due once has one hit and one miss. Count: Counter(a) & Counter(b) keeps the smaller.",
    ),
    WrongAnswer(
        id="precision_alone",
        code=_scores_fault(measure="precision"),
        says="That is precision: the share of what was said that is right.",
        why="One right word out of a long answer would score 1. F1 weighs recall as well.",
    ),
    WrongAnswer(
        id="recall_alone",
        code=_scores_fault(measure="recall"),
        says="That is recall: the share of the truth that was said.",
        why="Answering with the whole passage would score 1. F1 weighs precision as well.",
    ),
    WrongAnswer(
        id="compared_as_typed",
        code=_scores_fault(exact="raw"),
        says="Your exact match compares the texts as they were typed.",
        why="It is exact after normalising: case, punctuation and articles do not count.",
    ),
    WrongAnswer(
        id="truth_inside",
        code=_scores_fault(exact="inside"),
        says="Your exact match is content when the truth stands somewhere in the answer.",
        why="Then the whole passage always matches. The words have to be equal, all of them.",
    ),
    WrongAnswer(
        id="exact_in_any_order",
        code=lambda prediction, truth: (
            sorted(words_of(prediction)) == sorted(words_of(truth)),
            answer_scores(prediction, truth)[1],
        ),
        says="Your exact match forgets the order of the words.",
        why="“true before false” is not “false before true”. F1 forgets the order; exact match does not.",
    ),
    WrongAnswer(
        id="exact_from_f1_on_sets",
        code=lambda prediction, truth: (
            set(words_of(prediction)) == set(words_of(truth)),
            answer_scores(prediction, truth)[1],
        ),
        says="Your exact match compares sets of words.",
        why="Order and repetition count: compare the two lists.",
    ),
    WrongAnswer(
        id="empty_is_zero",
        code=lambda prediction, truth: (
            answer_scores(prediction, truth)[0],
            answer_scores(prediction, truth)[1] if words_of(truth) or words_of(prediction) else 0.0,
        ),
        says="Two empty answers score 0.",
        why="Nothing was due and nothing was said: that is right. An empty one beside a full one scores 0.",
    ),
)


def _case_kept(text: str) -> list[str]:
    bare = text.translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"\b(a|an|the|A|An|The)\b", " ", bare).split(
        WrongAnswer(
            id="common_once",
            code=_scores_fault(common_once=True),
            says="You count each common word once, however often both say it.",
            why="Repeated words count as often as both have them: (Counter(said) & Counter(due)).total().",
        ),
    )
