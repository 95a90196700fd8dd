"""“Learn the merges”: its cases, its oracle, its hints."""

import json
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_12_language_model.common import PIECES, some_words
from course_lib.lessons.lesson_12_language_model.mistakes.train_bpe import MISTAKES


def train_cases() -> list[Case]:
    def case(label: str, words: dict[str, int], n: int, edge: bool = False) -> Case:
        return Case(label=label, args=(words, n), edge=edge)

    capitals = {"Ab.": 2, "ab.": 2, "A.b": 1}

    return [
        case("low 5 times, lower 2 times, newest 6 times, widest 3 times, 4 merges", PAPER, 4),
        case("cab once, 1 merge: (c, a) and (a, b) tie, and a is the older", {"cab": 1}, 1),
        case("banana 3 times, band once, 2 merges", {"banana": 3, "band": 1}, 2),
        case("ba, cab and ab, all once, 3 merges", {"cab": 1, "ba": 1, "ab": 1}, 3),
        case("aab twice, baa and aabab once, 4 merges", {"aab": 2, "baa": 1, "aabab": 1}, 4),
        case("the same words, 10 merges", PAPER, 10),
        case("bcccbb: a tie that the second piece decides", {"bcccbb": 4}, 3),
        case("a rare word full of one pair", {"xyxyxyxy": 1, "low": 3, "owl": 2}, 4),
        case(
            "Ab. and ab. twice, A.b once, 3 merges: every sign is a letter", capitals, 3, edge=True
        ),
        case("more merges than there are pairs", {"aa": 2, "ab": 1}, 9, edge=True),
        case("no merge at all", PAPER, 0, edge=True),
        case("a word of one letter", {"a": 7, "ab": 1}, 3, edge=True),
    ]


PAPER = {"low": 5, "lower": 2, "newest": 6, "widest": 3}


def train_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=(some_words(rng), pick(rng, range(9))))


def train_oracle(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    """Hugging Face's trainer; its merges come in order."""
    from tokenizers import Tokenizer, models, trainers

    tokenizer = Tokenizer(models.BPE())
    text = [word for word, n in words.items() for _ in range(n)]
    trainer = trainers.BpeTrainer(vocab_size=100_000, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(first, second) for first, second in merges][:n_merges]


def the_older_wins(call: Any, case: Case, out: Any) -> str | None:
    """Where the merges part at a tie, tell its round, both pairs, and which of them is older."""
    from course_lib.data.byte_pairs import count_pairs, merge_pair, train_bpe

    if not all(isinstance(pair, tuple | list) for pair in out):
        return None
    due, yours = train_bpe(*case.args), [tuple(pair) for pair in out]
    at = next((at for at, (a, b) in enumerate(zip(yours, due)) if a != b), None)  # noqa: B905
    if at is None:
        return None
    split = {tuple(word): n for word, n in case.args[0].items()}
    for pair in due[:at]:
        split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}
    counts = count_pairs(split)
    if counts.get(yours[at]) != counts[due[at]]:
        return None
    mine, older = (f"({', '.join(pair)})" for pair in (yours[at], due[at]))
    return (
        f"On the case “{case.label}” two pairs tie in round {at + 1}: {mine}, which you take, and {older} "
        f"both occur {counts[due[at]]} times. The one with the older pieces is due: {older}."
    )


EXERCISE = Exercise(
    name="train_bpe",
    title="Learn the merges",
    minutes=9,
    difficulty=2,
    proves="your merges are those of Hugging Face's trainer, in the same order, ties included",
    passed="Agrees with Hugging Face's tokenizers on 12 small texts, merge by merge.",
    cases=train_cases,
    sample=train_sample,
    oracle=train_oracle,
    reference=f"{PIECES}.train_bpe",
    properties=(Property(id="the_older_wins", holds=the_older_wins),),
    hints=(
        "Three things happen in each round: count, choose, join. What has to be counted again after a join, and "
        "what does a new piece need so that later ties can be decided?",
        "in each round:\n    count the pairs of all words; stop when there are none\n    choose: highest count, then oldest first piece, "
        "then oldest second piece\n    note the pair; give the new piece its age, unless it has one\n    merge the pair in every word",
        "pair = min(counts, key=lambda p: (-counts[p], age[p[0]], age[p[1]])), then age.setdefault(''.join(pair), len(age)), and "
        "split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}.",
    ),
    kinds=("repeats", "whole_numbers", "zero"),
    wrong_answers=MISTAKES,
)
