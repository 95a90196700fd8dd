"""“A window to look through”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_lead
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_05_attention_that_translates.common import ADDITIVE, SIZES
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.local_weights import MISTAKES


def local_case(rng: Any, lead: tuple[int, ...], t: int, s: int, reach: int, **more: Any) -> Case:
    rng = rng_of(rng)
    centre = torch.from_numpy(np.asarray(rng.uniform(0, s - 1, (*lead, t))))
    return Case(args=(noise(rng, *lead, t, s), centre, reach), **more)


def local_cases() -> list[Case]:
    level = torch.zeros(1, 5, dtype=torch.float64)
    uneven = double([[0.0, 1.0, 2.0, 0.0, 3.0, 1.0]])
    return [
        Case(
            label="five equal scores, centre 2, reach 1",
            args=(level, level[:, 0] + 2, 1),
            shows=("border",),
        ),
        Case(label="centre 2.5, between two places", args=(uneven, level[:, 0] + 2.5, 2)),
        local_case(0, (), 3, 7, 2, label="3 queries, 7 keys, reach 2, seed 0", gradients=True),
        local_case(1, (2,), 4, 11, 3, label="2 × 4 queries, 11 keys, reach 3", gradients=True),
        local_case(2, (2, 3), 4, 9, 1, label="2 × 3 × 4 queries, 9 keys, reach 1", gradients=True),
        Case(label="centre 0, at the edge", args=(uneven, level[:, 0], 2)),
        local_case(4, (), 2, 3, 8, label="a reach beyond both ends", edge=True),
        local_case(5, (1,), 1, 1, 2, label="a single key", edge=True),
    ]


def local_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, 2, 3)
    t, s = pick(rng, SIZES), pick(rng, range(1, 9))
    whole = pick(rng, range(2))
    case = local_case(rng, lead, t, s, pick(rng, range(1, 5)), label="random")
    scores, centre, reach = case.args
    return Case(label="random", args=(scores, centre.round() if whole else centre, reach))


def local_oracle(scores: Tensor, centre: Tensor, reach: int) -> Tensor:
    """Key after key, query after query."""
    rows, centres = scores.reshape(-1, scores.shape[-1]), centre.reshape(-1)
    out = []
    for row, p in zip(rows, centres, strict=True):
        inside = [s for s in range(len(row)) if abs(s - p.item()) <= reach]
        weights = row[inside].softmax(0) if inside else row[inside]
        bell = torch.stack([torch.exp(-((s - p) ** 2) / (2 * (reach / 2) ** 2)) for s in inside])
        zero = torch.zeros(len(row), dtype=row.dtype)
        out.append(zero.index_put((torch.tensor(inside),), weights * bell))
    return torch.stack(out).reshape(scores.shape)


def outside_is_zero(call: Any, case: Case, value: Any) -> str | None:
    """Keys outside the window get nothing."""
    scores, centre, reach = case.args
    outside = (torch.arange(scores.shape[-1]) - centre[..., None]).abs() > reach
    stray = value.masked_fill(~outside, 0.0).abs().max().item()
    if stray == 0:
        return None
    return (
        f"Keys farther than {reach} from the centre get the weight 0. On the case “{case.label}” "
        f"yours gives one of them {stray:.3f}."
    )


EXERCISE = Exercise(
    name="local_weights",
    title="A window to look through",
    minutes=7,
    difficulty=2,
    proves="only keys within reach of the centre get weight, less the farther they are",
    passed="Agrees with a loop over keys, gradients of scores and centre too.",
    cases=local_cases,
    sample=local_sample,
    oracle=local_oracle,
    properties=(Property(id="outside_is_zero", holds=outside_is_zero),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "ties",
        "border",
        "zero",
    ),
    reference=f"{ADDITIVE}.local_weights",
    hints=(
        "First the distance of every key from every centre; from it follow the window and the "
        "curve. Which of the two belongs before the softmax?",
        "distance = places of the keys minus the centre, shape (…, T, S)\n"
        "scores where |distance| > reach become −∞\nweights = softmax over the keys\n"
        "weights times exp(−distance² / 2σ²), with σ = reach / 2",
        "torch.arange(scores.shape[-1], device=scores.device) - centre[..., None] is the distance.\n"
        "    near = scores.masked_fill(distance.abs() > reach, -torch.inf).softmax(dim=-1)\n"
        "    return near * torch.exp(...)",
    ),
    wrong_answers=MISTAKES,
)
