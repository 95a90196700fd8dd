"""“Merge the heads”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_09_many_heads.common import D_HEAD, D_IN, LIBRARY, B, H, S, T
from course_lib.lessons.lesson_09_many_heads.mistakes.merge_heads import MISTAKES


def merge_cases() -> list[Case]:
    tidy = torch.tensor([[[[1.0, 2], [5, 6], [9, 10]], [[3, 4], [7, 8], [11, 12]]]])
    drawn = [
        Case(
            label=f"{b} sentences, {h} heads, {t} tokens, {d} numbers a head, seed {seed}",
            args=(noise(seed, b, h, t, d),),
            gradients=True,
        )
        for b, h, t, d, seed in ((B, H, T, D_HEAD, 0), (B, H, S, 5, 1), (3, 2, 5, 7, 2))
    ]
    return [
        Case(label="one sentence, 2 heads, three tokens", args=(tidy,)),
        *drawn,
        Case(
            label="heads that were split before",
            args=(noise(3, B, T, H, D_HEAD).mT.movedim(2, 1).mT,),
            edge=True,
        ),
        Case(label="a batch of one, one token", args=(noise(5, 1, 3, 1, 2),), edge=True),
        Case(label="a single head", args=(noise(4, B, 1, T, D_IN),), edge=True),
    ]


def merge_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=(noise(rng, *draw_sizes(rng, 4, 4, 4, 4)),))


def merge_oracle(x: Tensor) -> Tensor:
    """Lay the heads beside each other."""
    return torch.cat(list(x.unbind(-3)), dim=-1)


EXERCISE = Exercise(
    name="merge_heads",
    title="Merge the heads",
    minutes=4,
    difficulty=1,
    proves="merging undoes splitting: each row holds all heads of one token, side by side",
    passed="Agrees with the heads concatenated one by one, gradients too.",
    cases=merge_cases,
    sample=merge_sample,
    oracle=merge_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
    ),
    never={
        "no_lead": "The text gives every shape with a batch in front.",
    },
    reference=f"{LIBRARY}.merge_heads",
    hints=(
        "Undo the two steps of 9.1 in the opposite order.",
        "swap axes 1 and 2 back: (B, T, H, d_head)\nmake one axis of the last two",
        "x.transpose(1, 2) swaps. A view refuses afterwards, since the numbers are no longer in order in memory: "
        "use .flatten(2) or .reshape.",
    ),
    wrong_answers=MISTAKES,
)
