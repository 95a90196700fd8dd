"""“Dot, general, concat”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_05_attention_that_translates.common import ADDITIVE
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.luong_scores import MISTAKES


def luong_case(
    rng: Any, kind: str, lead: tuple[int, ...], sizes: tuple[int, ...], **more: Any
) -> Case:
    t, s, d_q, d_k, d_a = sizes
    rng = rng_of(rng)
    d_k = d_q if kind == "dot" else d_k
    args = (noise(rng, *lead, t, d_q), noise(rng, *lead, s, d_k))
    named = {
        "dot": {},
        "general": {"w": noise(rng, d_q, d_k)},
        "concat": {"w": noise(rng, d_q + d_k, d_a, scale=0.7), "v": noise(rng, d_a)},
    }[kind]
    return Case(args=args, kwargs=named, **more)


def luong_cases() -> list[Case]:
    hand = (torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0], [0, 1], [1, 1]]))
    plans = (
        ("dot", (), (3, 5, 4, 4, 0)),
        ("dot", (2, 3), (4, 5, 6, 6, 0)),
        ("general", (), (3, 5, 4, 4, 0)),
        ("general", (2,), (3, 5, 4, 6, 0)),
        ("concat", (), (3, 5, 4, 4, 7)),
        ("concat", (2,), (3, 4, 5, 7, 6)),
        ("concat", (1,), (1, 3, 2, 4, 3)),
    )
    drawn = [
        luong_case(
            seed,
            kind,
            lead,
            sizes,
            gradients=True,
            label=f"{kind}, {' × '.join(map(str, lead)) or 'one'} sentence{'s' * bool(lead)}, "
            f"queries {sizes[2]} wide, keys {sizes[3]} wide, seed {seed}",
        )
        for seed, (kind, lead, sizes) in enumerate(plans)
    ]
    turn = {"w": torch.tensor([[0.0, 1.0], [0.0, 0.0]])}
    return [
        Case(label="dot, one query, three keys, two wide", args=hand),
        Case(
            label="general, W takes the query's first number to the second", args=hand, kwargs=turn
        ),
        *drawn,
    ]


def luong_sample(rng: np.random.Generator) -> Case:
    kind = pick(rng, ("dot", "general", "concat"))
    lead = draw_lead(rng, 2, 3)
    sizes = draw_sizes(rng, 5, 5, 5, 5, 5)
    return luong_case(rng, kind, lead, sizes, label="random")


def luong_oracle(q: Tensor, k: Tensor, w: Tensor | None = None, v: Tensor | None = None) -> Tensor:
    if w is None:
        return torch.einsum("...td,...sd->...ts", q, k)
    if v is None:
        return torch.einsum("...td,de,...se->...ts", q, w, k)
    rows = []
    for t in range(q.shape[-2]):
        query = q[..., t : t + 1, :].expand(*k.shape[:-1], q.shape[-1])
        hidden = torch.nn.functional.linear(torch.cat([query, k], -1), w.T)
        rows.append((hidden.tanh() * v).sum(-1))
    return torch.stack(rows, -2)


EXERCISE = Exercise(
    name="luong_scores",
    title="Dot, general, concat",
    minutes=7,
    difficulty=2,
    proves="your three scores agree with Luong's three formulas, gradients too",
    passed="Dot, general and concat agree with their formulas in float64, gradients too.",
    cases=luong_cases,
    sample=luong_sample,
    oracle=luong_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference=f"{ADDITIVE}.luong_scores",
    hints=(
        "What is handed in tells which score is asked for. Two of the three are one matrix product "
        "apart; the third you have written already, with its matrix in two halves.",
        "no w: q times k transposed\nw alone: q times w, then as before\n"
        "w and v: cut w into its first d_q rows and the rest, then additive_scores",
        "w[: q.shape[-1]] are the rows that meet the query.\n"
        "    if v is not None:\n        return additive_scores(q, k, w[:n], w[n:], v)\n"
        "    q = q if w is None else q @ w",
    ),
    wrong_answers=MISTAKES,
)
