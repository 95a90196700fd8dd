"""“Exact match and F1”: its cases, its oracle, its hints."""

import string

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.answer_scores import MISTAKES

_ANSWERS = (
    ("the global lock", "a lock", "a global lock against the lock"),
    ("Return", "return.", "case and punctuation"),
    ("“None” is returned", "None", "one word of three"),
    ("not not true", "not true", "a word said twice"),
    ("true before false", "false before true", "the same words in another order"),
    ("the", "theatre", "an article inside a word"),
    ("don't stop", "don t stop", "an apostrophe"),
    ("an iterator", "iterator object", "one word each"),
    ("the the lock lock", "Lock, a lock", "a word said twice in both"),
    ("__init__", "init", "underscores"),
    ("lock.", "lock", "a full stop alone"),
    ("...", "the", "nothing left on either side"),
    ("at 9 a.m.", "at 9 am", "points inside a word"),
    ("A “with” statement", "the with statement", "quotes of another kind"),
    ("right to left", "from right to left", "a word too few"),
    ("left to right to left", "left to right", "words too many"),
)


def answer_cases() -> list[Case]:
    return [
        *(Case(label=label, args=(said, due)) for said, due, label in _ANSWERS),
        Case(label="nothing in common", args=("zero", "one"), edge=True),
        Case(label="nothing said", args=("", "one"), edge=True),
        Case(label="an article alone on both sides", args=("the", "a."), edge=True),
        Case(label="nothing on both sides", args=("", ""), edge=True),
    ]


def answer_sample(rng: np.random.Generator) -> Case:
    words = (
        "the",
        "The",
        "a",
        "an",
        "lock",
        "Lock",
        "lock.",
        "re-entrant",
        "not",
        "don't",
        "theme",
        ",",
    )
    said, due = (" ".join(pick(rng, words) for _ in range(pick(rng, range(6)))) for _ in range(2))
    return Case(label="random", args=(said, due))


def _plain_words(answer: str) -> list[str]:
    bare = "".join(letter for letter in answer.lower() if letter not in string.punctuation)
    parts = "".join(
        c if c.isalnum() or c == "_" else f" {c} " if not c.isspace() else " " for c in bare
    )
    if parts.split() == bare.split():
        return [word for word in bare.split() if word not in ("a", "an", "the")]
    kept, at = list(bare), 0
    for word in parts.split():
        at = bare.index(word, at)
        if word in ("a", "an", "the"):
            kept[at : at + len(word)] = " " * len(word)
        at += len(word)
    return "".join(kept).split()


def answer_oracle(prediction: str, truth: str) -> tuple[bool, float]:
    """Cross words off one by one."""
    said, due = _plain_words(prediction), _plain_words(truth)
    left, hits = list(due), 0
    for word in said:
        if word in left:
            left.remove(word)
            hits += 1
    if not said and not due:
        return True, 1.0
    precision, recall = hits / max(len(said), 1), hits / max(len(due), 1)
    return said == due, 2 * precision * recall / (precision + recall) if hits else 0.0


EXERCISE = Exercise(
    name="answer_scores",
    title="Exact match and F1",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="case, punctuation and articles do not count, repeated words do, and F1 weighs what was said against what was due",
    passed="Agrees with crossing words off one by one, and with two empty answers.",
    cases=answer_cases,
    sample=answer_sample,
    oracle=answer_oracle,
    reference="course_lib.lessons.lesson_15_text_to_text.reference.answer_scores",
    parts=("exact match", "F1"),
    device="any",
    hints=(
        "Write a helper that turns an answer into its list of words: lower case, then without punctuation, then without articles. "
        "What do you compare for each score?",
        "words = lower case; drop string.punctuation; blank out a, an, the as whole words; split\n"
        "exact = the two lists are equal\ncommon = words of both, each as often as both have it\nF1 = 2 · common / (all words of both)\n"
        "when one list is empty: 1.0 if both are, else 0.0",
        'text.lower().translate(str.maketrans("", "", string.punctuation)), then re.sub(r"\\b(a|an|the)\\b", " ", text).split(). '
        "(Counter(said) & Counter(due)).total() counts what is common.",
    ),
    kinds=("punctuation", "repeats", "alike_names"),
    wrong_answers=MISTAKES,
)
