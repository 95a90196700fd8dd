"""“A set becomes one vector”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead, draw_mask, draw_sizes, many
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, generator, noise, pick, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_07_self_attention.common import (
    DH,
    MECHANISMS,
    B,
    D,
    H,
    T,
    in_range,
    layer_case,
)
from course_lib.lessons.lesson_07_self_attention.mistakes.attention_pool import MISTAKES


def _pool_state(rng: Seed, d_model: int, d_head: int) -> dict[str, Tensor]:
    rng = rng_of(rng)
    names = ("w_k.weight", "w_v.weight")
    return {"seed": noise(rng, d_head)} | {name: noise(rng, d_head, d_model) for name in names}


def pool_cases() -> list[Case]:
    by_hand = layer_case(
        "two items",
        torch.eye(2, dtype=torch.float64),
        {
            "seed": double([1.0]),
            "w_k.weight": double([[0.0, math.log(3)]]),
            "w_v.weight": double([[8.0, 4]]),
        },
    )
    plain = [
        layer_case(
            f"{many(lead, 'set')} of {t} items, width {d} to {h}, seed {seed}",
            noise(seed, *lead, t, d),
            _pool_state(seed + 10, d, h),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    return [by_hand, *plain, *_masked_pool_cases()]


def _masked_pool_cases() -> list[Case]:
    sizes = {"sets of 5 and 3 items": [5, 3], "an empty set among them": [2, 0]}
    masked = [
        layer_case(
            name,
            noise(seed, B, T, D),
            _pool_state(seed + 10, D, 3),
            torch.arange(T) < torch.tensor(items)[:, None],
            gradients=True,
            edge=0 in items,
        )
        for seed, (name, items) in enumerate(sizes.items(), start=3)
    ]
    alone = layer_case(
        "a batch of one set of one item", noise(6, 1, 1, D), _pool_state(16, D, 3), edge=True
    )
    holes = layer_case(
        "items hidden in front, and between others",
        noise(7, 2, 4, D),
        _pool_state(17, D, 3),
        torch.tensor([[False, True, True, True], [True, False, True, False]]),
        gradients=True,
    )
    return [*masked, alone, holes]


def pool_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, d, h = draw_sizes(rng, 5, 5, 5)
    mask = draw_mask(rng, *lead, t, share=0.6) if pick(rng, range(2)) else None
    return layer_case("random", noise(rng, *lead, t, d), _pool_state(rng, d, h), mask)


def pool_oracle(
    state: dict[str, Tensor], x: Tensor, mask: Tensor | None = None, **init: int
) -> Tensor:
    """Set by set: exponentials of every real item's score, and their weighted mean."""
    t, d_model = x.shape[-2:]
    real = torch.ones(x.shape[:-1], dtype=torch.bool) if mask is None else mask
    sets = zip(x.reshape(-1, t, d_model), real.reshape(-1, t), strict=True)
    pooled = torch.stack([_pool_one(state, rows[which]) for rows, which in sets])
    return pooled.reshape(*x.shape[:-2], -1)


def _pool_one(state: dict[str, Tensor], items: Tensor) -> Tensor:
    seed, w_k, w_v = state["seed"], state["w_k.weight"], state["w_v.weight"]
    if len(items) == 0:
        return seed * 0
    powers = torch.stack(
        [torch.exp((w_k @ item * seed).sum() / len(seed) ** 0.5) for item in items]
    )
    values = torch.stack([w_v @ item for item in items])
    return (powers[:, None] * values).sum(0) / powers.sum()


def pool_within_values(call: Any, case: Case, value: Any) -> str | None:
    """A weighted mean cannot leave the range of what it averages."""
    if len(case.args) > 1:
        return None
    v = case.args[0] @ case.state["w_v.weight"].T
    if in_range(value, v.amin(-2), v.amax(-2)):
        return None
    return (
        "The result is a weighted mean of the values x W_v, so it cannot leave their range. On the case "
        f"“{case.label}” the values reach from {v.min().item():.3f} to {v.max().item():.3f}, yours from "
        f"{value.min().item():.3f} to {value.max().item():.3f}."
    )


def pool_invariant(call: Any, case: Case, value: Any) -> str | None:
    """Shuffle the items: nothing changes."""
    order = torch.from_numpy(generator(5).permutation(case.args[0].shape[-2]))
    args = [case.args[0][..., order, :], *(mask[..., order] for mask in case.args[1:])]
    again = call(*args).detach().to(value)
    if again.shape != value.shape or torch.allclose(again, value, atol=1e-8, rtol=1e-6):
        return None
    return (
        "A set has no order: shuffle its items, and the result stays the same. On the case "
        f"“{case.label}” yours changes by {(again - value).abs().max().item():.3f}."
    )


EXERCISE = Exercise(
    name="AttentionPool",
    title="A set becomes one vector",
    minutes=8,
    difficulty=2,
    proves="your class weighs the items by a learned query, and does not care in which order they come",
    passed="Agrees with loops over single items in float64, gradients of the seed and both projections too.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    properties=(
        Property(id="within_values", holds=pool_within_values),
        Property(id="invariant", holds=pool_invariant),
    ),
    protocol=ModuleProtocol(),
    kinds=(
        "front",
        "gaps",
        "empty",
        "no_lead",
        "batch_of_one",
        "one_place",
    ),
    never={
        "hidden_nan": "A value of NaN spoils the mean at weight 0 as well: nothing is asked of it.",
    },
    reference=f"{MECHANISMS}.AttentionPool",
    hints=(
        "The items make keys and values as in 7.2. The one query is not made from x at all: it is a "
        "parameter, the seed. One query gives one row; drop its axis at the end.",
        "in __init__:\n"
        "    seed: an nn.Parameter of d_head random numbers\n"
        "    w_k, w_v: linear layers from d_model to d_head, without a bias\n"
        "in forward:\n"
        "    the seed as the one query, the mask as its one row of keys\n"
        "    attention, and the query's axis dropped",
        "scaled_dot_product_attention(self.seed.expand(*x.shape[:-2], 1, -1), self.w_k(x), self.w_v(x), row)"
        ".squeeze(-2), where row is None or mask.unsqueeze(-2).",
    ),
    wrong_answers=MISTAKES,
)
