"""Byte-pair encoding on characters: join the commonest neighbours, again and again."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

Pair = tuple[str, str]

_WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s+")


def count_pairs(words: Mapping[tuple[str, ...], int]) -> Counter[Pair]:
    """Count neighbouring pieces inside words.

    Args:
        words: each word as a tuple of pieces, with how often it occurs.

    >>> count_pairs({("a", "b", "a", "b"): 10, ("b",): 5})[("a", "b")]
    20
    """
    counts: Counter[Pair] = Counter()
    for pieces, n in words.items():
        for pair in pairwise(pieces):
            counts[pair] += n
    return counts


def merge_pair(pieces: Sequence[str], pair: Pair) -> list[str]:
    """Join every occurrence of two neighbours, from left to right.

    Paper: Sennrich et al. 2016, §3.2.

    Args:
        pieces: of one word.
        pair: the two neighbours that become one piece.

    >>> merge_pair(["a", "n", "a", "n", "a"], ("a", "n"))
    ['an', 'an', 'a']
    """
    merged: list[str] = []
    at = 0
    while at < len(pieces):
        width = 2 if tuple(pieces[at : at + 2]) == tuple(pair) else 1
        merged.append("".join(pieces[at : at + width]))
        at += width
    return merged


def train_bpe(words: Mapping[str, int], n_merges: int) -> list[Pair]:
    """Return the pairs to merge, in the order in which they were found.

    The commonest pair is merged first. Of equally common ones the one whose first piece is older,
    then the one whose second piece is: letters come first, in their order, then merged pieces as
    they were made. That is the rule of Hugging Face's `tokenizers`.

    Paper: Sennrich et al. 2016, §3.2.

    Args:
        words: how often each word occurs.
        n_merges: so many at most; fewer when every word has become one piece.

    >>> train_bpe({"low": 5, "lower": 2}, 2)
    [('l', 'o'), ('lo', 'w')]
    """
    split = {tuple(word): n for word, n in words.items()}
    vocabulary = sorted({letter for word in words for letter in word})
    age = {piece: at for at, piece in enumerate(vocabulary)}
    merges: list[Pair] = []
    while len(merges) < n_merges and (counts := count_pairs(split)):
        pair = min(counts, key=lambda pair: (-counts[pair], age[pair[0]], age[pair[1]]))
        merges.append(pair)
        age.setdefault("".join(pair), len(age))
        split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}
    return merges


def encode(word: str, merges: Sequence[Pair]) -> list[str]:
    """Cut a word into pieces: merge the earliest pair of `merges` that is there, until none is.

    Args:
        word: any text; letters that training never saw stay alone.
        merges: from `train_bpe`.

    >>> encode("lowest", [("l", "o"), ("lo", "w"), ("e", "s")])
    ['low', 'es', 't']
    """
    rank = {(a, b): at for at, (a, b) in reversed(list(enumerate(merges)))}
    pieces = list(word)
    while known := rank.keys() & set(pairwise(pieces)):
        pieces = merge_pair(pieces, min(known, key=rank.__getitem__))
    return pieces


def vocabulary(words: Iterable[str], merges: Sequence[Pair]) -> list[str]:
    """Return every piece there can be: letters in order, then merged pieces as they were made.

    >>> vocabulary(["low"], [("l", "o")])
    ['l', 'o', 'w', 'lo']
    """
    letters = sorted({letter for word in words for letter in word})
    return list(dict.fromkeys([*letters, *("".join(pair) for pair in merges)]))


def split_words(text: str) -> list[str]:
    """Cut a text into words with the blank before them; put together, they are the text.

    >>> split_words("to be, or  not")
    ['to', ' be', ',', ' or', '  ', 'not']
    """
    return _WORD.findall(text)


def cut(
    text: str,
    merges: Sequence[Pair],
    encode: Callable[[str, Sequence[Pair]], list[str]] = encode,
) -> list[str]:
    """Cut a text into pieces; every distinct word is encoded once.

    >>> cut("low slow", [("l", "o"), ("lo", "w")])
    ['low', ' ', 's', 'low']
    """
    words = split_words(text)
    known = {word: encode(word, merges) for word in dict.fromkeys(words)}
    return [piece for word in words for piece in known[word]]
