"""“Hide 15 %”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_ids, draw_uniform
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, pick, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.mask_tokens import MISTAKES

MASK = 99


def _mask_args(seed: Seed, b: int, t: int) -> tuple[Any, ...]:
    """Draw a batch in which a third is chosen, so that every fate occurs in it."""
    rng = rng_of(seed)
    special = torch.zeros(b, t, dtype=torch.bool)
    special[:, 0] = True
    special[:, pick(rng, range(t))] = coin(rng)
    special[:, t - pick(rng, range(1, max(2, t // 3))) :] = True
    choose = draw_uniform(rng, b, t) * (0.45 if coin(rng, 0.7) else 1)
    return (
        draw_ids(rng, 40, b, t),
        special,
        choose,
        draw_uniform(rng, b, t),
        40 + draw_ids(rng, 40, b, t),
        MASK,
    )


def mask_cases() -> list[Case]:
    by_hand = (
        torch.tensor([[1, 7, 8, 9, 5, 2]]),
        torch.tensor([[True, False, False, False, False, True]]),
        torch.tensor([[0.1, 0.1, 0.5, 0.05, 0.13, 0.9]]),
        torch.tensor([[0.3, 0.4, 0.1, 0.85, 0.95, 0.2]]),
        torch.tensor([[31, 32, 33, 34, 35, 36]]),
        MASK,
    )
    drawn = [
        Case(label=f"{b} texts of {t} tokens, seed {seed}", args=_mask_args(seed, b, t))
        for b, t, seed in ((3, 11, 0), (5, 24, 1), (4, 17, 2), (7, 40, 3))
    ]
    same = list(_mask_args(4, 3, 29))
    same[4] = same[0]
    words = torch.tensor([[5, 6, 7, 8, 9]])
    on_borders = (
        words,
        words < 0,
        torch.tensor([[0.15, 0.0, 0.1, 0.1, 0.14]], dtype=torch.float64),
        torch.tensor([[0.1, 0.8, 0.9, 0.0, 0.79]], dtype=torch.float64),
        words + 10,
        MASK,
    )
    plain = _mask_args(6, 2, 9)
    special = torch.zeros(2, 9, dtype=torch.bool)
    special[0, :3], special[0, 5], special[1, 4:6] = True, True, True
    gaps = (plain[0], special, plain[2] / 3, *plain[3:])
    return [
        Case(label="[CLS] and four words and [SEP]", args=by_hand),
        *drawn,
        Case(label="draws that equal a border", args=on_borders, shows=("border",)),
        Case(label="special tokens in front and between", args=gaps, edge=True),
        Case(label="one text of one token", args=_one(0.01, 0.85, False), edge=True),
        Case(label="special tokens alone", args=_one(0.01, 0.2, True), edge=True),
        Case(label="[MASK] and replacements in the text", args=_with_marks(), edge=True),
        Case(label="replacements that equal the token", args=tuple(same), edge=True),
    ]


def _one(choose: float, change: float, special: bool) -> tuple[Any, ...]:
    draws = (torch.tensor([[x]], dtype=torch.float64) for x in (choose, change))
    return (torch.tensor([[7]]), torch.tensor([[special]]), *draws, torch.tensor([[8]]), MASK)


def _with_marks() -> tuple[Any, ...]:
    tokens, *rest = _mask_args(7, 3, 12)
    tokens[:, 3:6] = MASK
    return (tokens, *rest)


def mask_sample(rng: np.random.Generator) -> Case:
    return Case(
        label="random", args=_mask_args(rng, pick(rng, range(1, 5)), pick(rng, range(3, 20)))
    )


def mask_oracle(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    """Position by position, in NumPy."""
    inputs, chosen = tokens.numpy().copy(), np.zeros(tuple(tokens.shape), dtype=bool)
    for at in np.ndindex(*inputs.shape):
        chosen[at] = not special[at] and choose[at] < 0.15
        if chosen[at] and change[at] < 0.8:
            inputs[at] = mask_id
        elif chosen[at] and change[at] < 0.9:
            inputs[at] = others[at]
    return torch.from_numpy(inputs), torch.from_numpy(chosen)


def mask_frequencies(call: Any, case: Case, value: Any) -> str | None:
    """Evenly spread numbers give every share exactly."""
    if case.edge or len(case.args[0]) > 1:
        return None
    n = 2000
    choose = (torch.arange(n, dtype=torch.float64) // 50 + 0.5)[None] / 40
    change = (torch.arange(n, dtype=torch.float64) % 50 + 0.5)[None] / 50
    tokens, others = torch.full((1, n), 5), torch.full((1, n), 6)
    plain = torch.zeros(1, n, dtype=torch.bool)
    inputs, chosen = call(tokens, plain, choose, change, others, MASK)
    for token, share, what in ((MASK, 12, "hidden"), (6, 1.5, "replaced")):
        came = 100 * (inputs == token).double().mean().item()
        if abs(came - share) > 1e-6:
            return (
                f"Of 2,000 positions with evenly spread numbers {share:g} % are to be {what}; with yours it is "
                f"{came:g} %."
            )
    asked = 100 * chosen.double().mean().item()
    if abs(asked - 15) > 1e-6:
        return f"Of 2,000 positions 15 % are to be chosen, kept ones among them; with yours it is {asked:g} %."
    return None


def specials_are_safe(call: Any, case: Case, value: Any) -> str | None:
    """No special token is chosen or changed."""
    tokens, special = case.args[:2]
    inputs, chosen = value
    hit = (special & (chosen.bool() | (inputs != tokens))).nonzero()
    if not len(hit):
        return None
    row, at = hit[0].tolist()
    return (
        f"Special tokens are never chosen and never changed. On the case “{case.label}” position {at} of text {row} is "
        "special, and yours touches it."
    )


EXERCISE = Exercise(
    name="mask_tokens",
    title="Hide 15 %",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="15 % are chosen, of these exactly 80 % hidden, 10 % replaced and 10 % kept, and special tokens never",
    passed="Agrees position by position; on 2,000 evenly spread numbers the shares are exact.",
    cases=mask_cases,
    sample=mask_sample,
    oracle=mask_oracle,
    properties=(
        Property(id="specials_are_safe", holds=specials_are_safe),
        Property(id="frequencies", holds=mask_frequencies),
    ),
    reference="course_lib.lessons.lesson_14_bert.reference.mask_tokens",
    parts=("inputs", "chosen"),
    hints=(
        "Two questions for each position. Is it chosen? And if so, what happens to it? The first has one answer that must be "
        "returned, whatever the second says.",
        "chosen: choose is below 0.15, and the token is not special\nhidden: chosen, and change is below 0.8\n"
        "replaced: chosen, and change is from 0.8 up to 0.9\nwhere hidden the mask id, where replaced the other token, else the token",
        "chosen = (choose < 0.15) & ~special. Then torch.where(chosen & (change < 0.8), mask_id, tokens) hides; a second "
        "torch.where with (change >= 0.8) & (change < 0.9) replaces.",
    ),
    kinds=(
        "border",
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
        "repeats",
        "whole_numbers",
    ),
    never={
        "hidden_nan": "What is drawn are numbers from 0 to 1, at special tokens too.",
    },
    wrong_answers=MISTAKES,
)
