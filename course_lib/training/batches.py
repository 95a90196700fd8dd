"""Which rows a step sees: pure functions of (seed, step), so that a continued training sees them.

Each helper returns a function of the step; `fit` takes `lambda step: data[rows(step)]`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from course_lib.errors import CourseError

Rows = Callable[[int], Tensor]


def drawn(seed: int, *place: int) -> np.random.Generator:
    """Return a generator that depends on the seed and the place alone: epoch or step."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *place])))


def epochs(n_rows: int, batch_size: int, seed: int = 0) -> Rows:
    """Return a function of the step to row numbers: each epoch sees every row once, in new order.

    The rows left over, fewer than a batch, sit out the epoch: all batches have one size.

    Args:
        n_rows: of the data.
        batch_size: rows in a batch.
        seed: of the orders.

    >>> rows = epochs(6, 3, seed=1)
    >>> sorted([*rows(0).tolist(), *rows(1).tolist()]), torch.equal(rows(5), rows(5))
    ([0, 1, 2, 3, 4, 5], True)
    """
    _check(n_rows, batch_size)
    per_epoch = n_rows // batch_size
    order = lru_cache(maxsize=2)(lambda epoch: drawn(seed, epoch).permutation(n_rows))

    def rows(step: int) -> Tensor:
        epoch, at = divmod(step, per_epoch)
        return torch.from_numpy(order(epoch)[at * batch_size : (at + 1) * batch_size].copy())

    return rows


def by_length(
    lengths: Sequence[int] | Tensor, batch_size: int, seed: int = 0, window: int = 50
) -> Rows:
    """Return a function of the step to rows of about the same length, so that few pad.

    Every epoch puts the rows in a new order, sorts runs of `window` batches by length, cuts them
    into batches and puts those in a new order: which rows meet, and when, still changes.

    Args:
        lengths: of every row.
        batch_size: rows in a batch.
        seed: of the orders.
        window: batches sorted together; the larger, the less padding.

    >>> rows = by_length([5, 1, 5, 1], 2)
    >>> sorted(sorted(rows(step).tolist()) for step in (0, 1))
    [[0, 2], [1, 3]]
    """
    sizes = torch.as_tensor(lengths).numpy()
    _check(len(sizes), batch_size)
    per_epoch = len(sizes) // batch_size

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> np.ndarray:
        generator = drawn(seed, epoch)
        order = generator.permutation(len(sizes))[: per_epoch * batch_size]
        run = window * batch_size
        parts = [order[at : at + run] for at in range(0, len(order), run)]
        parts = [part[np.argsort(sizes[part], kind="stable")] for part in parts]
        batches = np.concatenate(parts).reshape(per_epoch, batch_size)
        return batches[generator.permutation(per_epoch)]

    def rows(step: int) -> Tensor:
        epoch, at = divmod(step, per_epoch)
        return torch.from_numpy(plan(epoch)[at].copy())

    return rows


def windows(tokens: Tensor, batch_size: int, length: int, seed: int = 0) -> Rows:
    """Return a function of the step to random windows of a text, one token longer than `length`.

    `batch[:, :-1]` is read and `batch[:, 1:]` is to be said.

    Args:
        tokens: the text, (N,).
        batch_size: windows in a batch, drawn with replacement.
        length: tokens to predict in a window.
        seed: of the places.

    >>> batch = windows(torch.arange(50), 2, 4, seed=3)(0)
    >>> batch.shape, torch.equal(batch[:, 1:], batch[:, :-1] + 1)
    (torch.Size([2, 5]), True)
    """
    n_places = len(tokens) - length
    if n_places < 1:
        raise CourseError(
            f"a text of {len(tokens)} tokens holds no window of {length + 1}: take a longer text, "
            "or a smaller length"
        )
    offsets = torch.arange(length + 1, device=tokens.device)

    def batch(step: int) -> Int[Tensor, "B T"]:
        starts = torch.from_numpy(drawn(seed, step).integers(n_places, size=(batch_size, 1)))
        return tokens[starts.to(tokens.device) + offsets].long()

    return batch


def _check(n_rows: int, batch_size: int) -> None:
    if not 1 <= batch_size <= n_rows:
        raise CourseError(
            f"a batch of {batch_size} rows out of {n_rows}: take between 1 and all of them"
        )
