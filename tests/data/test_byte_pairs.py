"""Byte-pair encoding against Hugging Face's tokenizers, ties and unseen words included."""

import json
import random

import pytest
from tokenizers import Tokenizer, models, trainers

from course_lib.data.byte_pairs import cut, encode, split_words, train_bpe, vocabulary


def theirs(words: dict[str, int]) -> tuple[Tokenizer, list[tuple[str, str]]]:
    """Train Hugging Face's tokenizer until every word is one piece."""
    tokenizer = Tokenizer(models.BPE())
    text = [word for word, n in words.items() for _ in range(n)]
    trainer = trainers.BpeTrainer(vocab_size=100_000, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tokenizer, [tuple(pair) for pair in merges]


def some_words(seed: int) -> dict[str, int]:
    draw = random.Random(seed)
    letters = "abc"[: draw.randint(2, 3)]
    return {
        "".join(draw.choice(letters) for _ in range(draw.randint(1, 8))): draw.randint(1, 5)
        for _ in range(draw.randint(1, 6))
    }


@pytest.mark.parametrize("seed", range(100))
def test_merges_and_pieces_are_those_of_tokenizers(seed: int) -> None:
    words = some_words(seed)
    tokenizer, merges = theirs(words)
    assert train_bpe(words, 1000) == merges
    known = set("".join(words))
    draw = random.Random(seed)
    unseen = "".join(draw.choice(sorted(known)) for _ in range(9))
    for word in [*words, unseen]:
        assert encode(word, merges) == tokenizer.encode(word).tokens


def test_one_pass_over_learned_merges_gives_the_same_pieces() -> None:
    from course_lib.data.byte_pairs import merge_pair

    for seed in range(100):
        merges = train_bpe(some_words(seed), 12)
        draw = random.Random(seed)
        word = "".join(draw.choice("abc") for _ in range(9))
        pieces = list(word)
        for pair in merges:
            pieces = merge_pair(pieces, pair)
        assert pieces == encode(word, merges)


def test_words_and_pieces_put_together_are_the_text() -> None:
    text = "To be, or  not\n\n   to_be: that's “the” question…  "
    assert "".join(split_words(text)) == text
    assert "".join(cut(text, [("b", "e"), ("t", "o")])) == text


def test_a_piece_that_is_made_twice_stands_once_in_the_vocabulary() -> None:
    merges = [("a", "b"), ("ab", "c"), ("b", "c"), ("a", "bc")]
    assert vocabulary(["abc"], merges) == ["a", "b", "c", "ab", "abc", "bc"]
