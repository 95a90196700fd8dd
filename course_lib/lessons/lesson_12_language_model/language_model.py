"""Train small language models on text, and measure them on text that they have not seen."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from course_lib.models.gpt import GPTConfig
from course_lib.training.progress import progress

#: Steps after which the small model of lesson 12 is done.
STEPS = 1400


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How a language model is trained.

    Args:
        steps: batches seen.
        length: tokens of a window.
        batch: windows a step.
        rate: largest rate; it warms up, then falls along a cosine to a thirtieth.
        warmup: steps until the largest rate.
        weight_decay: on matrices alone.
        muon: rate of Muon for the matrices inside blocks; AdamW does everything when left out.
        bf16: compute in bfloat16 where autocast deems it safe; weights and sums stay as they are.
        seed: of the batches.
    """

    steps: int = STEPS
    length: int = 64
    batch: int = 16
    rate: float = 8e-3
    warmup: int = 100
    weight_decay: float = 0.1
    muon: float | None = None
    bf16: bool = False
    seed: int = 0

    def share_of_rate(self, step: int) -> float:
        """Return the rate at a step, as a share of the largest."""
        warmup = min(self.warmup, self.steps // 4 + 1)
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(self.steps - warmup, 1)
        return 1 / 30 + (1 - 1 / 30) * (1 + math.cos(math.pi * done)) / 2


def small_config(vocab_size: int) -> GPTConfig:
    """Return the sizes of the small model: three layers, about 195,000 numbers."""
    return GPTConfig(vocab_size=vocab_size, max_len=64, d_model=72, n_heads=4, n_layers=3, d_ff=272)


def fresh(model: nn.Module, seed: int) -> nn.Module:
    """Draw the first weights of any model as GPT-2's are: standard deviation 0.02, biases 0."""
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                module.weight.normal_(std=0.02, generator=draws)
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.zero_()
    return model


def train(
    model: nn.Module,
    tokens: Int[Tensor, " N"],
    config: TrainConfig,
    *,
    after: Callable[[int], None] | None = None,
) -> list[float]:
    """Train a model on windows drawn anew at each step, and return the losses.

    Args:
        model: tokens (B, T) to logits (B, T, V); it is changed.
        tokens: the text, on the model's device.
        config: how.
        after: called with the number of steps done, after each.
    """
    # Not `fit`, which has one optimizer: Muon and AdamW may share the weights.
    draws = torch.Generator(tokens.device).manual_seed(config.seed)
    optimizers = make_optimizers(model, config)
    rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    losses = []
    model.train()
    for step in progress(range(config.steps), "training"):
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * config.share_of_rate(step)
        losses.append(_step(model, window(tokens, config, draws), optimizers, config.bf16))
        if after is not None:
            after(step + 1)
    return losses


def window(tokens: Tensor, config: TrainConfig, draws: torch.Generator) -> Int[Tensor, "B T1"]:
    """Return windows of one token more than `config.length`, from random places."""
    size = (config.batch, 1)
    last = len(tokens) - config.length
    starts = torch.randint(last, size, generator=draws, device=tokens.device)
    return tokens[starts + torch.arange(config.length + 1, device=tokens.device)]


def _step(
    model: nn.Module, rows: Tensor, optimizers: list[torch.optim.Optimizer], bf16: bool
) -> float:
    # Around one step, not around all: within one autocast the weights are cast once, and kept.
    with torch.autocast(rows.device.type, torch.bfloat16, enabled=bf16):
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    return loss.item()


def make_optimizers(model: nn.Module, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Return AdamW, and Muon beside it when `config` asks for it."""
    inside = [
        parameter
        for name, parameter in model.named_parameters()
        if config.muon and parameter.ndim == 2 and name.startswith("blocks.")
    ]
    known = {id(parameter) for parameter in inside}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0},
    ]
    adam = torch.optim.AdamW(groups, lr=config.rate, betas=(0.9, 0.99), fused=True)
    if not config.muon:
        return [adam]
    return [adam, torch.optim.Muon(inside, lr=config.muon, weight_decay=config.weight_decay)]


@torch.no_grad()
def held_out_loss(model: nn.Module, tokens: Int[Tensor, " N"], length: int = 64) -> float:
    """Return the mean cross-entropy in nats over all windows of a text, side by side.

    Args:
        model: tokens (B, T) to logits (B, T, V).
        tokens: a text that it has not been trained on.
        length: T; each window begins without a past, so longer windows give smaller losses.
    """
    was_training = model.training
    model.eval()
    n = (len(tokens) - 1) // length
    inputs = tokens[: n * length].view(n, length)
    targets = tokens[1 : n * length + 1].view(n, length)
    total = 0.0
    for rows, labels in zip(inputs.split(256), targets.split(256), strict=True):
        logits = model(rows).float()
        total += F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum").item()
    model.train(was_training)
    return total / (n * length)
