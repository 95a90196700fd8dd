"""Captions become pairs that the translator trains on; small made files stand for Multi30k."""

import gzip

import pytest
import torch

from course_lib.lessons.lesson_05_attention_that_translates.captions import (
    UNKNOWN,
    caption_pairs,
    translated,
)
from course_lib.models.recurrent_translator import TranslatorConfig, seeded
from course_lib.training.translation import train_translator

ENGLISH = ["A dog runs .", "A dog sleeps .", "A cat runs ."]
GERMAN = ["Ein Hund rennt .", "Ein Hund schläft .", "Eine Katze rennt ."]


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "test_2016_flickr"):
        for language, lines in (("en", ENGLISH), ("de", GERMAN)):
            text = "\n".join(lines) + "\n"
            (tmp_path / f"{split}.{language}.gz").write_bytes(gzip.compress(text.encode()))
    return tmp_path


def test_words_seen_once_are_unknown(folder):
    train, _, (english, german) = caption_pairs(folder=folder)
    assert english.decode(train.source[2].tolist()) == ["a", UNKNOWN, "runs", "."]
    assert german.decode(train.target[1].tolist()) == ["ein", "hund", UNKNOWN, "."]


def test_every_target_ends_with_the_end_mark(folder):
    train, test, (_, german) = caption_pairs(folder=folder)
    assert len(train) == len(test) == 3
    assert (train.target == german.end).sum(1).tolist() == [1, 1, 1]


def test_the_number_of_captions_can_be_limited(folder):
    train, test, _ = caption_pairs(limit=2, folder=folder)
    assert len(train) == len(test) == 2


def test_the_lessons_translator_learns_captions(folder):
    train, test, words = caption_pairs(folder=folder)
    config = TranslatorConfig(source_size=len(words[0]), target_size=len(words[1]), d_model=16)
    model = seeded(config, 0)
    losses = train_translator(model, train, steps=60, batch_size=8, seed=0, rate=1e-2)
    assert losses[-1] < 0.3 * losses[0]
    source, right, ours = translated(model, words, test, 1)[0]
    assert source == "a dog runs ."
    assert ours == right == "ein hund rennt ."
    assert torch.isfinite(torch.tensor(losses)).all()
