"""“Masked loss”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids, draw_sizes, draw_uniform
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.masked_loss import MISTAKES


def _loss_args(seed: Seed, b: int, t: int, v: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = rng_of(seed)
    chosen = draw_uniform(rng, b, t) < 0.4
    chosen[0, -1] = True
    return 2 * noise(rng, b, t, v), draw_ids(rng, v, b, t), chosen


def loss_cases() -> list[Case]:
    halves = torch.log(torch.tensor([[[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]]]))
    by_hand = (halves, torch.tensor([[0, 0, 1]]), torch.tensor([[True, True, False]]))
    drawn = [
        Case(
            label=f"{b} texts of {t} tokens, {v} words, seed {seed}",
            args=_loss_args(seed, b, t, v),
            gradients=True,
        )
        for b, t, v, seed in ((3, 5, 7, 0), (2, 9, 4, 1), (4, 6, 11, 2))
    ]
    logits, tokens, _ = _loss_args(3, 2, 3, 5)
    far = logits * torch.tensor([[[1.0]], [[1000.0]]], dtype=torch.float64)
    none = torch.zeros(2, 3, dtype=torch.bool)
    return [
        Case(label="two of three positions, with probabilities ½ and ¼", args=by_hand),
        *drawn,
        Case(
            label="logits of a thousand in one text, of one in the other",
            args=(far, tokens, torch.tensor([[False, True, True], [True, False, True]])),
            edge=True,
        ),
        Case(label="one question in all", args=_loss_args(5, 1, 1, 4), edge=True),
        Case(label="nothing chosen", args=(logits, tokens, none), edge=True),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    sizes = draw_sizes(rng, 4, 4, 4)
    return Case(label="random", args=_loss_args(rng, *sizes))


def loss_oracle(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    """The mean of −log p, question by question."""
    total, count = logits.sum() * 0, 0
    for row, at in chosen.nonzero().tolist():
        z = logits[row, at]
        total = total + torch.logsumexp(z, 0) - z[tokens[row, at]]
        count += 1
    return total / max(count, 1)


def unasked_do_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """Other logits where nothing was asked leave the loss alone."""
    logits, tokens, chosen = case.args
    other = torch.where(chosen[..., None], logits, logits.flip(-1) + 1)
    moved = float(call(other, tokens, chosen)) - float(value)
    if not abs(moved) >= 1e-6:  # NaN is not for this property to judge
        return None
    return (
        f"Where a position is not chosen, the logits must not matter. On the case “{case.label}” other logits there move "
        f"your loss by {moved:.3f}."
    )


EXERCISE = Exercise(
    name="masked_loss",
    title="Masked loss",
    minutes=6,
    difficulty=1,
    proves="the loss is the mean of −log p over the chosen positions of the batch, and nothing else moves it",
    passed="Agrees with −log p taken question by question, gradients too; without a question it is 0.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    properties=(Property(id="unasked_do_not_matter", holds=unasked_do_not_matter),),
    reference="course_lib.lessons.lesson_14_bert.reference.masked_loss",
    hints=(
        "Which rows of the logits are asked about? Pick them out first, and the rest is an ordinary classification. What if "
        "there are none?",
        "asked = the logits at chosen positions, a row for each\ndue = the tokens there\n"
        "sum of the cross-entropies, divided by how many were chosen, or by 1",
        'A boolean mask picks rows: logits[chosen] has shape (n, V). F.cross_entropy with reduction="sum" adds up; divide by '
        "chosen.sum().clamp(min=1).",
    ),
    kinds=("front", "gaps", "empty", "batch_of_one", "one_place", "large", "far_rows"),
    never={
        "hidden_nan": "A model's logits are finite everywhere; only which of them are asked about differs.",
    },
    wrong_answers=MISTAKES,
)
