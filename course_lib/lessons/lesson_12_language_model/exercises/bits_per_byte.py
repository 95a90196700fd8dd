"""“Bits per byte”: its cases, its oracle, its hints."""

import math
from collections.abc import Sequence

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_12_language_model.mistakes.bits_per_byte import MISTAKES


def bits_cases() -> list[Case]:
    def case(label: str, nats: float, *pieces: str, edge: bool = False) -> Case:
        return Case(label=label, args=(nats, list(pieces)), edge=edge)

    return [
        case("four pieces, one bit each, nine letters", math.log(2), "at", "t", "ent", "ion"),
        case("“café” in three pieces", 2.5, "c", "af", "é"),
        case("“déjà vu …” in five pieces", 3.2, "d", "éj", "à", " vu", " …"),
        case("characters, one byte each", 1.38, *"attend"),
        case("“«Où?» — Là!”: capitals and signs", 2.0, "«Où", "?»", " —", " L", "à!", edge=True),
        case("one long piece", 9.0, "attention", edge=True),
        case("nothing to guess", 0.0, "a", "b", edge=True),
    ]


def bits_sample(rng: np.random.Generator) -> Case:
    letters = ["a", "é", "bc", "…", "déf"]
    pieces = [letters[i] for i in rng.integers(0, 5, pick(rng, range(1, 7)))]
    return Case(label="random", args=(float(rng.uniform(0, 8)), pieces))


def bits_oracle(nats_per_token: float, pieces: Sequence[str]) -> float:
    """The probability of the whole text, in bits, over its bytes."""
    whole = np.log2(np.exp(1.0)) * nats_per_token * len(pieces)
    return float(whole / np.frombuffer("".join(pieces).encode("utf-8"), dtype=np.uint8).size)


EXERCISE = Exercise(
    name="bits_per_byte",
    title="Bits per byte",
    minutes=4,
    difficulty=1,
    proves="texts cut into characters or into pieces are measured in the same unit",
    passed="Agrees with bits and bytes counted over the whole text.",
    cases=bits_cases,
    sample=bits_sample,
    oracle=bits_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.bits_per_byte",
    hints=(
        "What does the whole text cost, in nats? Then change the unit above, and count what it is shared among.",
        "cost of the text = nats per token × number of tokens\nin bits: divide by ln 2\nper byte: divide by the number of bytes of all "
        "pieces",
        "len(piece.encode()) counts the bytes of a piece; math.log(2) is ln 2.",
    ),
    kinds=("repeats", "punctuation", "zero"),
    wrong_answers=MISTAKES,
)
