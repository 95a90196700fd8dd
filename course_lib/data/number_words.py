"""Numbers in English words and in German ones: a small language pair that needs no download.

German says the unit before the ten: 21 is "einundzwanzig", one and twenty. A translator has to
learn where words cross, and how far: both languages count thousands the same way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from course_lib.data.recorded_files import recorded_log
from course_lib.errors import CourseError

#: Numbers from 1 up to here, this one not included.
LIMIT = 1_000_000

PAD, START, END = "<pad>", "<start>", "<end>"
SPECIAL = (PAD, START, END)

ENGLISH = tuple(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand and".split()
)
GERMAN = tuple(
    "ein eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig "
    "siebzig achtzig neunzig hundert tausend und".split()
)

#: The English unit that a German unit translates, for reading an alignment.
UNITS = dict(
    zip(
        "ein eins zwei drei vier fünf sechs sieben acht neun".split(),
        "one one two three four five six seven eight nine".split(),
        strict=True,
    )
)
#: The English ten that a German ten translates.
TENS = dict(
    zip(
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(),
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        strict=True,
    )
)

# Longest first: "eins" before "ein", "siebzehn" before "sieben".
_PIECE = re.compile("|".join(sorted(GERMAN, key=lambda piece: -len(piece))))


@cache
def english_pieces(number: int) -> tuple[str, ...]:
    """Return a number in English words, without commas and hyphens.

    Args:
        number: from 1 to 999,999.

    >>> english_pieces(121)
    ('one', 'hundred', 'and', 'twenty', 'one')
    """
    return tuple(re.findall("[a-z]+", _spell(number, "en")))


@cache
def german_pieces(number: int) -> tuple[str, ...]:
    """Return a number in the pieces that its German word is made of; joined, they are the word.

    Args:
        number: from 1 to 999,999.

    >>> german_pieces(121)
    ('ein', 'hundert', 'ein', 'und', 'zwanzig')
    """
    return split_german(_spell(number, "de"))


def split_german(word: str) -> tuple[str, ...]:
    """Cut a German number word into its pieces.

    Raises:
        ValueError: when a part of the word is none of the pieces known; names the part.

    >>> split_german("einhundertundeinundzwanzig")
    ('ein', 'hundert', 'und', 'ein', 'und', 'zwanzig')
    """
    pieces, at = [], 0
    while at < len(word):
        found = _PIECE.match(word, at)
        if found is None:
            raise ValueError(
                f"{word!r} is no German number below a million: what is {word[at:]!r}?"
            )
        pieces.append(found.group())
        at = found.end()
    return tuple(pieces)


def _spell(number: int, language: str) -> str:
    if not 1 <= number < LIMIT:
        raise ValueError(f"numbers go from 1 to {LIMIT - 1:,}; {number:,} is outside")
    try:
        from num2words import num2words
    except ModuleNotFoundError:
        raise CourseError(
            "number words come from the package num2words, which is not installed here: "
            "`make env` installs everything, `pip install num2words` this alone"
        ) from None
    return str(num2words(number, lang=language))


@dataclass(frozen=True)
class NumberWords:
    """Numbers to learn from and numbers held out; no number is in both.

    Args:
        train: sorted.
        test: sorted.
    """

    train: tuple[int, ...]
    test: tuple[int, ...]


def number_words(n_train: int, n_test: int, seed: int = 0) -> NumberWords:
    """Draw numbers to learn from and others to be tested on, of every length.

    Numbers of one to six digits are drawn in equal shares as far as there are as many: of short
    ones a fifth is held out at most. The split is by number: a held-out number is never seen.

    Args:
        n_train: how many to learn from, at most; short numbers are few.
        n_test: how many to hold out, at most.
        seed: of the draw, which is the same on every platform.

    >>> words = number_words(600, 60)
    >>> len(words.train), len(words.test), set(words.train) & set(words.test)
    (488, 51, set())
    """
    rng = np.random.Generator(np.random.Philox(seed))
    train: list[int] = []
    test: list[int] = []
    for digits in range(1, 7):
        low, high = 10 ** (digits - 1), 10**digits
        pool = rng.permutation(high - low)[: (n_train + n_test) // 6 + 6] + low
        held = min(n_test // 6, (high - low) // 5)
        test += pool[:held].tolist()
        train += pool[held : held + n_train // 6].tolist()
    return NumberWords(tuple(sorted(train)), tuple(sorted(test)))


class Vocabulary:
    """Pieces and their numbers: padding 0, start 1, end 2, then the pieces.

    Args:
        pieces: of one language.

    >>> words = Vocabulary(ENGLISH)
    >>> words.encode(["twenty", "one"]), words.decode([22, 3, 2, 0])
    ([22, 3], ['twenty', 'one'])
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = (*SPECIAL, *pieces)
        self._ids = {piece: place for place, piece in enumerate(self.pieces)}
        self.pad, self.start, self.end = (self._ids[piece] for piece in SPECIAL)

    def __len__(self) -> int:
        return len(self.pieces)

    def __contains__(self, piece: str) -> bool:
        return piece in self._ids

    def __repr__(self) -> str:
        return f"Vocabulary: {len(self)} pieces"

    def encode(self, pieces: Sequence[str]) -> list[int]:
        """Return the numbers of pieces.

        Raises:
            KeyError: when a piece is not in the vocabulary.
        """
        for piece in pieces:
            if piece not in self._ids:
                raise KeyError(f"{piece!r} is not among the {len(self)} pieces of the vocabulary")
        return [self._ids[piece] for piece in pieces]

    def decode(self, ids: Sequence[int]) -> list[str]:
        """Return the pieces before the first end mark, padding and start left out."""
        pieces: list[str] = []
        for place in ids:
            if place == self.end:
                break
            if place not in (self.pad, self.start):
                pieces.append(self.pieces[place])
        return pieces


