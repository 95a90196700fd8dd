"""“The decoder block”: its cases, its oracle, its hints."""

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
    S,
    T,
    constant_state,
)
from course_lib.lessons.lesson_10_transformer_block.mistakes.decoder_block import MISTAKES
from course_lib.lessons.shared import block_state, blocked, mask_of, torch_names


def decoder_cases() -> list[Case]:
    by_hand = Case(
        label="sub-layers that always answer (1, 3), (10, 0) and (100, 200)",
        init={"d_model": 2, "n_heads": 1, "d_ff": 3},
        state=constant_state(3, cross=True),
        args=(torch.tensor([[[4.0, 5], [7, 2]]]), torch.tensor([[[1.0, 0], [0, 1], [1, 1]]])),
    )
    kinds = (
        ("no mask", "no mask"),
        ("causal", "no mask"),
        ("causal", "padding"),
        ("no mask", "padding"),
    )
    drawn = [_decoder_case(*kind, seed, S) for seed, kind in enumerate(kinds)]
    drawn.append(_decoder_case("a random mask", "a random mask", 4, S))
    as_long = _decoder_case("causal", "a random mask", 5, T)
    empty = _decoder_case("causal", "a query with nothing to attend to", 6, S, edge=True)
    alone = _decoder_case("no mask", "no mask", 7, 1, t=1, edge=True)
    return [by_hand, _thinking_case(), *drawn, as_long, empty, alone]


def _thinking_case() -> Case:
    """Both attentions answer nothing; the feed-forward answers 10 where it reads 1, 0 where −1."""
    state = {name: 0 * t for name, t in constant_state(2, cross=True).items()}
    state |= {f"norm{place}.weight": torch.ones(2) for place in (1, 2, 3)}
    state |= {"ff.w_in.weight": 10 * torch.eye(2), "ff.w_out.weight": torch.eye(2)}
    return Case(
        label="attentions that answer nothing, and a feed-forward that turns (1, −1) into (10, 0)",
        init={"d_model": 2, "n_heads": 1, "d_ff": 2},
        state=state,
        args=(torch.tensor([[[3.0, 1]]]), torch.tensor([[[1.0, 0], [0, 1]]])),
    )


def _decoder_case(
    kind: str, memory_kind: str, seed: int, s: int, t: int = T, edge: bool = False
) -> Case:
    masks = {
        "mask": mask_of(kind, seed + 20, B, t, t),
        "memory_mask": mask_of(memory_kind, seed + 30, B, t, s),
    }
    return Case(
        label=f"{B} sentences, {t} token{'s' * (t > 1)}, memory of {s}, {H} heads, own mask: {kind}, memory's: {memory_kind}, "
        f"seed {seed}",
        init={"d_model": D, "n_heads": H, "d_ff": D_FF},
        state=block_state(seed, D, D_FF, cross=True),
        args=(noise(seed + 10, B, t, D), noise(seed + 40, B, s, D)),
        kwargs={name: mask for name, mask in masks.items() if mask is not None},
        gradients=True,
        edge=edge,
    )


def decoder_sample(rng: np.random.Generator) -> Case:
    b, t, s, h, d_head, d_ff = draw_sizes(rng, 3, 3, 3, 3, 3, 3)
    d = h * d_head
    masks = {"mask": noise(rng, b, t, t) > -0.5, "memory_mask": noise(rng, b, t, s) > -0.5}
    return Case(
        label="random",
        init={"d_model": d, "n_heads": h, "d_ff": d_ff},
        state=block_state(rng, d, d_ff, cross=True),
        args=(noise(rng, b, t, d), noise(rng, b, s, d)),
        kwargs={name: mask for name, mask in masks.items() if coin(rng)},
    )


def decoder_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None = None,
    memory_mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_ff: int,
) -> Tensor:
    """`nn.TransformerDecoderLayer`, pre-norm, with the same weights."""
    options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": True}
    theirs = nn.TransformerDecoderLayer(
        d_model, n_heads, d_ff, dropout=0.0, device="meta", **options
    )
    (b, t, _), s = x.shape, memory.shape[1]
    masks = {
        "tgt_mask": blocked(mask, n_heads, b, t, t),
        "memory_mask": blocked(memory_mask, n_heads, b, t, s),
    }
    named = torch_names(state, cross=True)
    out: Tensor = torch.func.functional_call(theirs, named, (x, memory), masks)
    return out


EXERCISE = Exercise(
    name="DecoderBlock",
    title="The decoder block",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="output and all gradients agree with nn.TransformerDecoderLayer, whatever the two masks",
    passed="Agrees with PyTorch's nn.TransformerDecoderLayer on noise-filled weights, gradients of x, memory and all weights too.",
    cases=decoder_cases,
    sample=decoder_sample,
    oracle=decoder_oracle,
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
    reference="course_lib.lessons.lesson_10_transformer_block.reference.DecoderBlock",
    hints=(
        "Three sub-layers, all pre-norm, all added. In the middle one, who asks, and whom? Which of its inputs has "
        "been normalised by somebody else before?",
        "h = norm1 of x; x = x plus self-attention of h with mask\n"
        "x = x plus cross-attention: norm2 of x asks the memory, with memory_mask\nx plus ff of norm3 of x",
        "The middle line is x = x + self.cross(self.norm2(x), memory, memory, memory_mask); before and after stand "
        "the two lines of the encoder block, with norm1 and norm3.",
    ),
    wrong_answers=MISTAKES,
)
