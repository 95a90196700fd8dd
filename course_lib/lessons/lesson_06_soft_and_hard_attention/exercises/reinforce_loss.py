"""“A baseline that learns”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_06_soft_and_hard_attention.common import (
    MECHANISM,
    B,
    N,
    loss_oracle,
)
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.reinforce_loss import MISTAKES


def reinforce_cases() -> list[Case]:
    return [
        Case(
            label="two places alike, place 0 brought 3, expected 2",
            args=(double([[0, 0]]), torch.tensor([0]), double([3]), double([2])),
            gradients=True,
        ),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(
                    noise(seed, rows, n),
                    draw_ids(seed, n, rows),
                    noise(seed + 10, rows),
                    noise(seed + 20, rows),
                ),
                gradients=True,
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (B, N, 2))
        ),
        Case(
            label="scores of 1000 and 999",
            args=(
                double([[1000, 999], [0, 1]]),
                torch.tensor([1, 1]),
                double([2, 0]),
                double([1, 1]),
            ),
            gradients=True,
            edge=True,
        ),
        Case(
            label="one place alone, expected what it brought",
            args=(double([[2], [3]]), torch.tensor([0, 0]), double([-1, -2]), double([-1, -2])),
            gradients=True,
            edge=True,
        ),
    ]


def reinforce_sample(rng: np.random.Generator) -> Case:
    rows, n = draw_sizes(rng, 6, 8)
    drawn = (noise(rng, rows, n), draw_ids(rng, n, rows), noise(rng, rows), noise(rng, rows))
    return Case(label="random", args=drawn, gradients=True)


def reinforce_oracle(scores: Tensor, places: Tensor, rewards: Tensor, baseline: Tensor) -> Tensor:
    advantage = (rewards - baseline).detach()
    return loss_oracle(scores, places, advantage) + F.mse_loss(
        baseline, rewards.detach() + 0 * rewards
    )


EXERCISE = Exercise(
    name="reinforce_loss",
    title="A baseline that learns",
    minutes=8,
    difficulty=2,
    proves="choices learn from R − b, and b from its own error alone",
    passed="Value and all three gradients agree with weighted cross-entropy plus mean squared error.",
    cases=reinforce_cases,
    sample=reinforce_sample,
    oracle=reinforce_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
        "ties",
        "zero",
        "large",
        "far_rows",
        "negative",
    ),
    reference=f"{MECHANISM}.reinforce_loss",
    hints=(
        "Two sums, two students: the first part teaches the scores, the second the baseline. What must "
        "each part treat as a given number?",
        "first = score_function_loss with rewards minus baseline in place of the rewards\n"
        "second = mean of the squared difference of rewards (without gradient) and baseline\nfirst plus second",
        "score_function_loss detaches what it gets as rewards, so pass rewards - baseline. The second part is "
        "(rewards.detach() - baseline).square().mean().\n    return score_function_loss(...) + ...",
    ),
    wrong_answers=MISTAKES,
)
