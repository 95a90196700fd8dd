"""“Top-p”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_13_generating.common import B, V
from course_lib.lessons.lesson_13_generating.mistakes.keep_top_p import MISTAKES


def top_p_cases() -> list[Case]:
    drawn = [
        Case(label=f"{b} rows of {v} logits, p = {p}, seed {seed}", args=(2 * noise(seed, b, v), p))
        for b, v, p, seed in ((B, V, 0.7, 0), (5, 11, 0.9, 1), (4, 6, 0.35, 2), (2, 9, 0.97, 3))
    ]
    by_hand = double([[0.3, 0.5, 0.2], [0.1, 0.2, 0.7]]).log()
    cut = double([[2, 1, 0, -np.inf], [-np.inf, 0, 1, 3]])
    return [
        Case(label="probabilities 0.3, 0.5, 0.2 and 0.1, 0.2, 0.7 at p = 0.6", args=(by_hand, 0.6)),
        *drawn,
        Case(label="a single row", args=(double([[0, 2, 1]]), 0.7), edge=True),
        Case(label="logits that top-k has cut", args=(cut, 0.8), edge=True),
    ]


def top_p_oracle(logits: Tensor, p: float) -> Tensor:
    """Take tokens from the likeliest on until their probabilities sum to p, in NumPy."""
    out = np.full(tuple(logits.shape), -np.inf)
    for at, row in enumerate(logits.numpy()):
        powers = np.exp(row - row.max())
        share, total = powers / powers.sum(), 0.0
        for token in np.argsort(-share, kind="stable"):
            out[at, token] = row[token]
            total += share[token]
            if total >= p:
                break
    return torch.from_numpy(out)


def top_p_keeps_enough(call: Any, case: Case, value: Any) -> str | None:
    """What is kept holds p at least, and would not without its least likely token."""
    logits, p = case.args
    if case.edge:
        # Of equals any may stay, so they are counted, not compared.
        kept = int((call(torch.zeros(1, 4, dtype=logits.dtype), 0.5) > -torch.inf).sum())
        if kept != 2:
            return f"Of four equal logits two hold 0.5 of the probability, so at p = 0.5 two stay; yours keeps {kept}."
    share = logits.softmax(-1)
    for row, kept in zip(share, value > -torch.inf, strict=True):
        held, least = row[kept].sum().item(), row[kept].min().item() if kept.any() else 0.0
        if held < p - 1e-9:
            return (
                f"What stays must hold {p:g} of the probability at least. On the case “{case.label}” a row of yours "
                f"keeps {int(kept.sum())} token{'s' * (int(kept.sum()) != 1)}, {held:.3f} in all."
            )
        if held - least >= p + 1e-9:
            return (
                f"As few tokens as possible stay. On the case “{case.label}” a row of yours keeps {int(kept.sum())} that "
                f"hold {held:.3f}; without the least likely of them {held - least:.3f} would be left, and {p:g} is enough."
            )
    return None


def top_p_sample(rng: np.random.Generator) -> Case:
    logits = 2 * noise(rng, pick(rng, range(1, 5)), pick(rng, range(1, 9)))
    return Case(label="random", args=(logits, float(rng.uniform(0.05, 0.99))))


EXERCISE = Exercise(
    name="keep_top_p",
    title="Top-p",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="the fewest likeliest tokens stay whose probabilities reach p, the one that crosses p among them",
    passed="Agrees with collecting tokens one by one, each back in its own place.",
    cases=top_p_cases,
    sample=top_p_sample,
    oracle=top_p_oracle,
    properties=(Property(id="fewest_that_reach_p", holds=top_p_keeps_enough),),
    kinds=(
        "batch_of_one",
        "zero",
    ),
    reference="course_lib.models.generation.keep_top_p",
    hints=(
        "Go from the likeliest token down. A token stays when those before it have not reached p yet: what is the "
        "total before it?",
        "sort the logits of each row, largest first, and remember where each came from\n"
        "probabilities of the sorted logits; running total; minus the token's own = total before it\n"
        "where that is p or more: −∞\nput everything back where it came from",
        "ordered, places = logits.sort(dim=-1, descending=True); before = share.cumsum(-1) - share; the way back is "
        "torch.empty_like(logits).scatter(-1, places, kept).",
    ),
    wrong_answers=MISTAKES,
)
