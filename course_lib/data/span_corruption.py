"""Span corruption, what T5 learned from: stretches of a text are taken out and asked for.

Paper: Raffel et al. 2020, §3.1.4 (the objective) and §3.3.4 (15 % of the tokens, spans of mean 3).
"""

from collections.abc import Callable, Sequence

import numpy as np

Span = tuple[int, int]
#: From a total and a number of parts to lengths of at least 1 that sum to the total.
Cut = Callable[[int, int], Sequence[int]]


def corrupt(
    tokens: Sequence[int], spans: Sequence[Span], sentinels: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return what is read and what is to be written, after spans were taken out of a text.

    In what is read the i-th sentinel stands for the i-th span. What is to be written repeats each
    sentinel with the tokens behind it that it stood for, and ends with one sentinel more.

    Paper: Raffel et al. 2020, §3.1.4, figure 2.

    Args:
        tokens: ids of the text.
        spans: (start, length), from left to right, none touching another.
        sentinels: ids that occur in no text, one more than there are spans at least.

    >>> corrupt([11, 12, 13, 14, 15], [(1, 2), (4, 1)], [99, 98, 97])
    ([11, 99, 14, 98], [99, 12, 13, 98, 15, 97])
    """
    read: list[int] = []
    written: list[int] = []
    at = 0
    for (start, length), sentinel in zip(spans, sentinels, strict=False):
        read += [*tokens[at:start], sentinel]
        at = start + length
        written += [sentinel, *tokens[start:at]]
    return [*read, *tokens[at:]], [*written, sentinels[len(spans)]]


def draw_spans(n: int, density: float, mean_length: float, cut: Cut) -> list[Span]:
    """Return spans that hold exactly round(n · density) of n tokens, of the mean length asked for.

    Stretches that stay and spans alternate; the first stays. One token at least is taken out, and
    one stays; there is one span at least, and before each a stretch.

    Paper: Raffel et al. 2020, §3.1.4; the alternation is that of the authors' code.

    Args:
        n: tokens of the text, 2 or more.
        density: share of the tokens that is taken out.
        mean_length: of the spans.
        cut: `cut(total, parts)` draws lengths; of the spans first, of what stays then.

    >>> halves = lambda total, parts: [total // parts] * parts  # where it divides
    >>> draw_spans(20, 0.3, 3, halves)
    [(7, 3), (17, 3)]
    """
    n_noise = min(max(round(n * density), 1), n - 1)
    n_spans = min(max(round(n_noise / mean_length), 1), n - n_noise)
    spans, at = [], 0
    for length, kept in zip(cut(n_noise, n_spans), cut(n - n_noise, n_spans), strict=True):
        spans.append((at + kept, length))
        at += kept + length
    return spans


def random_cut(rng: np.random.Generator) -> Cut:
    """Return a way to cut in which every set of cuts is as likely as any other.

    >>> lengths = random_cut(np.random.default_rng(0))(10, 4)
    >>> len(lengths), sum(lengths), min(lengths) >= 1
    (4, 10, True)
    """

    def cut(total: int, parts: int) -> list[int]:
        places = np.sort(rng.choice(total - 1, size=parts - 1, replace=False)) + 1
        return [int(length) for length in np.diff([0, *places, total])]

    return cut
