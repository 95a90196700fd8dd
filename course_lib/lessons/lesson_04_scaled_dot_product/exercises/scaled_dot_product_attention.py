"""“Scaled dot-product attention”: its cases, its oracle, its hints."""

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_04_scaled_dot_product.common import (
    DV,
    B,
    D,
    H,
    S,
    T,
    attention_oracle,
    far_apart,
    mask_with_empty_row,
)
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.scaled_dot_product_attention import (
    MISTAKES,
)


def _some_mask(kind: str, seed: int, lead: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return () or a mask of one kind, for `lead` axes before (T, S)."""
    if kind == "no mask":
        return ()
    if kind == "padding":
        lengths = torch.tensor([4, 6] if lead else [4])
        real = torch.arange(S) < lengths[:, None]
        return (real.view(*real.shape[: len(lead[:1])], *[1] * max(len(lead), 1), S),)
    if kind == "causal":
        return (torch.arange(S) <= torch.arange(T)[:, None] + S - T,)
    mask = noise(seed + 40, *lead[:1], *[1] * len(lead[1:]), T, S) > 0
    mask[..., 3] = True
    return (mask,)


def attention_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, one forbidden",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            torch.tensor([[1.0], [2], [4]]),
            torch.tensor([[True, True, False], [True, True, True]]),
        ),
    )
    leads = {"one sequence": (), f"{B} sequences": (B,), f"{B} sequences, {H} heads": (B, H)}
    kinds = ("no mask", "a random mask", "padding", "causal")
    drawn = [
        Case(
            label=f"{name}, {T} queries, {S} keys, {kind}, seed {seed}",
            args=(*_qkv(seed, lead), *_some_mask(kind, seed, lead)),
            gradients=True,
        )
        for (name, lead), kind, seed in itertools.product(leads.items(), kinds, (0, 1))
    ]
    return [by_hand, *drawn, *_unusual_attention_cases()]


def _qkv(seed: int, lead: tuple[int, ...], t: int = T, s: int = S) -> tuple[Tensor, Tensor, Tensor]:
    return noise(seed, *lead, t, D), noise(seed + 10, *lead, s, D), noise(seed + 20, *lead, s, DV)


def _unusual_attention_cases() -> list[Case]:
    empty = [
        Case(
            label=f"a query with nothing to attend to, {' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}",
            args=(*_qkv(6, lead), mask_with_empty_row(7, *lead, T, S)),
            gradients=True,
            edge=True,
        )
        for lead in ((), (B,), (B, H))
    ]
    single = Case(label="a single key", args=_qkv(8, (), s=1), gradients=True, edge=True)
    queries = Case(
        label="more queries than keys", args=_qkv(9, (B, H), t=S, s=T), gradients=True, edge=True
    )
    narrow = [
        Case(
            label=f"{str(dtype).removeprefix('torch.')}, a random mask",
            args=(
                *(x.to(dtype) for x in _qkv(10, (B, H))),
                *_some_mask("a random mask", 10, (B, H)),
            ),
            edge=True,
        )
        for dtype in (torch.float32, torch.float16, torch.bfloat16)
    ]
    empty_half = Case(
        label="float16, a query with nothing to attend to",
        args=(*(x.half() for x in _qkv(11, (B,))), mask_with_empty_row(12, B, T, S)),
        edge=True,
    )
    alone = Case(label="a batch of one", args=(*_qkv(13, (1,)), noise(14, 1, T, S) > -1), edge=True)
    far = Case(
        label="every allowed score far below a forbidden one",
        args=tuple(torch.from_numpy(x) for x in far_apart()),
        edge=True,
    )
    return [*empty, single, queries, far, *narrow, empty_half, alone]


def attention_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, H)
    t, s, d, dv = draw_sizes(rng, 8, 8, 8, 8)
    qkv = (noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, dv))
    masks = (
        None,
        noise(rng, t, s) > 0,
        noise(rng, *lead, t, s) > -0.5,
        noise(rng, *lead, 1, s) > 0,
    )
    mask = pick(rng, masks)
    return Case(label="random", args=qkv if mask is None else (*qkv, mask))


def no_forbidden_key_counts(call: Any, case: Case, value: Any) -> str | None:
    """Changing a value that nobody may attend to must not change the output."""
    if len(case.args) < 4 or case.args[0].dim() != 2 or case.args[0].dtype is not torch.float64:
        return None
    q, k, v, mask = case.args
    for s in range(k.shape[0]):
        moved = v.clone()
        moved[s] += 1000.0
        rows = (call(q.clone(), k.clone(), moved, mask.clone()) - value).abs().amax(-1) > 1e-6
        wrong = (rows & ~mask[:, s]).nonzero().flatten().tolist()
        if wrong:
            return (
                f"Query {wrong[0]} may not attend to key {s}, yet its output moves when value {s} does (case: "
                f"{case.label}). A forbidden key must get the weight 0."
            )
    return None


EXERCISE = Exercise(
    name="scaled_dot_product_attention",
    title="Scaled dot-product attention",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="output and gradients agree with PyTorch's fused attention, whatever the mask",
    passed="Agrees with PyTorch's fused attention, gradients too: masks of four kinds, empty rows, half precision.",
    cases=attention_cases,
    sample=attention_sample,
    oracle=attention_oracle,
    properties=(Property(id="forbidden_keys_count_nothing", holds=no_forbidden_key_counts),),
    kinds=(
        "front",
        "gaps",
        "empty",
        "no_lead",
        "batch_of_one",
        "one_place",
    ),
    never={
        "hidden_nan": "A value of NaN spoils the mean at weight 0 as well, as in PyTorch: nothing is asked of it.",
    },
    reference="course_lib.attention.scaled_dot_product.scaled_dot_product_attention",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Where must a key disappear so that the other weights of its row still sum to 1: among the scores, or "
        "among the weights?",
        "scores = scaled_scores(q, k)\nwhere the mask is False, scores become −∞\nsoftmax over the keys\n"
        "rows whose mask is all False become 0\nweights times v",
        "scores.masked_fill(~mask, -torch.inf) before the softmax. ~mask.any(-1, keepdim=True) finds the empty "
        "rows; a second masked_fill, after the softmax, sets them to 0.0.",
    ),
    wrong_answers=MISTAKES,
)
