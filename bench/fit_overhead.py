"""What `fit` adds to a step: beside a bare loop with the same optimizer and clipping, in one run.

    python bench/fit_overhead.py [--steps 60] [--repeats 7] [--rows 48]

Turns are interleaved, in a new order each, and the processor's time of one thread counts, so that
other work on the machine slows both alike. The step is a small GPT-like stack of about 5 ms.
"""

import argparse
import os
import random
import statistics
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.training.fit import FitConfig, fit
from course_lib.training.optimizer import adamw

BAR = 1.15
VOCABULARY, D_MODEL, T = 97, 64, 24


class Stack(nn.Module):
    """Embeddings, four residual feed-forward layers with normalisation, logits."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, D_MODEL)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(D_MODEL),
                nn.Linear(D_MODEL, 4 * D_MODEL),
                nn.GELU(),
                nn.Linear(4 * D_MODEL, D_MODEL),
            )
            for _ in range(4)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        for layer in self.layers:
            x = x + layer(x)
        return x @ self.embed.weight.T


def loss(model: nn.Module, tokens: Tensor) -> Tensor:
    """Return the cross-entropy of the next token."""
    return F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def bare(config: FitConfig, data: Tensor) -> None:
    """Train by the loop that everyone writes."""
    model = Stack()
    optimizer = adamw(model, config.rate, config.weight_decay, config.betas)
    losses = []
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.rate_at(step)
        value = loss(model, data)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        losses.append(value.item())


def ours(config: FitConfig, data: Tensor) -> None:
    """Train by `fit`, its bar shown to nobody."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        fit(Stack(), lambda step: data, loss, config)


def medians(config: FitConfig, rows: int, repeats: int) -> dict[str, float]:
    """Return each loop's median time for a step, in milliseconds."""
    data = torch.randint(VOCABULARY, (rows, T + 1))
    loops, rng = {"bare loop": bare, "fit": ours}, random.Random(0)
    times: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(repeats + 1):
        for name in rng.sample(list(loops), len(loops)):
            start = time.process_time()
            loops[name](config, data)
            if turn:  # the first turn warms up
                times[name].append(1000 * (time.process_time() - start) / config.steps)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> int:
    """Print both times and their ratio; 1 when it is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--rows", type=int, default=12, help="of a batch")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = FitConfig(steps=args.steps, rate=1e-3, warmup=5)
    taken = medians(config, args.rows, args.repeats)
    ratio = taken["fit"] / taken["bare loop"]
    for name, milliseconds in taken.items():
        print(f"  {name:10} {milliseconds:6.2f} ms a step")
    print(f"  fit against the bare loop: × {ratio:.3f}; bar × {BAR}")
    return int(ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