def pad(rows: Sequence[Sequence[int]], filler: int = 0) -> np.ndarray:
    """Return rows of unequal length as one array, filled up at their ends.

    >>> pad([[5, 6, 7], [8]]).tolist()
    [[5, 6, 7], [8, 0, 0]]
    """
    out = np.full((len(rows), max(map(len, rows), default=0)), filler, dtype=np.int64)
    for at, row in enumerate(rows):
        out[at, : len(row)] = row
    return out


@dataclass(frozen=True)
class Crossing:
    """Where a unit and a ten stand that change places: twenty-one, einundzwanzig.

    Args:
        unit, ten: places in the German pieces.
        from_unit, from_ten: places in the English ones.
    """

    unit: int
    ten: int
    from_unit: int
    from_ten: int


def crossings(english: Sequence[str], german: Sequence[str]) -> list[Crossing]:
    """Return every place where a unit and a ten cross, from left to right.

    >>> crossings(["one", "hundred", "and", "twenty", "one"], german_pieces(121))
    [Crossing(unit=2, ten=4, from_unit=4, from_ten=3)]
    """
    ends = [
        t
        for t in range(len(german) - 2)
        if german[t] in UNITS and german[t + 1] == "und" and german[t + 2] in TENS
    ]
    starts = [
        j
        for j in range(len(english) - 1)
        if english[j] in TENS.values() and english[j + 1] in UNITS.values()
    ]
    pairs = zip(ends, starts, strict=False)
    return [Crossing(unit=t, ten=t + 2, from_unit=j + 1, from_ten=j) for t, j in pairs]


@cache
def recorded_translations() -> dict[str, Any]:
    """Return what `python bench/record_translation.py` measured: every run, and the hardware.

    >>> sorted(recorded_translations()["runs"][0])[:4]
    ['attention', 'by_length', 'd_model', 'exact']
    """
    return recorded_log("translation")
