"""“Self-attention with heads”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_09_many_heads.common import (
    BY_LIBRARY,
    D_IN,
    D_MODEL,
    B,
    H,
    T,
    some_state,
    tidy_state,
)
from course_lib.lessons.lesson_09_many_heads.mistakes.multi_head_self_attention import MISTAKES
from course_lib.lessons.shared import mask_of


def attention_by_loops(
    state: dict[str, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    n_heads: int,
) -> Tensor:
    """Head by head, with slices of the weights; each head through PyTorch's fused attention."""
    width = state["w_q.weight"].shape[0] // n_heads
    out = state["w_o.bias"].expand(*query.shape[:-1], -1)
    for h in range(n_heads):
        part = slice(h * width, (h + 1) * width)
        q, k, v = (
            F.linear(x, state[f"{name}.weight"][part], state[f"{name}.bias"][part])
            for name, x in (("w_q", query), ("w_k", key), ("w_v", value))
        )
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        out = out + found @ state["w_o.weight"][:, part].T
    return out


def self_cases() -> list[Case]:
    by_hand = Case(
        label="one sentence of two tokens, width 4, 2 heads, projections that copy",
        init={"d_in": 4, "d_model": 4, "n_heads": 2},
        state=tidy_state(4, 4),
        args=(torch.tensor([[[1.0, 0, 0, 2], [0, 1, 3, 0]]]),),
    )
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _self_case(f"{kind}, seed {seed}", seed, kind, edge=kind.startswith("a query"))
        for seed, kind in enumerate(kinds)
    ]
    as_many = _self_case("a random mask, as many sentences as heads", 5, "a random mask", b=H)
    alone = _self_case("no mask", 6, "no mask", b=1, t=1, edge=True)
    return [by_hand, *drawn, as_many, alone]


def _self_case(
    label: str, seed: int, kind: str, b: int = B, t: int = T, edge: bool = False
) -> Case:
    mask = mask_of(kind, seed + 30, b, t, t)
    x = noise(seed + 10, b, t, D_IN)
    return Case(
        label=f"{b} sentence{'s' * (b > 1)}, {t} token{'s' * (t > 1)}, {D_IN} to {D_MODEL} wide, {H} heads, {label}",
        init={"d_in": D_IN, "d_model": D_MODEL, "n_heads": H},
        state=some_state(seed, D_MODEL, D_IN, D_IN, D_IN),
        args=(x,) if mask is None else (x, mask),
        gradients=True,
        edge=edge,
    )


def self_sample(rng: np.random.Generator) -> Case:
    b, t, h, d, d_in = draw_sizes(rng, 4, 4, 4, 4, 4)
    x, masks = noise(rng, b, t, d_in), (None, noise(rng, b, t, t) > 0, noise(rng, t, t) > -0.5)
    mask = pick(rng, masks)
    return Case(
        label="random",
        init={"d_in": d_in, "d_model": h * d, "n_heads": h},
        state=some_state(rng, h * d, d_in, d_in, d_in),
        args=(x,) if mask is None else (x, mask),
    )


def self_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    d_in: int,
    d_model: int,
    n_heads: int,
) -> Tensor:
    return attention_by_loops(state, x, x, x, mask, n_heads)


def forbidden_tokens_count_nothing(call: Any, case: Case, value: Any) -> str | None:
    """Moving a token that nobody may attend to moves no output but its own."""
    if len(case.args) < 2 or case.args[1].dim() != 3 or case.edge:
        return None
    x, mask = case.args
    for s in range(x.shape[1]):
        moved = x.clone()
        moved[:, s] += 3.0
        rows = (call(moved, mask.clone()) - value).detach().abs().amax(-1) > 1e-6
        allowed = mask.expand(*x.shape[:2], x.shape[1])[..., s].clone()
        allowed[:, s] = True
        if (rows & ~allowed).any():
            b, t = (rows & ~allowed).nonzero()[0].tolist()
            return (
                f"In sentence {b}, token {t} may not attend to token {s}, yet its output moves when token {s} does "
                f"(case: {case.label})."
            )
    return None


EXERCISE = Exercise(
    name="MultiHeadSelfAttention",
    title="Self-attention with heads",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="output and gradients agree with a loop over the heads, for every mask, also where widths differ",
    passed="Agrees with a loop over the heads in float64, gradients of all weights too: five kinds of mask.",
    cases=self_cases,
    sample=self_sample,
    oracle=self_oracle,
    properties=(Property(id="forbidden_tokens", holds=forbidden_tokens_count_nothing),),
    protocol=ModuleProtocol(),
    kinds=(
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
    ),
    never={
        "hidden_nan": "A value of NaN spoils the mean at weight 0 as well, here as in PyTorch: nothing is asked of it.",
    },
    reference="course_lib.lessons.lesson_09_many_heads.reference.MultiHeadSelfAttention",
    forbidden=BY_LIBRARY,
    hints=(
        "Five steps, and you have functions for three of them: project, split, attend, merge, project. The mask has "
        "no axis for the heads yet.",
        "in __init__: w_q, w_k, w_v from d_in to d_model, w_o from d_model to d_model; keep n_heads\n"
        "in forward:\n    q, k, v = each projection of x, split\n    mask gets an axis of size 1 before (T, S)\n"
        "    attend, merge, then w_o",
        "q = split_heads(self.w_q(x), self.n_heads), k and v alike. If there is a mask: mask = mask.unsqueeze(-3). "
        "Then return self.w_o(merge_heads(scaled_dot_product_attention(...))).",
    ),
    wrong_answers=MISTAKES,
)
