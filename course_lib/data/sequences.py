"""Small sequence tasks whose right attention map is known beforehand; drawn by seed."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

#: A target that nothing is asked for; `torch.nn.functional.cross_entropy` ignores it by default.
IGNORE = -100


@dataclass(frozen=True, kw_only=True, eq=False)
class Sequences:
    """Sequences with an answer due at every position.

    Args:
        tokens: what is read, numbers from 0 to the vocabulary's size.
        targets: what position t is to answer; `IGNORE` where nothing is asked.
        sources: the place that holds the answer for t; −1 where several do, or none.
    """

    tokens: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    sources: Int[Tensor, "B T"]

    def __len__(self) -> int:
        return len(self.tokens)

    def known_map(self) -> Float[Tensor, "B T T"]:
        """Return the weights of a layer that looks where the answer stands, and nowhere else.

        A row spreads evenly over the answer's places where there are several; it is 0 where nothing
        is asked.

        >>> reverse(1, 3, vocab_size=5, seed=0).known_map()[0].int().tolist()
        [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
        """
        one_place = torch.arange(self.tokens.shape[1]) == self.sources[:, :, None]
        same_token = self.tokens[:, None, :] == self.targets[:, :, None]
        places = torch.where(self.sources[:, :, None] >= 0, one_place, same_token).float()
        return places / places.sum(-1, keepdim=True).clamp(min=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Questions:
    """Sets of labelled items, each with one question: what stands beside this label?

    Args:
        labels: of the items, distinct within a set.
        contents: of the items.
        asked: the label that is asked for.
        places: where it stands.
        answers: the content that stands there.
    """

    labels: Int[Tensor, "B T"]
    contents: Int[Tensor, "B T"]
    asked: Int[Tensor, " B"]
    places: Int[Tensor, " B"]
    answers: Int[Tensor, " B"]

    def __len__(self) -> int:
        return len(self.labels)


def reverse(
    n_sequences: int, length: int, *, vocab_size: int, seed: int, distinct: bool = False
) -> Sequences:
    """Return sequences to be written backwards: position t answers token T − 1 − t.

    Args:
        n_sequences: how many.
        length: T.
        vocab_size: tokens are drawn from 0 … vocab_size − 1.
        seed: of NumPy's Philox generator; equal on every machine.
        distinct: no token twice in a sequence: the tokens then say nothing about their order.

    Raises:
        ValueError: when so many distinct tokens do not exist.

    >>> task = reverse(2, 3, vocab_size=5, seed=0)
    >>> torch.equal(task.targets, task.tokens.flip(1))
    True
    """
    tokens = _tokens(n_sequences, length, vocab_size, _generator(seed), distinct)
    sources = torch.arange(length).flip(0).expand(n_sequences, length)
    return Sequences(tokens=tokens, targets=tokens.flip(1), sources=sources)


def copy(
    n_sequences: int,
    length: int,
    *,
    vocab_size: int,
    seed: int,
    offset: int = 0,
    distinct: bool = False,
) -> Sequences:
    """Return sequences to be copied from `offset` places before: t answers token t − offset.

    With an offset of 0 every position answers its own token, for which it need not look anywhere
    else. The first `offset` positions are asked nothing.

    Args:
        n_sequences: how many.
        length: T.
        vocab_size: tokens are drawn from 0 … vocab_size − 1.
        seed: of NumPy's Philox generator; equal on every machine.
        offset: how far back the answer stands, 0 to T − 1.
        distinct: no token twice in a sequence.

    Raises:
        ValueError: when the offset leaves nothing to ask, or so many distinct tokens do not exist.

    >>> task = copy(1, 4, vocab_size=9, seed=0, offset=1)
    >>> torch.equal(task.targets[:, 1:], task.tokens[:, :-1]), task.targets[0, 0].item() == IGNORE
    (True, True)
    """
    if not 0 <= offset < length:
        raise ValueError(f"offset: 0 to {length - 1} for sequences of {length}, not {offset}")
    tokens = _tokens(n_sequences, length, vocab_size, _generator(seed), distinct)
    targets = tokens.roll(offset, dims=1)
    targets[:, :offset] = IGNORE
    sources = (torch.arange(length) - offset).clamp(min=-1).expand(n_sequences, length)
    return Sequences(tokens=tokens, targets=targets, sources=sources)


def odd_one_out(n_sequences: int, length: int, *, vocab_size: int, seed: int) -> Sequences:
    """Return sets of which all items but one are alike; each item is to name the kind it is not.

    The many answer with the odd one's token, the odd one with theirs. The odd one stands anywhere.

    Args:
        n_sequences: how many.
        length: T, at least 3: of two, neither is the odd one.
        vocab_size: kinds are drawn from 0 … vocab_size − 1; at least 2.
        seed: of NumPy's Philox generator; equal on every machine.

    Raises:
        ValueError: when there is no odd one.

    >>> task = odd_one_out(1, 4, vocab_size=6, seed=1)
    >>> task.tokens.tolist(), task.targets.tolist(), task.sources.tolist()
    ([[2, 0, 2, 2]], [[0, 2, 0, 0]], [[1, -1, 1, 1]])
    """
    if length < 3 or vocab_size < 2:
        raise ValueError(
            f"an odd one out needs 3 items and 2 kinds at least, not {length} and {vocab_size}"
        )
    rng = _generator(seed)
    kinds = _tokens(n_sequences, 2, vocab_size, rng, distinct=True)
    places = torch.from_numpy(rng.integers(length, size=n_sequences))
    odd = torch.arange(length) == places[:, None]
    many, one = kinds[:, :1], kinds[:, 1:]
    return Sequences(
        tokens=torch.where(odd, one, many),
        targets=torch.where(odd, many, one),
        sources=torch.where(odd, -1, places[:, None]),
    )


def questions(
    n_sets: int, length: int, *, n_labels: int, contents: tuple[int, int], seed: int
) -> Questions:
    """Return sets of labelled items, each with one question: what stands beside this label?

    Args:
        n_sets: how many.
        length: items in a set.
        n_labels: labels are 0 … n_labels − 1, none twice in a set.
        contents: the first number that a content may be, and the first that it may not be: a
            model can be asked about contents that it was never trained on.
        seed: of NumPy's Philox generator; equal on every machine.

    Raises:
        ValueError: when there are fewer labels than items.

    >>> task = questions(3, 4, n_labels=6, contents=(10, 20), seed=0)
    >>> torch.equal(task.answers, task.contents[torch.arange(3), task.places])
    True
    """
    rng = _generator(seed)
    labels = _tokens(n_sets, length, n_labels, rng, distinct=True)
    held = torch.from_numpy(rng.integers(*contents, size=(n_sets, length)))
    places = torch.from_numpy(rng.integers(length, size=n_sets))
    rows = torch.arange(n_sets)
    return Questions(
        labels=labels,
        contents=held,
        asked=labels[rows, places],
        places=places,
        answers=held[rows, places],
    )


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def _tokens(
    n_sequences: int, length: int, vocab_size: int, rng: np.random.Generator, distinct: bool
) -> Tensor:
    if not distinct:
        return torch.from_numpy(rng.integers(vocab_size, size=(n_sequences, length)))
    if length > vocab_size:
        raise ValueError(f"{length} distinct tokens need a vocabulary as large, not {vocab_size}")
    order = rng.random((n_sequences, vocab_size)).argsort(axis=1)
    return torch.from_numpy(order[:, :length].copy())
