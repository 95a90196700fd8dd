"""“Encode a word”: its cases, its oracle, its hints."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_12_language_model.common import PIECES, keeps_the_text, some_words
from course_lib.lessons.lesson_12_language_model.mistakes.encode import MISTAKES

LOW = [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("n", "e"), ("ne", "w"), ("new", "est")]


def encode_cases() -> list[Case]:
    def case(label: str, word: str, merges: Any, edge: bool = False) -> Case:
        return Case(label=label, args=(word, merges), edge=edge)

    return [
        case("“lowest”, seven merges", "lowest", LOW),
        case("“newest”", "newest", LOW),
        case("“abab”: (b, a) before (a, b)", "abab", [("b", "a"), ("a", "b"), ("ab", "a")]),
        case("“banana”", "banana", [("a", "n"), ("b", "an"), ("an", "a"), ("n", "a")]),
        case("“aaaaa”", "aaaaa", [("a", "a"), ("aa", "a"), ("aa", "aa")]),
        case("“abcd”, overlapping pairs", "abcd", [("c", "d"), ("b", "c"), ("a", "b")]),
        case(
            "“abcde”: the longest is not the one",
            "abcde",
            [("a", "b"), ("b", "cd"), ("c", "d"), ("ab", "cd"), ("d", "e"), ("c", "de")],
        ),
        case("“A.a.”: capitals and points", "A.a.", [("a", "."), ("A", ".")], edge=True),
        case("letters that training never saw", "höher", [("h", "e"), ("e", "r")], edge=True),
        case("no merges", "low", [], edge=True),
        case("one letter", "l", LOW, edge=True),
    ]


def encode_sample(rng: np.random.Generator) -> Case:
    from course_lib.data.byte_pairs import train_bpe

    words = some_words(rng)
    merges = train_bpe(words, 12)
    word = "".join("abc"[i] for i in rng.integers(0, 3, pick(rng, range(1, 9))))
    return Case(label="random", args=(word, merges))


def encode_oracle(word: str, merges: Sequence[tuple[str, str]]) -> list[str]:
    """Hugging Face's encoder, with these merges."""
    from tokenizers import Tokenizer, models

    pieces = [*dict.fromkeys([*word, *(p for pair in merges for p in (*pair, "".join(pair)))])]
    vocab = {piece: at for at, piece in enumerate(pieces)}
    return list(Tokenizer(models.BPE(vocab=vocab, merges=list(merges))).encode(word).tokens)


EXERCISE = Exercise(
    name="encode",
    title="Encode a word",
    minutes=7,
    difficulty=2,
    proves="words are cut as Hugging Face's encoder cuts them, words that were never seen included",
    passed="Agrees with Hugging Face's tokenizers on 11 words.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    reference=f"{PIECES}.encode",
    properties=(Property(id="keeps_the_text", holds=keeps_the_text),),
    hints=(
        "Start with the letters. Of all the neighbours that stand in the word now, which one would training have "
        "joined first?",
        "pieces = the letters\nwhile some neighbours stand in merges:\n    pair = the one that stands earliest in merges\n"
        "    pieces = merge_pair(pieces, pair)",
        "rank = {pair: at for at, pair in enumerate(merges)}; in the loop, there = [p for p in zip(pieces, pieces[1:]) if p in rank], "
        "and the pair is min(there, key=rank.get).",
    ),
    kinds=("repeats", "alike_names", "punctuation"),
    wrong_answers=MISTAKES,
)
