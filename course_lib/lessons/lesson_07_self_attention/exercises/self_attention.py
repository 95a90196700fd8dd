"""“Self-attention”: its cases, its oracle, its hints."""

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
from course_lib.lessons.lesson_07_self_attention.mistakes.self_attention import MISTAKES


def _state(rng: Seed, d_model: int, d_head: int) -> dict[str, Tensor]:
    rng = rng_of(rng)
    return {f"{name}.weight": noise(rng, d_head, d_model) for name in ("w_q", "w_k", "w_v")}


def _patchy(seed: int, *shape: int) -> Tensor:
    """Return a mask that is not symmetric, whose row 2 is empty and whose other rows are not."""
    mask = draw_mask(seed, *shape, share=0.6)
    mask[..., 0] = True
    mask[..., 2, :] = False
    return mask


def attention_cases() -> list[Case]:
    by_hand = layer_case(
        "a noun and a verb",
        torch.eye(2, dtype=torch.float64),
        {
            "w_q.weight": double([[1.0, 0]]),
            "w_k.weight": double([[0.0, math.log(3)]]),
            "w_v.weight": double([[8.0, 4]]),
        },
    )
    plain = [
        layer_case(
            f"{many(lead)} of {t} tokens, width {d} to {h}, seed {seed}",
            noise(seed, *lead, t, d),
            _state(seed + 10, d, h),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    masks = {
        "causal": torch.ones(T, T, dtype=torch.bool).tril(),
        "one for each sequence": _patchy(0, B, T, T) | torch.eye(T, dtype=torch.bool),
        "padding": torch.arange(T).expand(B, 1, T) < torch.tensor([[[T]], [[3]]]),
        "with an empty row": _patchy(1, T, T),
    }
    masked = [
        layer_case(
            f"mask: {name}",
            noise(seed, B, T, D),
            _state(seed + 10, D, 3),
            mask,
            gradients=True,
            edge=name == "with an empty row",
        )
        for seed, (name, mask) in enumerate(masks.items(), start=3)
    ]
    alone = layer_case(
        "a batch of one, a single token", noise(8, 1, 1, D), _state(18, D, 3), edge=True
    )
    return [by_hand, *plain, *masked, alone]


def attention_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B)
    t, d, h = draw_sizes(rng, 5, 5, 5)
    shape = pick(rng, [None, (t, t), (*lead, t, t), (*lead, 1, t)])
    mask = None if shape is None else draw_mask(rng, *shape, share=0.6)
    return layer_case("random", noise(rng, *lead, t, d), _state(rng, d, h), mask)


def attention_oracle(
    state: dict[str, Tensor], x: Tensor, mask: Tensor | None = None, **init: int
) -> Tensor:
    """Token by token, in loops: exponentials of its scores with all that it may attend to."""
    t, d_model = x.shape[-2:]
    allowed = torch.ones(t, t, dtype=torch.bool) if mask is None else mask
    allowed = allowed.expand(*x.shape[:-2], t, t).reshape(-1, t, t)
    flat = x.reshape(-1, t, d_model)
    out = [
        torch.stack([_gather(state, rows, who, i) for i, who in enumerate(allowed[b])])
        for b, rows in enumerate(flat)
    ]
    return torch.stack(out).reshape(*x.shape[:-1], -1)


def _gather(state: dict[str, Tensor], rows: Tensor, allowed: Tensor, i: int) -> Tensor:
    """Return what token i gathers from the allowed ones, with scores written as sums."""
    w_q, w_k, w_v = (state[f"{name}.weight"] for name in ("w_q", "w_k", "w_v"))
    heard = rows[allowed]
    if len(heard) == 0:
        return (w_v @ rows[i]) * 0
    asks = (w_q * rows[i]).sum(1)
    powers = torch.exp(((heard @ w_k.T) * asks).sum(1) / w_q.shape[0] ** 0.5)
    return (powers[:, None] * (heard @ w_v.T)).sum(0) / powers.sum()


def within_values(call: Any, case: Case, value: Any) -> str | None:
    """A weighted mean cannot leave the range of what it averages."""
    x = case.args[0]
    v = x @ case.state["w_v.weight"].T
    low, high = v.amin(-2, keepdim=True).clamp(max=0), v.amax(-2, keepdim=True).clamp(min=0)
    if len(case.args) == 1:
        low, high = v.amin(-2, keepdim=True), v.amax(-2, keepdim=True)
    if in_range(value, low, high):
        return None
    return (
        "Each output is a weighted mean of the values x W_v, so it cannot leave their range. On the case "
        f"“{case.label}” the values reach from {v.min().item():.3f} to {v.max().item():.3f}, your outputs "
        f"from {value.min().item():.3f} to {value.max().item():.3f}."
    )


def moves_with_its_tokens(call: Any, case: Case, value: Any) -> str | None:
    """Shuffle the tokens, and their mask with them: the outputs are shuffled alike."""
    x = case.args[0]
    order = torch.from_numpy(generator(5).permutation(x.shape[-2]))
    args = [x[..., order, :]]
    if len(case.args) > 1:
        t = x.shape[-2]
        mask = case.args[1].expand(*case.args[1].shape[:-2], t, t)
        args.append(mask[..., order, :][..., order])
    again = call(*args).detach()
    due = value[..., order, :]
    if torch.allclose(again.to(due), due, atol=1e-8, rtol=1e-6):
        return None
    apart = (again.to(due) - due).abs().max().item()
    return (
        "Self-attention does not know the order of its tokens: shuffle them, and the outputs are shuffled "
        f"alike. On the case “{case.label}” some of yours change by {apart:.3f}, so a place enters somewhere."
    )


EXERCISE = Exercise(
    name="SelfAttention",
    title="Self-attention",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="your class makes queries, keys and values by three projections and attends under any mask",
    passed="Agrees with loops over single tokens in float64, gradients of all three projections too.",
    cases=attention_cases,
    sample=attention_sample,
    oracle=attention_oracle,
    properties=(
        Property(id="within_values", holds=within_values),
        Property(id="equivariant", holds=moves_with_its_tokens),
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
    reference=f"{MECHANISMS}.SelfAttention",
    hints=(
        "__init__ makes three layers from d_model to d_head and keeps them on self. forward sends the same "
        "x through all three, and hands the results to the attention of lesson 04.",
        "in __init__, after super().__init__():\n"
        "    w_q, w_k, w_v: three linear layers from d_model to d_head, each without a bias\n"
        "in forward:\n"
        "    q, k and v are x through each of them\n"
        "    return their attention under the mask",
        "self.w_q = nn.Linear(d_model, d_head, bias=False), and the same for w_k and w_v. Then forward "
        "returns scaled_dot_product_attention(self.w_q(x), ..., ..., mask), which scales and masks already.",
    ),
    wrong_answers=MISTAKES,
)
