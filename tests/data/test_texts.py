"""Texts to learn from: Python's documentation, Tiny Shakespeare, and characters as tokens."""

import sys
from types import ModuleType

import pytest
import torch

from course_lib.data import shakespeare
from course_lib.data.characters import Characters
from course_lib.data.python_docs import help_texts, python_docs
from course_lib.errors import CourseError


def test_no_long_paragraph_is_both_learned_and_held_out() -> None:
    text = python_docs()
    learned = set(text.train.split("\n\n"))
    shared = [part for part in text.held_out.split("\n\n") if part in learned and part]
    assert shared == []


def test_the_documentation_is_large_enough_and_a_tenth_is_held_out() -> None:
    text = python_docs()
    share = len(text.held_out) / (len(text.train) + len(text.held_out))
    assert len(text.train) > 250_000
    assert 0.08 < share < 0.12
    assert set(text.held_out) <= set(text.letters)


def test_a_python_without_help_texts_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", ModuleType("empty"))
    with pytest.raises(CourseError, match="no help texts"):
        help_texts()


def test_characters_go_there_and_back() -> None:
    text = python_docs()
    letters = Characters.of(text.letters)
    assert letters.decode(letters.encode(text.held_out[:500])) == text.held_out[:500]
    assert letters.encode("a").dtype == torch.long


def test_an_unknown_character_is_named() -> None:
    with pytest.raises(ValueError, match="'ж' is none of the 3 characters"):
        Characters.of("abc").encode("жa")


def test_shakespeare_is_cut_at_nine_tenths(tmp_path, monkeypatch) -> None:
    path = tmp_path / "tiny_shakespeare" / "input.txt"
    path.parent.mkdir()
    path.write_bytes(b"0123456789" * 5)
    monkeypatch.setattr(shakespeare, "fetch", lambda url, path, **how: path)
    text = shakespeare.tiny_shakespeare(tmp_path)
    assert (len(text.train), len(text.held_out)) == (45, 5)


def test_without_a_network_shakespeare_names_the_offline_text(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shakespeare, "URL", "http://127.0.0.1:9/input.txt")
    with pytest.raises(CourseError, match="python_docs"):
        shakespeare.tiny_shakespeare(tmp_path)
