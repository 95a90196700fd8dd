"""The loader of Multi30k: on small made files always, on the real ones where they are."""

import gzip
import os
from pathlib import Path

import pytest

from course_lib.data.multi30k import SPLITS, common_words, is_there, multi30k, tokenize
from course_lib.errors import CourseError

#: Read when the module loads: tests below change the environment.
REAL = Path(os.environ.get("COURSE_DATA", "") or "/nowhere") / "multi30k"
with_data = pytest.mark.skipif(not REAL.is_dir(), reason="COURSE_DATA holds no multi30k")


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(gzip.compress(text.encode("utf-8")))


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder as COURSE_DATA names it, with two pairs to learn from."""
    folder = tmp_path / "multi30k"
    write(folder, "train.en.gz", "A dog runs.\nTwo men\u2028talk.\n")
    write(folder, "train.de.gz", "Ein Hund rennt.\nZwei Männer reden.\n")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return folder


def test_pairs_come_in_order(data):
    pairs = multi30k("train")
    assert pairs[0] == ("A dog runs.", "Ein Hund rennt.")
    assert len(pairs) == 2


def test_only_line_feeds_end_a_line(data):
    assert multi30k("train")[1] == ("Two men\u2028talk.", "Zwei Männer reden.")


def test_a_folder_can_be_handed_in(data, monkeypatch):
    monkeypatch.delenv("COURSE_DATA")
    assert len(multi30k("train", folder=data)) == 2


def test_it_is_there_when_its_files_are(data, monkeypatch):
    assert is_there()
    monkeypatch.setenv("COURSE_DATA", "")
    assert not is_there()


def test_without_a_folder_the_message_names_the_variable_and_the_offline_choice(monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    with pytest.raises(CourseError, match=r"set COURSE_DATA .*number words"):
        multi30k("train")


def test_a_missing_file_is_named(data):
    with pytest.raises(CourseError, match=r"val\.en\.gz is missing"):
        multi30k("val")


def test_a_damaged_file_is_told(data):
    (data / "train.de.gz").write_bytes(b"not gzip")
    with pytest.raises(CourseError, match=r"train\.de\.gz is no gzip file"):
        multi30k("train")


def test_a_file_cut_short_is_told(data):
    whole = (data / "train.de.gz").read_bytes()
    (data / "train.de.gz").write_bytes(whole[:-9])
    with pytest.raises(CourseError, match="no gzip file"):
        multi30k("train")


def test_files_of_unequal_length_are_refused_with_both_numbers(data):
    write(data, "train.de.gz", "Ein Hund rennt.\n")
    with pytest.raises(CourseError, match=r"2 lines and train\.de\.gz 1"):
        multi30k("train")


def test_an_unknown_split_is_told_with_those_there_are():
    with pytest.raises(ValueError, match=r"train, val, test_2016_flickr, not 'dev'"):
        multi30k("dev")


def test_words_and_marks_are_apart():
    assert tokenize("A man's hat, 3 dogs!") == ["a", "man's", "hat", ",", "3", "dogs", "!"]


def test_rare_words_are_left_out():
    assert common_words([["b", "a", "c"], ["a", "b"]], at_least=2) == ["a", "b"]


@with_data
@pytest.mark.parametrize("split, count", [*zip(SPLITS, (29_000, 1_014, 1_000), strict=True)])
def test_the_real_files_hold_as_many_pairs_as_they_should(split, count):
    pairs = multi30k(split, folder=REAL)
    assert len(pairs) == count
    assert all(english and german for english, german in pairs)


@with_data
def test_the_first_real_pair_is_a_translation():
    english, german = multi30k("train", folder=REAL)[0]
    assert tokenize(english)[:2] == ["two", "young"]
    assert tokenize(german)[:2] == ["zwei", "junge"]
