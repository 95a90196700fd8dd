"""Captions of Multi30k as pairs of numbers, for the recurrent translator at full scale."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from course_lib.data.multi30k import Split, common_words, multi30k, tokenize
from course_lib.data.number_words import Vocabulary, pad
from course_lib.models.recurrent_translator import RecurrentTranslator
from course_lib.training.translation import Pairs

UNKNOWN = "<unknown>"
LONGEST = 30

Words = tuple[Vocabulary, Vocabulary]


def caption_pairs(
    limit: int | None = None, folder: Path | None = None
) -> tuple[Pairs, Pairs, Words]:
    """Return captions to learn from, captions to test on, and the words of both languages.

    Args:
        limit: how many captions of each split at most; all when left out.
        folder: that holds the files; `multi30k` in COURSE_DATA when left out.

    A word that occurs once in training is unknown. Longer captions are cut after 30 words.
    """
    train, test = (
        [(tokenize(en), tokenize(de)) for en, de in multi30k(split, folder)[:limit]]
        for split in _splits()
    )
    sides = zip(*train, strict=True)
    english, german = (Vocabulary([UNKNOWN, *common_words(side)]) for side in sides)
    words = (english, german)
    return _numbered(train, words), _numbered(test, words), words


def _splits() -> tuple[Split, Split]:
    return "train", "test_2016_flickr"


def _numbered(sentences: Iterable[tuple[list[str], list[str]]], words: Words) -> Pairs:
    english, german = words
    sources, targets = [], []
    for en, de in sentences:
        sources.append(_known(english, en))
        targets.append([*_known(german, de), german.end])
    return Pairs(torch.from_numpy(pad(sources)), torch.from_numpy(pad(targets)))


def _known(words: Vocabulary, sentence: Sequence[str]) -> list[int]:
    return words.encode([word if word in words else UNKNOWN for word in sentence[:LONGEST]])


def translated(
    model: RecurrentTranslator, words: Words, pairs: Pairs, count: int
) -> list[tuple[str, str, str]]:
    """Return source, right translation and the model's own, of the first `count` pairs."""
    english, german = words
    place = next(model.parameters()).device
    written, _ = model.translate(pairs.source[:count].to(place), LONGEST + 1)
    sides = (pairs.source[:count], pairs.target[:count], written.cpu())
    vocabularies = (english, german, german)
    columns = [
        [" ".join(words.decode(row)) for row in side.tolist()]
        for words, side in zip(vocabularies, sides, strict=True)
    ]
    return list(zip(*columns, strict=True))
