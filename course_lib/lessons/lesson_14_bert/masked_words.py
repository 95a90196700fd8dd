"""Pretrain a tiny BERT on Python's documentation, with masks drawn once or drawn anew."""

from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor, nn

from course_lib.data.python_docs import python_docs
from course_lib.models.bert import Bert, BertConfig, MaskedLanguageModel
from course_lib.models.small_gpt import encode
from course_lib.training.batches import drawn, epochs
from course_lib.training.fit import FitConfig, History, fit

#: `mask_tokens(tokens, special, choose, change, others, mask_id)` to inputs and chosen positions.
MaskTokens = Callable[..., tuple[Tensor, Tensor]]
MaskedLoss = Callable[[Tensor, Tensor, Tensor], Tensor]

#: Tokens of the small tokenizer, and [MASK] behind them.
N_TOKENS, MASK, LENGTH, BATCH = 512, 512, 48, 32
#: Windows to learn from, about a quarter of the text: few, so that each comes many times.
WINDOWS, HELD_OUT = 640, 160


@cache
def windows(part: Literal["train", "held_out"]) -> Int[Tensor, "N T"]:
    """Return windows of 48 tokens, side by side."""
    text = python_docs()
    ids = torch.tensor(encode(text.train if part == "train" else text.held_out))
    n = min(WINDOWS if part == "train" else HELD_OUT, len(ids) // LENGTH)
    return ids[: n * LENGTH].view(n, LENGTH)


def tiny_bert(seed: int) -> MaskedLanguageModel:
    """Return a fresh model of two layers, 64 wide."""
    sizes = BertConfig(
        vocab_size=N_TOKENS + 1, d_model=64, n_heads=4, n_layers=2, d_ff=256, max_len=LENGTH
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MaskedLanguageModel(Bert(sizes))


def draws(seed: int, *place: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what masking draws: two uniform numbers and another token for each position."""
    rng = drawn(seed, *place)
    others = torch.from_numpy(rng.integers(N_TOKENS, size=shape))
    return torch.from_numpy(rng.random(shape)), torch.from_numpy(rng.random(shape)), others


def train_masked(
    mask_tokens: MaskTokens,
    masked_loss: MaskedLoss,
    *,
    n_masks: int | None = None,
    seed: int,
    steps: int,
    every: int | None = None,
) -> tuple[MaskedLanguageModel, History]:
    """Pretrain a tiny BERT.

    Args:
        mask_tokens, masked_loss: a learner's or the course's.
        n_masks: masks that each window gets, an epoch each, in turn; None draws a new one whenever
            a window is read.
        seed: of weights, orders and masks.
        steps: batches of 32 windows.
        every: steps between looks at the held-out loss.

    Returns:
        the model, and what was measured: `history.evaluations` holds "held_out".
    """
    text, model = windows("train"), tiny_bert(seed)
    rows, special = epochs(len(text), BATCH, seed), torch.zeros(BATCH, LENGTH, dtype=torch.bool)
    kept = [draws(seed, 0, copy, shape=tuple(text.shape)) for copy in range(n_masks or 0)]
    per_epoch = len(text) // BATCH

    def batch(step: int) -> tuple[Tensor, Tensor, Tensor]:
        chosen = rows(step)
        tokens = text[chosen]
        if kept:
            here = tuple(one[chosen] for one in kept[step // per_epoch % len(kept)])
        else:
            here = draws(seed, 1, step, shape=tuple(tokens.shape))
        inputs, asked = mask_tokens(tokens, special, *here, MASK)
        return tokens, inputs, asked

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        tokens, inputs, chosen = batch
        return masked_loss(model(inputs), tokens, chosen)

    def evaluate(model: nn.Module) -> dict[str, float]:
        return {
            "held_out": held_out_loss(model, mask_tokens, masked_loss),
            "read": held_out_loss(model, mask_tokens, masked_loss, "train"),
        }

    config = FitConfig(
        steps=steps, rate=3e-3, warmup=min(50, steps), weight_decay=0.01, seed=seed,
        evaluate_every=every, name="masked words",
    )  # fmt: skip
    return model, fit(model, batch, loss, config, evaluate=evaluate)


@torch.no_grad()
def held_out_loss(
    model: nn.Module,
    mask_tokens: MaskTokens,
    masked_loss: MaskedLoss,
    part: Literal["train", "held_out"] = "held_out",
) -> float:
    """Return the loss on masks that no training has drawn; equal for all models."""
    text, inputs, chosen = _questions(mask_tokens, part)
    device = next(model.parameters()).device
    tokens, inputs, chosen = (one.to(device) for one in (text, inputs, chosen))
    return float(masked_loss(model(inputs), tokens, chosen))


def _questions(
    mask_tokens: MaskTokens, part: Literal["train", "held_out"] = "held_out"
) -> tuple[Tensor, Tensor, Tensor]:
    """Return tokens, inputs and chosen places, under masks that no training has drawn."""
    text = windows(part)[:HELD_OUT]
    fresh = draws(12345, shape=tuple(text.shape))
    return text, *mask_tokens(text, torch.zeros_like(text).bool(), *fresh, MASK)


@torch.no_grad()
def losses_by_kind(mask_tokens: MaskTokens, model: nn.Module | None = None) -> dict[str, float]:
    """Return the held-out loss over all chosen places, over those at [MASK], and over the others.

    Without a model, the best that can be done without context answers: at [MASK] the frequency p
    of the text; where a token v stands, p once more, but with 0.1 p(v) : 0.1 / 512 for "v was
    kept" against "v replaced another".

    Args:
        mask_tokens: a learner's or the course's.
        model: from inputs (B, T) to logits (B, T, 513); None for the guesser without context.

    Returns:
        nats a chosen token, under "all", "hidden" ([MASK]) and "visible".
    """
    text, inputs, chosen = _questions(mask_tokens)
    tokens, seen = text[chosen], inputs[chosen]
    if model is None:
        counts = torch.bincount(windows("train").flatten(), minlength=N_TOKENS) + 0.1
        share = counts / counts.sum()
        at = seen.clamp(max=N_TOKENS - 1)
        kept = (share[at] / (share[at] + 1 / N_TOKENS)).where(seen != MASK, torch.tensor(0.0))
        losses = -(kept * (tokens == seen) + (1 - kept) * share[tokens]).log()
    else:
        model = model.cpu()
        losses = nn.functional.cross_entropy(model(inputs)[chosen], tokens, reduction="none")
    kinds = {"all": seen == seen, "hidden": seen == MASK, "visible": seen != MASK}
    return {kind: losses[here].mean().item() for kind, here in kinds.items()}
