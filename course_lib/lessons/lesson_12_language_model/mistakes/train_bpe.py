"""Mistakes in “Learn the merges”: the code that makes each, its name, and why it is wrong."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from course_lib.checking.exercise import WrongAnswer
from course_lib.data.byte_pairs import count_pairs, merge_pair

Pick = Callable[[Any, dict[str, int]], tuple[str, str]]


def _by_rule(counts: Any, age: dict[str, int]) -> tuple[str, str]:
    return min(counts, key=lambda pair: (-counts[pair], age[pair[0]], age[pair[1]]))


def _train(
    words: dict[str, int],
    n_merges: int,
    pick: Pick = _by_rule,
    count: Callable[[Any], Any] = count_pairs,
) -> list[tuple[str, str]]:
    split = {tuple(word): n for word, n in words.items()}
    age = {piece: at for at, piece in enumerate(sorted({c for word in words for c in word}))}
    merges: list[tuple[str, str]] = []
    while len(merges) < n_merges and (counts := count(split)):
        pair = pick(counts, age)
        merges.append(pair)
        age.setdefault("".join(pair), len(age))
        split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}
    return merges


def _count_words_once(split: dict[tuple[str, ...], int]) -> Any:
    return count_pairs(dict.fromkeys(split, 1))


def _count_once_a_word(split: dict[tuple[str, ...], int]) -> Any:
    counts: Counter[tuple[str, str]] = Counter()
    for pieces, n in split.items():
        for pair in set(pairwise(pieces)):
            counts[pair] += n
    return counts


def _count_no_overlap(split: dict[tuple[str, ...], int]) -> Any:
    counts: Counter[tuple[str, str]] = Counter()
    for pieces, n in split.items():
        at = 0
        while at < len(pieces) - 1:
            counts[pieces[at], pieces[at + 1]] += n
            at += 2
    return counts


def _train_without_recount(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    counts = count_pairs({tuple(word): n for word, n in words.items()})
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


def _train_never_merged(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    return _train(words, 1)[:n_merges] * n_merges


MISTAKES = (
    WrongAnswer(
        id="words_once",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_words_once),
        says="Each distinct word counts once for you, however often it occurs.",
        why="Merges should serve the text, and in the text a common word stands many times: its pairs count as often.",
    ),
    WrongAnswer(
        id="no_recount",
        code=_train_without_recount,
        says="You count once and take the commonest pairs of that one count.",
        why="After a merge other pairs are there: (l, o) turns the neighbours (lo, w) up, which no first count knows. Count again "
        "after every merge.",
    ),
    WrongAnswer(
        id="ties_first_met",
        code=lambda words, n_merges: _train(
            words, n_merges, lambda counts, age: max(counts, key=counts.__getitem__)
        ),
        says="Of equally common pairs you take the one that was met first.",
        why="Then the order of the words decides, and the same text shuffled gives another tokenizer. The rule here: older "
        "pieces first.",
    ),
    WrongAnswer(
        id="ties_by_alphabet",
        code=lambda words, n_merges: _train(
            words, n_merges, lambda counts, age: min(counts, key=lambda p: (-counts[p], p))
        ),
        says="Of equally common pairs you take the first in the alphabet.",
        why="That is right among single letters. A merged piece is younger than every letter, so (b, a) comes before (aa, b): the age "
        "of the pieces decides.",
    ),
    WrongAnswer(
        id="ties_youngest",
        code=lambda words, n_merges: _train(
            words,
            n_merges,
            lambda counts, age: max(counts, key=lambda p: (counts[p], age[p[0]], age[p[1]])),
        ),
        says="Of equally common pairs you take the one with the youngest pieces.",
        why="max over (count, age, age) prefers large ages. Take min over (−count, age, age).",
    ),
    WrongAnswer(
        id="rarest",
        code=lambda words, n_merges: _train(
            words,
            n_merges,
            lambda counts, age: min(counts, key=lambda p: (counts[p], age[p[0]], age[p[1]])),
        ),
        says="You merge the rarest pair first.",
        why="A merge shortens the text by as many tokens as the pair occurs. The commonest pair saves most.",
    ),
    WrongAnswer(
        id="once_a_word",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_once_a_word),
        says="A pair that stands twice in a word counts once for you.",
        why="In “banana” the pair (a, n) stands twice, and both are joined. A set forgets the second; walk along the pairs.",
    ),
    WrongAnswer(
        id="every_other_pair",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_no_overlap),
        says="You cut words into pairs side by side and miss the pairs between them.",
        why="In “abcd” three pairs stand: ab, bc, cd. Move on by one, not by two.",
    ),
    WrongAnswer(
        id="letters_counted",
        code=lambda words, n_merges: _train(
            words, max(0, n_merges - len({c for word in words for c in word}))
        ),
        says="You take n_merges for the size of the vocabulary, letters included.",
        why="Some libraries count so. Here n_merges is how many pairs are joined; the letters come on top.",
    ),
    WrongAnswer(
        id="joined",
        code=lambda words, n_merges: ["".join(pair) for pair in _train(words, n_merges)],
        says="You return the joined pieces, not the pairs.",
        why="Encoding has to know which two pieces make “low”: (lo, w) or (l, ow). The joined text no longer tells.",
    ),
    WrongAnswer(
        id="never_merged",
        code=_train_never_merged,
        says="You find the same pair in every round: the words themselves are never merged.",
        why="After a pair is chosen, every word has to be written anew with the joined piece; then the next count differs.",
    ),
)
