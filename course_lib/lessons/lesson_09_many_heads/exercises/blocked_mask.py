"""“Speak PyTorch's dialect”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_09_many_heads.common import B, H, S, T
from course_lib.lessons.lesson_09_many_heads.mistakes.blocked_mask import MISTAKES


def blocked_cases() -> list[Case]:
    tidy = torch.tensor([[[True, False, True]], [[True, True, False]]])
    drawn = [
        Case(
            label=f"{b} sentences, {t} queries, {s} keys, {h} heads, seed {seed}",
            args=(noise(seed, b, t, s) > 0, h),
        )
        for b, t, s, h, seed in ((B, T, S, H, 0), (3, 5, 7, 2, 1), (3, 4, 4, 2, 2))
    ]
    alone = Case(
        label="one sentence, nothing allowed in its first row",
        args=(torch.tensor([[[False, False], [True, False]]]), 3),
        edge=True,
    )
    return [
        Case(label="two sentences, one query, three keys, 2 heads", args=(tidy, 2)),
        *drawn,
        alone,
    ]


def blocked_sample(rng: np.random.Generator) -> Case:
    b, t, s, h = draw_sizes(rng, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, t, s) > 0, h))


def blocked_oracle(mask: Tensor, n_heads: int) -> Tensor:
    rows = [
        [[not ok for ok in row] for row in one] for one in mask.tolist() for _ in range(n_heads)
    ]
    return torch.tensor(rows, dtype=torch.bool)


EXERCISE = Exercise(
    name="blocked_mask",
    title="Speak PyTorch's dialect",
    minutes=5,
    difficulty=1,
    proves="True means blocked afterwards, and every head of a sentence gets that sentence's mask",
    passed="Right for two and three sentences, two and three heads.",
    cases=blocked_cases,
    sample=blocked_sample,
    oracle=blocked_oracle,
    kinds=(
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
    ),
    reference="course_lib.lessons.lesson_09_many_heads.reference.blocked_mask",
    hints=(
        "Two changes: what True means, and how many copies there are. In which order do copies stand when the heads "
        "of one sentence are neighbours?",
        "turn True and False round\nrepeat every sentence's matrix n_heads times, right after itself",
        "~mask turns a boolean tensor round. repeat_interleave(n, dim=0) gives a, a, b, b; repeat gives a, b, a, b.",
    ),
    wrong_answers=MISTAKES,
)
