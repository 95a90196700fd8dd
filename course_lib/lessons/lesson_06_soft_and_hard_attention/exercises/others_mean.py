"""“The others as a baseline”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    MECHANISM,
    B,
    K,
    N,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.others_mean import MISTAKES


def others_cases() -> list[Case]:
    return [
        Case(label="one image, tries that brought 1, 2 and 6", args=(double([[1, 2, 6]]),)),
        *(
            Case(
                label=f"{rows} images, {tries} tries, seed {seed}",
                args=(noise(seed, rows, tries),),
                gradients=True,
            )
            for rows, tries, seed in ((B, K, 0), (3, N, 1))
        ),
        Case(label="two tries", args=(noise(2, 3, 2),), edge=True),
        Case(
            label="whole numbers: 0 and 1 for wrong and right",
            args=(torch.tensor([[1, 0, 0], [1, 1, 0]]),),
            edge=True,
        ),
    ]


def others_sample(rng: np.random.Generator) -> Case:
    rows, tries = draw_sizes(rng, 6, 6)
    if coin(rng, 0.2):
        right = draw_ids(rng, 2, rows, tries + 1)
        return Case(label="random, right or wrong", args=(right,), edge=True)
    return Case(label="random", args=(noise(rng, rows, tries + 1),), gradients=True)


def others_oracle(rewards: Tensor) -> Tensor:
    """Leave each column out and average the rest."""
    rewards = rewards if rewards.is_floating_point() else rewards.float()
    columns = range(rewards.shape[-1])
    kept = [[other for other in columns if other != own] for own in columns]
    return torch.stack([rewards[:, rest].mean(-1) for rest in kept], dim=-1)


def blind_to_itself(call: Any, case: Case, value: Any) -> str | None:
    rewards = case.args[0].clone()
    if not rewards.is_floating_point():
        return None  # the values tell enough
    before = float(value[0, 0])
    rewards[0, 0] += 10
    after = float(call(rewards)[0, 0])
    if abs(before - after) < 1e-6:
        return None
    return (
        "A try's baseline must not depend on its own reward. On the case "
        f"“{case.label}” raising the first reward by 10 moved its baseline from {before:.3f} to {after:.3f}."
    )


EXERCISE = Exercise(
    name="others_mean",
    title="The others as a baseline",
    minutes=5,
    difficulty=1,
    proves="no baseline knows the reward that it is taken off",
    passed="Agrees with leaving out one column at a time; no baseline moves with its own reward.",
    cases=others_cases,
    sample=others_sample,
    oracle=others_oracle,
    properties=(Property(id="blind_to_itself", holds=blind_to_itself),),
    kinds=(
        "batch_of_one",
        "whole_numbers",
        "repeats",
    ),
    reference=f"{MECHANISM}.others_mean",
    hints=(
        "Add up all rewards of an image once. What has to go before you divide, and by how many?",
        "total = sum along the tries, kept as a column\n(total minus rewards) divided by (tries minus 1)",
        "rewards.sum(-1, keepdim=True) - rewards is, for each try, the sum of the others.\n"
        "    return (...) / (rewards.shape[-1] - 1)",
    ),
    wrong_answers=MISTAKES,
)
