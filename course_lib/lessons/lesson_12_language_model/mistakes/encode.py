"""Mistakes in “Encode a word”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from course_lib.checking.exercise import WrongAnswer
from course_lib.data.byte_pairs import merge_pair

Merges = Sequence[tuple[str, str]]


def _encode_longest(word: str, merges: Merges) -> list[str]:
    known, pieces, at = {a + b for a, b in merges}, [], 0
    while at < len(word):
        end = next(e for e in range(len(word), at, -1) if word[at:e] in known or e == at + 1)
        pieces.append(word[at:end])
        at = end
    return pieces


def _encode_by(
    word: str, merges: Merges, pick: Callable[[Any, Any], Any], most: int = 10**6
) -> list[str]:
    rank = {tuple(pair): at for at, pair in reversed(list(enumerate(merges)))}
    pieces = list(word)
    for _ in range(most):
        there = [pair for pair in pairwise(pieces) if pair in rank]
        if not there:
            break
        pieces = merge_pair(pieces, pick(there, rank))
    return pieces


def _encode_one_pass(word: str, merges: Merges) -> list[str]:
    pieces = list(word)
    for pair in merges:
        pieces = merge_pair(pieces, pair)
    return pieces


MISTAKES = (
    WrongAnswer(
        id="longest_match",
        code=_encode_longest,
        says="You take the longest known piece from the left.",
        why="A model is trained on pieces that merges made, in their order; the longest match often cuts elsewhere. (WordPiece, "
        "BERT's scheme, does match the longest.)",
    ),
    WrongAnswer(
        id="leftmost",
        code=lambda word, merges: _encode_by(word, merges, lambda there, rank: there[0]),
        says="You merge the leftmost pair that is in the list, whatever its place in the list.",
        why="The list has an order: a pair that training found earlier is merged earlier. Otherwise a word gets pieces that "
        "training never gave it.",
    ),
    WrongAnswer(
        id="latest_first",
        code=lambda word, merges: _encode_by(
            word, merges, lambda there, rank: max(there, key=rank.__getitem__)
        ),
        says="You merge the pair that was learned last.",
        why="Training joined the earliest pair first; encoding repeats what training did.",
    ),
    WrongAnswer(
        id="one_merge",
        code=lambda word, merges: _encode_by(
            word, merges, lambda there, rank: min(there, key=rank.__getitem__), most=1
        ),
        says="You stop after one merge.",
        why="New neighbours turn up after a merge, and they may be in the list as well. Go on until none is.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda word, merges: _encode_one_pass(word, list(reversed(merges))),
        says="You go through the list from its end.",
        why="The last pairs of the list join pieces which the first pairs have to make.",
    ),
    WrongAnswer(
        id="letters",
        code=lambda word, merges: list(word),
        says="You return the letters; nothing is merged.",
        why="Start from the letters, then join the neighbours that stand in the list.",
    ),
    WrongAnswer(
        id="whole_or_letters",
        code=lambda word, merges: [word] if word in {a + b for a, b in merges} else list(word),
        says="You look the whole word up, and fall back to letters.",
        why="Pieces are there for words that were never seen: “lowest” becomes low, est.",
    ),
)
