"""“BLEU by hand”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.draws import coin
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick, rng_of
from course_lib.lessons.lesson_11_translation.common import SIZES
from course_lib.lessons.lesson_11_translation.mistakes.bleu import MISTAKES


def corpus(rng: Any, lengths: list[tuple[int, int]], v: int, **more: Any) -> Case:
    """Draw references, and candidates that copy stretches of them."""
    rng = rng_of(rng)
    letters = "abcdefgh"[:v]
    candidates, references = [], []
    for n, m in lengths:
        due = [letters[pick(rng, range(v))] for _ in range(m)]
        copied = (due * (1 + n))[:n] if m else []
        candidates.append(
            [one if coin(rng, 0.75) else letters[pick(rng, range(v))] for one in copied]
        )
        references.append(due)
    return Case(args=(candidates, references), **more)


def bleu_cases() -> list[Case]:
    candidate, reference = "ein hund rennt im gras".split(), "ein hund rennt im hohen gras".split()
    return [
        Case(label="five words against six", args=([candidate], [reference])),
        Case(
            label="a word repeated",
            args=(
                ["a b c d d d d d d".split(), "e f g".split()],
                ["a b c d e f g h".split(), "e f g h".split()],
            ),
        ),
        corpus(1, [(7, 8), (9, 9), (5, 7)], 5, label="3 sentences, too short, seed 1"),
        corpus(2, [(9, 7), (12, 9), (6, 6), (4, 5)], 4, label="4 sentences, too long, seed 2"),
        corpus(3, [(11, 12), (6, 9)], 3, label="2 sentences of 3 letters, seed 3"),
        corpus(4, [(8, 10), (3, 3), (10, 12)], 6, label="3 sentences of 6 letters, seed 4"),
        Case(
            label="no four words in a row are right",
            args=(["a b c x d e".split()], ["a b c y d e".split()]),
        ),
        Case(
            label="no candidate has four words",
            args=([["a", "b", "c"], ["e"]], [["a", "b", "c", "d"], ["e", "f"]]),
            edge=True,
        ),
        Case(
            label="one candidate is empty",
            args=([[], "a b c d e".split()], ["a b".split(), "a b c d f".split()]),
            edge=True,
        ),
    ]


def bleu_sample(rng: np.random.Generator) -> Case:
    lengths = [(pick(rng, range(1, 11)), pick(rng, range(1, 11))) for _ in range(pick(rng, SIZES))]
    return corpus(rng, lengths, pick(rng, range(1, 5)), label="random")


def bleu_oracle(candidates: list[list[str]], references: list[list[str]]) -> float:
    """sacreBLEU, told to split at spaces and to smooth nothing."""
    import sacrebleu

    found = sacrebleu.corpus_bleu(
        [" ".join(words) for words in candidates],
        [[" ".join(words) for words in references]],
        tokenize="none",
        smooth_method="none",
        force=True,
    )
    return float(found.score)


EXERCISE = Exercise(
    name="bleu",
    title="BLEU by hand",
    minutes=10,
    difficulty=2,
    proves="your BLEU is sacreBLEU's on whole corpora, repeated words and short outputs among them",
    passed="Agrees with sacreBLEU (no tokenisation, no smoothing) on every corpus.",
    cases=bleu_cases,
    sample=bleu_sample,
    oracle=bleu_oracle,
    kinds=("repeats",),
    reference="course_lib.lessons.lesson_11_translation.reference.bleu",
    forbidden=("corpus_bleu",),
    hints=(
        "Count first, divide last. Which two counts does each n need, over the whole corpus?",
        "for n = 1 … 4:\n    matched, total = 0, 0\n    for each pair: count n-grams of both\n"
        "        matched += for each n-gram, the smaller of its two counts\n"
        "        total += how many n-grams the candidate has\n"
        "    precision = matched / total; no match at all makes BLEU 0\n"
        "fourth root of the product, times the penalty, times 100",
        "Counter(a) & Counter(b) keeps the smaller count of each; .total() adds them up.\n"
        "    penalty = min(1.0, math.exp(1 - reference_length / candidate_length))\n"
        "    return 100 * penalty * math.prod(precisions) ** 0.25",
    ),
    wrong_answers=MISTAKES,
)
