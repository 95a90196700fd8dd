"""Masks: boolean, True = may attend. The last two axes are (queries, keys)."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def padding_mask(lengths: Int[Tensor, " B"], n_keys: int) -> Bool[Tensor, "B S"]:
    """Return which keys are words and which are padding.

    Args:
        lengths: number of real keys in each sequence.
        n_keys: length that all sequences were padded to.

    Returns:
        True where key `s` of sequence `b` is real: `s < lengths[b]`.

    >>> padding_mask(torch.tensor([3, 1]), 3).int().tolist()
    [[1, 1, 1], [1, 0, 0]]
    """
    return torch.arange(n_keys, device=lengths.device) < lengths[:, None]


def causal_mask(n: int, device: torch.device | str | None = None) -> Bool[Tensor, "T T"]:
    """Return which keys each query may attend to when nobody reads ahead.

    Paper: Vaswani et al. 2017, §3.2.3.

    Args:
        n: number of positions.
        device: of the mask; torch's default when left out.

    Returns:
        True on the diagonal and below it: query `t` attends to keys `0 … t`.

    >>> causal_mask(3).int().tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()


def decoder_mask(lengths: Int[Tensor, " B"], n: int) -> Bool[Tensor, "B T T"]:
    """Return a causal mask that also hides padding: one matrix for each sequence.

    Args:
        lengths: number of real positions in each sequence.
        n: length that all sequences were padded to.

    >>> decoder_mask(torch.tensor([2]), 3).int().tolist()
    [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]]
    """
    return causal_mask(n, device=lengths.device) & padding_mask(lengths, n)[:, None, :]
