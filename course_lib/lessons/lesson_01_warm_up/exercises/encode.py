"""“Text to ids”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_01_warm_up.mistakes.encode import MISTAKES

CATS = {"<unk>": 0, "the": 1, "cat": 2, "sat": 3, "on": 4, "mat": 5}


#: Here the unknown word is not number 0, and the numbers leave a gap.
DOGS = {"dog": 3, "bites": 0, "man": 7, "<unk>": 5, "a": 2}


def encode_cases() -> list[Case]:
    texts = {
        "all words known": ("the cat sat", CATS),
        "a word not in the vocabulary": ("the dog sat on the mat", CATS),
        "<unk> is not number 0": ("a dog bites a cat", DOGS),
        "capital letters": ("The CAT sat", CATS),
        "two spaces, a tab, a line break": ("man  bites\ta\nDog ", DOGS),
        "a word twice": ("bites dog bites man", DOGS),
    }
    ordinary = [Case(label=label, args=args) for label, args in texts.items()]
    return [
        *ordinary,
        Case(label="an empty text", args=("", CATS), edge=True),
        Case(label="punctuation belongs to its word", args=("The cat, sat.", CATS), edge=True),
        Case(label="a word that begins with a listed one", args=("cat cats the", CATS), edge=True),
    ]


def encode_sample(rng: np.random.Generator) -> Case:
    vocabulary = pick(rng, [CATS, DOGS])
    words = [*vocabulary, "zebra", "ran"]
    text = ""
    for _ in range(pick(rng, range(8))):
        word = pick(rng, words)
        text += pick(rng, [word, word.upper(), word.title()]) + pick(rng, [" ", "  ", "\n"])
    return Case(label="random", args=(text, vocabulary), edge=not text)


def encode_oracle(text: str, vocabulary: dict[str, int]) -> list[int]:
    """Character by character, with no help from str.split."""
    ids, word = [], ""
    for letter in text + " ":
        if not letter.isspace():
            word += letter.lower()
        elif word:
            ids.append(vocabulary[word] if word in vocabulary else vocabulary["<unk>"])
            word = ""
    return ids


def one_id_a_word(call: Any, case: Case, value: Any) -> str | None:
    """As many ids as words."""
    words = case.args[0].split()
    if len(value) == len(words):
        return None
    return f"One id for each word is due: {case.args[0]!r} has {len(words)} words, you return {len(value)} ids."


def ids_are_listed(call: Any, case: Case, value: Any) -> str | None:
    """Every id is one of the vocabulary's."""
    known = set(case.args[1].values())
    for number in value:
        if number not in known:
            listed = ", ".join(map(str, sorted(known)))
            return f"{number!r} is no id of this vocabulary, which holds {listed}. (Case “{case.label}”.)"
    return None


EXERCISE = Exercise(
    name="encode",
    title="Text to ids",
    minutes=5,
    difficulty=1,
    proves="every word becomes one id, and a word that was never listed becomes that of <unk>",
    passed="Agrees with a loop over the letters: capitals, stray spaces and unknown words included.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    properties=(
        Property(id="one_id_a_word", holds=one_id_a_word),
        Property(id="ids_are_listed", holds=ids_are_listed),
    ),
    kinds=(
        "repeats",
        "punctuation",
        "zero",
        "alike_names",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.encode",
    hints=(
        (
            "Three steps: lower case, cut into words, look each up. A dictionary's get takes a second argument: "
            "what to return when the key is missing."
        ),
        'unknown = the id of "<unk>"\nfor every word of the lower-cased text:\n    its id if listed, else unknown',
        (
            "text.lower().split() cuts at any run of spaces, tabs and line breaks. Then "
            'vocabulary.get(word, vocabulary["<unk>"]) for each word, in a list.'
        ),
    ),
    wrong_answers=MISTAKES,
)
