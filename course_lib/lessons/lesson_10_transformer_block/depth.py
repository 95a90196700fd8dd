"""Odd one out through stacks of blocks: what depth, the place of the norm and warm-up change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.data.sequences import Sequences, odd_one_out
from course_lib.models.blocks import EncoderBlock
from course_lib.training.progress import progress

VOCABULARY, LENGTH, BATCH = 40, 12, 64
D_MODEL, N_HEADS, D_FF = 32, 4, 128
#: Who sees no token but his own picks one of the other kinds.
CHANCE = 1 / (VOCABULARY - 1)


class OddReader(nn.Module):
    """Embed the tokens, send them through a stack, read an answer off each of them.

    Args:
        stack: takes (B, T, d_model) and a mask, and returns as much.
    """

    def __init__(self, stack: nn.Module) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, D_MODEL)
        self.stack = stack
        self.answer = nn.Linear(D_MODEL, VOCABULARY)

    def forward(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "T T"] | None = None
    ) -> Float[Tensor, "B T V"]:
        """Return a score for every kind, at every token."""
        return self.answer(self.stack(self.embed(tokens), mask))


class WithoutResidual(EncoderBlock):
    """An encoder block in which every part replaces the stream: norm(f(x))."""

    def add(
        self, x: Float[Tensor, "B T d"], norm: nn.Module, part: Callable[[Any], Any]
    ) -> Float[Tensor, "B T d"]:
        """Return `norm(part(x))`: nothing of x is left but what the part hands on."""
        return norm(part(x))


def practice() -> Sequences:
    """Return the 8,192 sets that readers practise on; there are 18,720 of them in all."""
    return odd_one_out(8192, LENGTH, vocab_size=VOCABULARY, seed=8192)


def held_out() -> Sequences:
    """Return 1,000 sets to judge readers by; some occur in practice, as there are so few."""
    return odd_one_out(1000, LENGTH, vocab_size=VOCABULARY, seed=1000)


def loss_of(
    reader: nn.Module,
    task: Sequences,
    rows: Int[Tensor, " B"],
    mask: Bool[Tensor, "T T"] | None = None,
) -> Float[Tensor, ""]:
    """Return the cross-entropy of a reader's answers on some of the sets."""
    logits = reader(task.tokens[rows], mask)
    return nn.functional.cross_entropy(logits.flatten(0, 1), task.targets[rows].flatten())


def warmed(rate: float, step: int, warmup: int) -> float:
    """Return the learning rate of a step: it grows in a straight line, then stays.

    >>> [warmed(1.0, step, 4) for step in (0, 1, 3, 9)]
    [0.25, 0.5, 1.0, 1.0]
    """
    return rate * min(1.0, (step + 1) / max(warmup, 1))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A reader, its loss at every step, and its share of right answers on the test sets."""

    reader: OddReader
    accuracy: float
    losses: Sequence[float] = field(repr=False)


def train_reader(
    make_stack: Callable[[], nn.Module],
    *,
    seed: int,
    steps: int,
    rate: float = 1e-3,
    warmup: int = 0,
    mask: Bool[Tensor, "T T"] | None = None,
) -> Trained:
    """Train a reader with Adam on odd one out, and judge it on sets of its own.

    Args:
        make_stack: returns a new stack; called once, after the seed is set.
        seed: of all weights.
        steps: batches of 64 sets.
        rate: Adam's learning rate.
        warmup: steps in which the rate grows from 0.
        mask: who may attend to whom, in training and test alike.
    """
    torch.manual_seed(seed)
    reader, task = OddReader(make_stack()), practice()
    # Not `fit`: reader, sets and mask stay where they were made, and Accelerate need not load.
    optimiser = torch.optim.Adam(reader.parameters(), lr=rate, fused=True)
    losses = []
    for step in progress(range(steps), f"seed {seed}"):
        for group in optimiser.param_groups:
            group["lr"] = warmed(rate, step, warmup)
        rows = torch.arange(BATCH * step, BATCH * (step + 1)) % len(task)
        loss = loss_of(reader, task, rows, mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return Trained(reader=reader, accuracy=accuracy(reader, mask), losses=losses)


@torch.no_grad()
def accuracy(reader: nn.Module, mask: Bool[Tensor, "T T"] | None = None) -> float:
    """Return the share of right answers on the test sets."""
    task = held_out()
    right = reader(task.tokens, mask).argmax(-1) == task.targets
    return right.float().mean().item()
