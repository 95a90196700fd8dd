"""Number words: pieces that join to the word, and a split that leaks nothing."""

import numpy as np
import pytest
from num2words import num2words

from course_lib.data.number_words import (
    ENGLISH,
    GERMAN,
    LIMIT,
    Vocabulary,
    crossings,
    english_pieces,
    german_pieces,
    number_words,
    pad,
    split_german,
)

SOME = sorted(
    {*range(1, 1200), *(10**k + d for k in range(6) for d in (0, 1)), 999_999}
    | set(np.random.Generator(np.random.Philox(3)).integers(1, LIMIT, 600).tolist())
)


def test_german_pieces_join_to_the_german_word():
    for number in SOME:
        assert "".join(german_pieces(number)) == num2words(number, lang="de")


def test_every_piece_is_known():
    for number in SOME:
        assert set(english_pieces(number)) <= set(ENGLISH)
        assert set(german_pieces(number)) <= set(GERMAN)


def test_no_two_numbers_share_their_pieces():
    assert len({german_pieces(number) for number in SOME}) == len(SOME)
    assert len({english_pieces(number) for number in SOME}) == len(SOME)


def test_units_stand_before_tens():
    assert german_pieces(21) == ("ein", "und", "zwanzig")
    assert german_pieces(76) == ("sechs", "und", "siebzig")


def test_a_word_with_und_after_hundred_is_split_too():
    assert split_german("einhundertundeinundzwanzig") == tuple(
        "ein hundert und ein und zwanzig".split()
    )


def test_what_is_no_number_is_named():
    with pytest.raises(ValueError, match="what is 'hunde'"):
        split_german("zweihunde")


@pytest.mark.parametrize("number", [0, -1, LIMIT])
def test_numbers_outside_are_refused(number):
    with pytest.raises(ValueError, match="1 to 999,999"):
        german_pieces(number)


def test_a_held_out_number_is_never_learned():
    words = number_words(3000, 600)
    assert not set(words.train) & set(words.test)
    assert len(words.train) == len(set(words.train)) == 2080
    assert len(words.test) == len(set(words.test)) == 419


def test_numbers_of_every_length_are_learned_and_tested():
    words = number_words(600, 60)
    for numbers in (words.train, words.test):
        assert {len(str(number)) for number in numbers} == {1, 2, 3, 4, 5, 6}


def test_the_draw_is_the_same_every_time_and_differs_by_seed():
    assert number_words(60, 12) == number_words(60, 12)
    assert number_words(60, 12) != number_words(60, 12, seed=1)


def test_crossings_name_both_places_of_both_languages():
    found = crossings(english_pieces(45_067), german_pieces(45_067))
    english, german = english_pieces(45_067), german_pieces(45_067)
    read = [
        (german[c.unit], german[c.ten], english[c.from_unit], english[c.from_ten]) for c in found
    ]
    assert read == [("fünf", "vierzig", "five", "forty"), ("sieben", "sechzig", "seven", "sixty")]


@pytest.mark.parametrize("number", [7, 40, 117, 300_012])
def test_numbers_without_a_crossing_have_none(number):
    assert crossings(english_pieces(number), german_pieces(number)) == []


def test_a_vocabulary_begins_with_its_marks():
    words = Vocabulary(["a", "b"])
    assert (words.pad, words.start, words.end, len(words)) == (0, 1, 2, 5)
    assert words.decode([1, 4, 3, 2, 3]) == ["b", "a"]


def test_an_unknown_piece_is_named():
    with pytest.raises(KeyError, match="'million' is not among the 5 pieces"):
        Vocabulary(["a", "b"]).encode(["million"])


def test_padding_fills_the_ends():
    assert pad([[1, 2], [3]], filler=9).tolist() == [[1, 2], [3, 9]]
