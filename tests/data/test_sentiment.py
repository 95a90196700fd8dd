"""The labelled set: balanced, without repeats, split without overlap."""

from collections import Counter
from importlib.resources import files

import pytest

from course_lib.data.sentiment import SHARES, groups, sentiment


def test_six_hundred_in_equal_shares() -> None:
    assert {key: len(texts) for key, texts in groups().items()} == dict.fromkeys(groups(), 25)
    assert len(groups()) == 24 and {label for _, label in groups()} == {0, 1}


def test_no_sentence_stands_twice() -> None:
    every = [text.casefold() for texts in groups().values() for text in texts]
    assert len(set(every)) == 600
    assert all(
        text[0].isupper() or text[0].isdigit() for texts in groups().values() for text in texts
    )
    assert all(text.endswith((".", "!", "?")) for text in every)
    assert all(3 <= len(text.split()) <= 25 for text in every)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_splits_are_balanced_and_apart(seed: int) -> None:
    parts = {split: sentiment(split, seed) for split in SHARES}
    assert [len(part) for part in parts.values()] == [360, 96, 144]
    assert len({text for part in parts.values() for text in part.texts}) == 600
    for split, part in parts.items():
        shares = Counter(zip(part.topics, part.labels, strict=True))
        assert set(shares.values()) == {SHARES[split]} and len(shares) == 24


def test_labels_stay_with_their_sentences() -> None:
    for split in SHARES:
        part = sentiment(split)
        for text, label, topic in zip(part.texts, part.labels, part.topics, strict=True):
            assert text in groups()[topic, label]


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="train, validation, test, not 'dev'"):
        sentiment("dev")  # type: ignore[arg-type]


def test_the_card_quotes_the_data() -> None:
    card = files("course_lib.data").joinpath("written", "sentiment.md").read_text(encoding="utf-8")
    card = " ".join(card.split())
    every = {text for texts in groups().values() for text in texts}
    quotes = [quote for quote in card.split('"')[1::2] if not quote.startswith("http")]
    assert len(quotes) == 5 and all(f"{quote}." in every for quote in quotes)
