"""“One sequence asks another”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_09_many_heads.common import (
    BY_LIBRARY,
    D_KEY,
    D_MODEL,
    D_VALUE,
    LIBRARY,
    B,
    H,
    S,
    T,
    some_state,
    tidy_state,
)
from course_lib.lessons.lesson_09_many_heads.mistakes.multi_head_attention import MISTAKES
from course_lib.lessons.shared import attention_names, blocked, mask_of


def cross_cases() -> list[Case]:
    tidy = tidy_state(2, 4)
    for name, rows in (
        ("w_k", [[1.0], [0], [0], [1]]),
        ("w_v", [[1.0, 0, 0]] * 2 + [[0, 0, 1]] * 2),
    ):
        tidy[f"{name}.weight"] = torch.tensor(rows)
    tidy["w_q.weight"] = torch.eye(4)
    by_hand = Case(
        label="one query, two keys of width 1, values of width 3, 2 heads",
        init={"d_model": 4, "n_heads": 2, "d_key": 1, "d_value": 3},
        state=tidy,
        args=(
            torch.tensor([[[2.0, 0, 0, 1]]]),
            torch.tensor([[[1.0], [-1]]]),
            torch.tensor([[[1.0, 0, 5], [3, 0, 9]]]),
        ),
    )
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _cross_case(f"{kind}, seed {seed}", seed, kind, edge=kind.startswith("a query"))
        for seed, kind in enumerate(kinds)
    ]
    as_many = _cross_case("a random mask, as many sentences as heads", 5, "a random mask", b=H)
    alone = _cross_case("one query, one key", 6, "no mask", b=1, t=1, s=1, edge=True)
    return [by_hand, *drawn, as_many, alone]


def _cross_case(
    label: str, seed: int, kind: str, b: int = B, t: int = T, s: int = S, edge: bool = False
) -> Case:
    mask = mask_of(kind, seed + 40, b, t, s)
    inputs = (
        noise(seed + 10, b, t, D_MODEL),
        noise(seed + 20, b, s, D_KEY),
        noise(seed + 30, b, s, D_VALUE),
    )
    return Case(
        label=f"{b} sentence{'s' * (b > 1)}, {t} quer{'ies' if t > 1 else 'y'}, {s} key{'s' * (s > 1)}, {H} heads, {label}",
        init={"d_model": D_MODEL, "n_heads": H, "d_key": D_KEY, "d_value": D_VALUE},
        state=some_state(seed, D_MODEL, D_MODEL, D_KEY, D_VALUE),
        args=inputs if mask is None else (*inputs, mask),
        gradients=True,
        edge=edge,
    )


def cross_sample(rng: np.random.Generator) -> Case:
    b, t, s, h, d, d_key, d_value = draw_sizes(rng, 4, 4, 4, 4, 4, 4, 4)
    inputs = (noise(rng, b, t, h * d), noise(rng, b, s, d_key), noise(rng, b, s, d_value))
    masks = (None, noise(rng, b, t, s) > 0, noise(rng, t, s) > -0.5, noise(rng, b, 1, s) > 0)
    mask = pick(rng, masks)
    return Case(
        label="random",
        init={"d_model": h * d, "n_heads": h, "d_key": d_key, "d_value": d_value},
        state=some_state(rng, h * d, h * d, d_key, d_value),
        args=inputs if mask is None else (*inputs, mask),
    )


def cross_oracle(
    state: dict[str, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_key: int,
    d_value: int,
) -> Tensor:
    """`nn.MultiheadAttention` with the same weights; its masks say who is blocked."""
    theirs = nn.MultiheadAttention(
        d_model, n_heads, kdim=d_key, vdim=d_value, batch_first=True, dtype=query.dtype
    )
    mask = blocked(mask, n_heads, query.shape[0], query.shape[1], key.shape[1])
    # Without weights it calls the fused attention, which gives zeros where nothing is allowed.
    options = {"attn_mask": mask, "need_weights": False}
    named = attention_names(state, apart=theirs.in_proj_weight is None)
    found = torch.func.functional_call(theirs, named, (query, key, value), options)
    out: Tensor = found[0]
    return out


EXERCISE = Exercise(
    name="MultiHeadAttention",
    title="One sequence asks another",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="output and gradients agree with nn.MultiheadAttention, whatever the widths and the mask",
    passed="Agrees with PyTorch's nn.MultiheadAttention on the same noise-filled weights, gradients too.",
    cases=cross_cases,
    sample=cross_sample,
    oracle=cross_oracle,
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
        "no_lead": "The text gives every shape with a batch in front.",
    },
    reference=f"{LIBRARY}.MultiHeadAttention",
    forbidden=BY_LIBRARY,
    hints=(
        "It is your class from 9.3 with three inputs. After the projections all three are d_model wide, so nothing "
        "else changes. Which projection reads which width?",
        "in __init__: w_q from d_model, w_k from d_key, w_v from d_value, all to d_model; w_o as before\n"
        "in forward: q from query, k from key, v from value; then as in 9.3",
        "self.w_k = nn.Linear(d_key, d_model) and self.w_v = nn.Linear(d_value, d_model). In forward: "
        "k = split_heads(self.w_k(key), self.n_heads), v alike from value.",
    ),
    wrong_answers=MISTAKES,
)
