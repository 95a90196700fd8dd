"""“The encoder block, in two forms”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_10_transformer_block.common import (
    D_FF,
    B,
    D,
    H,
    T,
    constant_state,
)
from course_lib.lessons.lesson_10_transformer_block.mistakes.encoder_block import MISTAKES
from course_lib.lessons.shared import block_state, blocked, mask_of, torch_names


def encoder_cases() -> list[Case]:
    by_hand = [
        Case(
            label=f"sub-layers that always answer (1, 3) and (100, 200), {form}",
            init={"d_model": 2, "n_heads": 1, "d_ff": 3, "norm_first": form == "pre-norm"},
            state=constant_state(3),
            args=(torch.tensor([[[4.0, 5], [7, 2]]]),),
        )
        for form in ("pre-norm", "post-norm")
    ]
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _encoder_case(kind, norm_first, 2 * place + norm_first)
        for place, kind in enumerate(kinds)
        for norm_first in (True, False)
    ]
    alone = [
        _encoder_case("no mask", norm_first, 20 + norm_first, b=1, t=1)
        for norm_first in (True, False)
    ]
    return [*by_hand, *drawn, *alone]


def _encoder_case(kind: str, norm_first: bool, seed: int, b: int = B, t: int = T) -> Case:
    x, mask = noise(seed + 10, b, t, D), mask_of(kind, seed + 20, b, t, t)
    form = "pre-norm" if norm_first else "post-norm"
    return Case(
        label=f"{b} sentence{'s' * (b > 1)}, {t} token{'s' * (t > 1)}, width {D}, {H} heads, {kind}, {form}, seed {seed}",
        init={"d_model": D, "n_heads": H, "d_ff": D_FF, "norm_first": norm_first},
        state=block_state(seed, D, D_FF),
        args=(x,) if mask is None else (x, mask),
        gradients=True,
        edge=kind.startswith("a query") or t == 1,
    )


def encoder_sample(rng: np.random.Generator) -> Case:
    b, t, h, d_head, d_ff = draw_sizes(rng, 3, 3, 3, 3, 3)
    d = h * d_head
    x, mask = noise(rng, b, t, d), noise(rng, b, t, t) > -0.5
    return Case(
        label="random",
        init={"d_model": d, "n_heads": h, "d_ff": d_ff, "norm_first": coin(rng)},
        state=block_state(rng, d, d_ff),
        args=(x, mask) if coin(rng) else (x,),
    )


def encoder_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_ff: int,
    norm_first: bool,
) -> Tensor:
    """`nn.TransformerEncoderLayer` with the same weights."""
    options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": norm_first}
    theirs = nn.TransformerEncoderLayer(
        d_model, n_heads, d_ff, dropout=0.0, device="meta", **options
    )
    b, t, _ = x.shape
    inputs = {"src_mask": blocked(mask, n_heads, b, t, t)}
    out: Tensor = torch.func.functional_call(theirs, torch_names(state), (x,), inputs)
    return out


EXERCISE = Exercise(
    name="EncoderBlock",
    title="The encoder block, in two forms",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="output and all gradients agree with nn.TransformerEncoderLayer, pre-norm and post-norm, for every mask",
    passed="Agrees with PyTorch's nn.TransformerEncoderLayer on noise-filled weights: both forms, five kinds of mask, gradients too.",
    cases=encoder_cases,
    sample=encoder_sample,
    oracle=encoder_oracle,
    protocol=ModuleProtocol(),
    kinds=(
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
    ),
    never={
        "hidden_nan": "NaN in a token spoils that token's own row, hidden or not: nothing is asked of it.",
    },
    reference="course_lib.lessons.lesson_10_transformer_block.reference.EncoderBlock",
    hints=(
        "Two sub-layers, and each is added to the stream. Where does the norm stand in each form: on what a sub-layer "
        "reads, or on the sum?",
        "pre-norm: h = norm1 of x; x = x plus attention of h, h, h with the mask; then x plus ff of norm2 of x\n"
        "post-norm: x = norm1 of (x plus attention of x, x, x); then norm2 of (x plus ff of x)",
        "h = self.norm1(x); x = x + self.attn(h, h, h, mask); return x + self.ff(self.norm2(x)) is pre-norm. For "
        "post-norm: x = self.norm1(x + self.attn(x, x, x, mask)), and the feed-forward alike.",
    ),
    wrong_answers=MISTAKES,
)
