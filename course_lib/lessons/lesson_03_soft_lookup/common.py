"""What several exercises of lesson 03 share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes, leads, many
from course_lib.checking.noise import noise
from course_lib.checking.properties import all_one

B, H, T, S, D, DV = 2, 3, 5, 7, 11, 4
LEADS = {many(lead, "set"): lead for lead in leads(B, H)}
MECHANISM = "course_lib.attention.soft_lookup"


def some_bandwidth(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.3, 3.0))


def soften(scores: Tensor, values: Tensor) -> Tensor:
    """One query at a time: exponentials, their sum, the mean."""
    rows = []
    for row in scores:
        powers = torch.exp(row - row.max())
        rows.append((powers.unsqueeze(-1) * values).sum(0) / powers.sum())
    return torch.stack(rows)


def weights_sum_to_one(call: Any, ones: Tensor, *inputs: Any, label: str) -> str | None:
    """A mean of ones is 1."""
    sums = call(*inputs[:-1], ones, *inputs[-1:]) if len(inputs) > 1 else call(*inputs, ones)
    if bool(sums.isnan().any()) or all_one(sums):
        return None
    return (
        "Each query's weights must sum to 1, so that values which are all 1 give the answer 1. On the case "
        f"“{label}” yours gives {sums.flatten()[0].item():.3f}."
    )


def score_cases(*rows: tuple[int, int, int, float, int]) -> list[Case]:
    """Return a case for each leading shape; a row holds t, s, d, the bandwidth and the seed."""
    return [
        Case(
            label=f"{name}, {t} queries, {s} keys, width {d}, h = {h}, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                torch.tensor(h).double(),
            ),
            gradients=True,
        )
        for (name, lead), (t, s, d, h, seed) in zip(LEADS.items(), rows, strict=True)
    ]


def score_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, d) = draw_lead(rng, B, H), draw_sizes(rng, 6, 6, 6)
    return Case(
        label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), some_bandwidth(rng))
    )


def score_oracle(queries: Tensor, keys: Tensor, bandwidth: float | Tensor) -> Tensor:
    """One pair at a time, one row of pairs after the other."""
    if queries.ndim > 2:
        pairs = zip(queries, keys, strict=True)
        return torch.stack([score_oracle(q, k, bandwidth) for q, k in pairs])
    rows = [torch.stack([((query - key) ** 2).sum() for key in keys]) for query in queries]
    return 0.0 - 0.5 * torch.stack(rows) / bandwidth**2
