"""The course's own versions of lesson 11's small exercises."""

import math
from collections import Counter
from collections.abc import Sequence

from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_lib.attention.masks import causal_mask


def three_masks(
    source: Int[Tensor, "B S"], target: Int[Tensor, "B T"], pad: int
) -> tuple[Bool[Tensor, "B S S"], Bool[Tensor, "B T T"], Bool[Tensor, "B T S"]]:
    """Return who may attend to whom in the encoder, in the decoder, and from decoder to encoder.

    A mask hides keys: padding everywhere, and in the decoder also the words that come later.

    Paper: Vaswani et al. 2017, §3.2.3.

    Args:
        source: words of the source, padded at the end.
        target: what the decoder reads, padded at the end.
        pad: the number of padding.
    """
    n, m = source.shape[1], target.shape[1]
    words, written = (source != pad)[:, None], (target != pad)[:, None]
    encoder = words.expand(-1, n, -1)
    decoder = written & causal_mask(m, device=target.device)
    return encoder, decoder, words.expand(-1, m, -1)


def shift_right(labels: Int[Tensor, "B T"], start: int) -> Int[Tensor, "B T"]:
    """Return what the decoder reads: `start`, then all labels but the last column.

    >>> import torch
    >>> shift_right(torch.tensor([[5, 6, 2]]), start=1).tolist()
    [[1, 5, 6]]
    """
    inputs = labels.roll(1, dims=1)
    inputs[:, 0] = start
    return inputs


def smoothed_loss(
    logits: Float[Tensor, "B T V"], labels: Int[Tensor, "B T"], smoothing: float, pad: int
) -> Float[Tensor, ""]:
    """Return label-smoothed cross-entropy as PyTorch defines it, padding left out of the mean.

    Each place costs (1 − ε) · (−log p of its label) + ε · (mean of −log p over all V classes).

    Paper: Szegedy et al. 2016, §7; Vaswani et al. 2017, §5.4.

    Args:
        logits: before the softmax.
        labels: the right words, padded at the end.
        smoothing: ε, from 0 to 1.
        pad: the number of padding; it stays one of the V classes.
    """
    surprise = -logits.log_softmax(dim=-1)
    right = surprise.gather(-1, labels[..., None])[..., 0]
    each = (1 - smoothing) * right + smoothing * surprise.mean(dim=-1)
    return each[labels != pad].mean()


def warmup_rate(step: int, d_model: int, warmup: int) -> float:
    """Return the learning rate `d_model^−0.5 · min(step^−0.5, step · warmup^−1.5)`.

    Paper: Vaswani et al. 2017, §5.3.

    Args:
        step: from 1.
        d_model: width of the model.
        warmup: how many steps the rate rises.

    >>> warmup_rate(100, d_model=64, warmup=100)
    0.0125
    """
    return float(d_model**-0.5 * min(step**-0.5, step * warmup**-1.5))


def embed(
    ids: Int[Tensor, "B T"], table: Float[Tensor, "V d"], positions: Float[Tensor, "N d"]
) -> Float[Tensor, "B T d"]:
    """Return rows of the table times √d, plus the position of each place.

    Paper: Vaswani et al. 2017, §3.4 and §3.5.

    Args:
        ids: words.
        table: a row for each word.
        positions: a row for each place, at least T.
    """
    return table[ids] * table.shape[1] ** 0.5 + positions[: ids.shape[1]]


def bleu(candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Return BLEU of a corpus, 0 to 100: clipped n-grams up to four, times a brevity penalty.

    Paper: Papineni et al. 2002, §2.

    Args:
        candidates: words of each translation.
        references: words of the one right translation of each.

    >>> bleu([["a", "b", "c", "d"]], [["a", "b", "c", "d"]])
    100.0
    """
    precisions = []
    for n in range(1, 5):
        pairs = [
            [Counter(zip(*(words[i:] for i in range(n)), strict=False)) for words in pair]
            for pair in zip(candidates, references, strict=True)
        ]
        matched = sum((ours & theirs).total() for ours, theirs in pairs)
        if not matched:
            return 0.0
        precisions.append(matched / sum(ours.total() for ours, _ in pairs))
    length, due = sum(map(len, candidates)), sum(map(len, references))
    penalty = min(1.0, math.exp(1 - due / length))
    return 100 * penalty * math.prod(precisions) ** 0.25
