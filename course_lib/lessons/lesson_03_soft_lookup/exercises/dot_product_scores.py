"""“The kernel as a dot product”: its cases, its oracle, its hints."""

from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_03_soft_lookup.common import (
    MECHANISM,
    D,
    S,
    T,
    score_cases,
    score_oracle,
    score_sample,
)
from course_lib.lessons.lesson_03_soft_lookup.mistakes.dot_product_scores import MISTAKES


def dot_cases() -> list[Case]:
    queries, keys = double([[1, 1], [2, 0]]), double([[1, 0], [0, 2], [3, 1]])
    drawn = score_cases((T, S, D, 2.5, 0), (S, T, 3, 1.5, 1), (T, S, D, 0.8, 2))
    return [
        Case(label="two queries, three keys, h = 1", args=(queries, keys, 1.0)),
        Case(label="two queries, three keys, h = 2", args=(queries, keys, 2.0)),
        *drawn,
        Case(label="one query, one key", args=(double([[1, 2]]), double([[3, 1]]), 1.0), edge=True),
        Case(label="a batch of one", args=(queries[None], keys[None], 0.5), edge=True),
    ]


def dot_oracle(queries: Tensor, keys: Tensor, bandwidth: float | Tensor) -> Tensor:
    """The Gaussian scores, one pair at a time, less what they share: −‖q‖²/2h²."""
    shared = torch.einsum("...d,...d->...", queries, queries).unsqueeze(-1) / (2 * bandwidth**2)
    return score_oracle(queries, keys, bandwidth) + shared


def same_weights_as_gaussian(call: Any, case: Case, value: Any) -> str | None:
    """A softmax over the scores gives the Gaussian kernel's weights."""
    yours, due = value.softmax(-1), score_oracle(*case.args).softmax(-1)
    if torch.allclose(yours, due, atol=1e-6):
        return None
    first, second = (
        "  ".join(f"{number:.3f}" for number in rows.reshape(-1, rows.shape[-1])[0].tolist())
        for rows in (yours, due)
    )
    return (
        "A softmax over your scores must give the weights of the Gaussian kernel. For the first query of "
        f"the case “{case.label}” they are\n    yours     {first}\n    Gaussian  {second}"
    )


EXERCISE = Exercise(
    name="dot_product_scores",
    title="The kernel as a dot product",
    minutes=8,
    difficulty=2,
    proves="a dot product and one term for each key give exactly the Gaussian weights",
    passed="A softmax over your scores gives the Gaussian weights, on every case; gradients agree too.",
    cases=dot_cases,
    sample=score_sample,
    oracle=dot_oracle,
    properties=(Property(id="same_weights_as_gaussian", holds=same_weights_as_gaussian),),
    reference=f"{MECHANISM}.dot_product_scores",
    kinds=("no_lead", "batch_of_one", "one_place", "ties", "zero"),
    hints=(
        "Multiply out ‖q − k‖² = ‖q‖² − 2 q·k + ‖k‖² and divide by −2h². Which of the three terms is the "
        "same for every key?",
        "dots = queries times keys, transposed in the last two axes\n"
        "half_norms = half the squared norm of each key, as one row\n(dots minus half_norms) divided by h squared",
        "keys.square().sum(-1) has one number for each key, shape (…, S). .unsqueeze(-2) makes it a row "
        "(…, 1, S) that is subtracted from every query's row of dots.",
    ),
    wrong_answers=MISTAKES,
)
