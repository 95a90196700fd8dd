"""Let an encoder–decoder write: greedily, or with a beam of several translations at once."""

from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

#: Logits of the next word at every place, for words written so far: (B, n) -> (B, n, V).
Decode = Callable[[Tensor], Tensor]


def greedy_translate(
    decode: Decode, prefix: Int[Tensor, "B n"], end: int, max_len: int
) -> Int[Tensor, "B max_len"]:
    """Write the likeliest word at each step, all sentences at once, each to its own end.

    Args:
        decode: returns logits (B, n, V) for the words so far; place t predicts word t + 1.
        prefix: what stands before the first word, a column of start marks.
        end: a sentence stops there; every place after it holds `end` as well.
        max_len: how many words at most.

    Returns:
        The words written, without the prefix.
    """
    words, ended = prefix, torch.zeros_like(prefix[:, 0], dtype=torch.bool)
    for _ in range(max_len):
        word = decode(words)[:, -1].argmax(dim=-1).masked_fill(ended, end)
        words = torch.cat([words, word[:, None]], dim=1)
        ended = ended | (word == end)
    return words[:, prefix.shape[1] :]


def beam_search(
    log_probs: Callable[[Tensor], Tensor],
    start: int,
    end: int,
    width: int,
    max_len: int,
    alpha: float,
) -> tuple[list[int], float]:
    """Return the best translation that a beam finds, and its score log p / length^alpha.

    At every step all continuations of the live translations compete, and the `width` likeliest are
    kept. One that has ended leaves the beam and waits; the rest live on. After `max_len` steps
    those still alive count as they are.

    Paper: Wu et al. 2016, §7, on the length in the score; theirs is ((5 + length) / 6)^alpha.

    Args:
        log_probs: log p of every next word, (n, V), for prefixes (n, t) that begin with start.
        start: the mark that opens a translation; it is no part of the result.
        end: the mark that closes it; it counts as a word.
        width: how many continuations are kept at each step.
        max_len: how many words at most.
        alpha: 0 ignores the length, 1 takes the mean over the words.
    """
    live: list[tuple[list[int], float]] = [([start], 0.0)]
    waiting: list[tuple[list[int], float]] = []
    for _ in range(max_len):
        rows = log_probs(torch.tensor([words for words, _ in live]))
        # No prefix has more than `width` of the `width` best continuations.
        best_of_each = rows.topk(min(width, rows.shape[-1]), dim=-1)
        longer = [
            ([*words, word], score + more)
            for (words, score), row, column in zip(
                live, *map(Tensor.tolist, best_of_each), strict=True
            )
            for more, word in zip(row, column, strict=True)
        ]
        kept = sorted(longer, key=lambda one: -one[1])[:width]
        waiting += [one for one in kept if one[0][-1] == end]
        live = [one for one in kept if one[0][-1] != end]
        if not live:
            break
    scored = [(score / (len(words) - 1) ** alpha, words[1:]) for words, score in waiting + live]
    best, words = max(scored)
    return words, best
