"""Toys that continue a random text when it begins anew, and what is found inside them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.attention.multi_head import ablate
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.training.progress import progress

VOCABULARY, LENGTH = 16, 32
#: Tokens until a text repeats; drawn anew for every text, so that no fixed distance helps.
SHORTEST, LONGEST = 4, 16
BATCH, RATE, WARMUP = 32, 3e-3, 50


def repeated_texts(
    n: int, generator: torch.Generator, period: int | None = None
) -> Int[Tensor, "B T1"]:
    """Return random tokens that begin anew after a while, in rows of one more than LENGTH.

    Args:
        n: how many.
        generator: where they come from.
        period: tokens until each repeats; drawn for each text when left out.
    """
    if period is None:
        periods = torch.randint(SHORTEST, LONGEST + 1, (n, 1), generator=generator)
    else:
        periods = torch.full((n, 1), period)
    stretch = torch.randint(VOCABULARY, (n, LENGTH), generator=generator)
    return stretch.gather(1, torch.arange(LENGTH + 1) % periods)


def train_on_repeats(
    n_layers: int,
    *,
    seed: int,
    steps: int,
    n_heads: int = 2,
    after: Callable[[int, GPT], None] | None = None,
) -> GPT:
    """Train a small GPT on random texts that repeat, each with a period of its own.

    Args:
        n_layers: one cannot do it well, two can.
        seed: of weights and data.
        steps: batches of 32 texts.
        n_heads: in each layer.
        after: called with the number of steps done and the model, after each.
    """
    draws = torch.Generator().manual_seed(seed)
    model = _fresh(n_layers, n_heads, draws)
    adam = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    for step in progress(range(steps), f"layers: {n_layers}"):
        adam.param_groups[0]["lr"] = RATE * min((step + 1) / WARMUP, 1 - 0.9 * step / steps)
        rows = repeated_texts(BATCH, draws)
        loss = F.cross_entropy(model(rows[:, :-1]).mT, rows[:, 1:])
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        if after is not None:
            after(step + 1, model)
    return model.eval()


def _fresh(n_layers: int, n_heads: int, draws: torch.Generator) -> GPT:
    """Return a toy with larger first weights than GPT-2's: it learns positions sooner."""
    with torch.random.fork_rng(devices=[]):
        config = GPTConfig(
            vocab_size=VOCABULARY,
            max_len=LENGTH,
            d_model=64,
            n_heads=n_heads,
            n_layers=n_layers,
            d_ff=64,
            tie=False,
        )
        model = GPT(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.1 if "blocks" in name else 0.5, generator=draws)
    return model


@torch.no_grad()
def loss_by_place(model: GPT, period: int, n: int = 256) -> Float[Tensor, " T"]:
    """Return the loss in nats at each place of texts that repeat after `period` tokens."""
    rows = repeated_texts(n, torch.Generator().manual_seed(99), period)
    return F.cross_entropy(model(rows[:, :-1]).mT, rows[:, 1:], reduction="none").mean(0)


def loss_on_repeats(model: GPT, period: int) -> float:
    """Return the mean loss from the second round on, where everything can be known.

    The second round's first token comes as a surprise, for texts of every period were learned from.
    """
    return loss_by_place(model, period)[period:].mean().item()


@torch.no_grad()
def mean_weights(model: GPT, period: int, n: int = 256) -> Float[Tensor, "L H T T"]:
    """Return attention weights, averaged over texts that repeat after `period` tokens."""
    rows = repeated_texts(n, torch.Generator().manual_seed(99), period)
    return model.attention_weights(rows[:, :-1]).mean(1)


@contextmanager
def silenced(model: GPT, layer: int, heads: list[int]) -> Iterator[None]:
    """Silence heads of one layer within a `with` block, then give them back."""
    block: Any = model.blocks[layer]
    w_o = block.attn.w_o.weight
    kept = w_o.data
    w_o.data = ablate(kept, heads, model.config.n_heads)
    try:
        yield
    finally:
        w_o.data = kept
