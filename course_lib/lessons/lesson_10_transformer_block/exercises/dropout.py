"""“Dropout”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_uniform
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_10_transformer_block.common import B, D, T
from course_lib.lessons.lesson_10_transformer_block.mistakes.dropout import MISTAKES


def dropout_cases() -> list[Case]:
    row, draws = torch.tensor([4.0, 8, 12, 16]), torch.tensor([0.1, 0.7, 0.3, 0.9])
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, p = {p}, {mode}, seed {seed}",
            args=(noise(seed, *shape), p, mode == "training", draw_uniform(seed + 10, *shape)),
            gradients=True,
        )
        for shape, p, mode, seed in (
            ((4, 7), 0.3, "training", 0),
            ((4, 7), 0.3, "evaluation", 1),
            ((B, T, D), 0.6, "training", 2),
            ((B, T, D), 0.6, "evaluation", 3),
        )
    ]
    none = Case(
        label="p = 0 in training",
        args=(noise(5, 3, 4), 0.0, True, draw_uniform(6, 3, 4)),
        edge=True,
    )
    return [
        Case(label="four numbers, p = 0.2, training", args=(row, 0.2, True, draws)),
        *drawn,
        none,
        Case(
            label="noise equal to p, a batch of one",
            args=(double([[4.0, 8, 12]]), 0.25, True, double([[0.25, 0.2, 0.0]])),
            edge=True,
            shows=("border",),
        ),
        Case(
            label="p = 0 and noise 0",
            args=(double([4.0, 8]), 0.0, True, double([0.0, 0.5])),
            edge=True,
            shows=("border",),
        ),
    ]


def dropout_sample(rng: np.random.Generator) -> Case:
    shape = tuple(pick(rng, range(1, 5)) for _ in range(pick(rng, (1, 2, 3))))
    p = pick(rng, (0.0, 0.1, 0.25, 0.5, 0.9))
    return Case(
        label="random", args=(noise(rng, *shape), p, coin(rng, 0.7), draw_uniform(rng, *shape))
    )


def dropout_oracle(x: Tensor, p: float, training: bool, noise: Tensor) -> Tensor:
    """Number by number."""
    if not training:
        return x.clone()
    pairs = zip(x.flatten(), noise.flatten(), strict=True)
    return torch.stack([v * 0.0 if u < p else v / (1 - p) for v, u in pairs]).view(x.shape)


def the_mean_stays(call: Any, case: Case, value: Any) -> str | None:
    """Averaged over all noise, what comes out is what went in."""
    x, p, training, _ = case.args
    if not training or p == 0:
        return None
    steps = (torch.arange(200, dtype=x.dtype) + 0.5) / 200
    one = torch.full_like(steps, 1.0)
    mean = float(call(one, p, True, steps).mean())
    if abs(mean - 1) < 0.02:
        return None
    return (
        f"On average a number must come out as it went in. Yours gives a 1, at p = {p}, the mean {mean:.2f} over "
        "200 evenly spread draws of the noise."
    )


EXERCISE = Exercise(
    name="dropout",
    title="Dropout",
    minutes=6,
    difficulty=1,
    proves="the right numbers go, the others grow so that the mean stays, and evaluation is left alone",
    passed="Agrees number by number, in training and in evaluation; the mean stays what it was.",
    cases=dropout_cases,
    sample=dropout_sample,
    oracle=dropout_oracle,
    properties=(Property(id="mean_stays", holds=the_mean_stays),),
    kinds=(
        "no_lead",
        "batch_of_one",
        "border",
        "zero",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.dropout",
    hints=(
        "First ask whether anything is to be done at all. Then: which numbers stay, and by which factor must they grow "
        "if a share of 1 − p is left?",
        "not training: return x\nkept = noise at least p\nx where kept, 0 elsewhere, divided by 1 − p",
        "kept = noise >= p is a mask of True and False, and x * kept is 0 where it is False. Divide by (1 - p).",
    ),
    wrong_answers=MISTAKES,
)
