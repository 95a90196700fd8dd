"""“A loss for choices”: its cases, its oracle, its hints."""

import numpy as np
import torch

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
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.score_function_loss import (
    MISTAKES,
)


def loss_cases() -> list[Case]:
    return [
        Case(
            label="two places alike, place 0 brought 3",
            args=(double([[0, 0]]), torch.tensor([0]), double([3])),
            gradients=True,
        ),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(noise(seed, rows, n), draw_ids(seed, n, rows), noise(seed + 10, rows)),
                gradients=True,
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (B, N, 2))
        ),
        Case(
            label="scores of 1000 and 999",
            args=(double([[1000, 999], [0, 1]]), torch.tensor([1, 1]), double([2, 0])),
            gradients=True,
            edge=True,
        ),
        Case(
            label="rewards below 0, one place alone",
            args=(double([[2], [3]]), torch.tensor([0, 0]), double([-1, -2])),
            gradients=True,
            edge=True,
        ),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    rows, n = draw_sizes(rng, 6, 8)
    return Case(
        label="random",
        args=(noise(rng, rows, n), draw_ids(rng, n, rows), noise(rng, rows)),
        gradients=True,
    )


EXERCISE = Exercise(
    name="score_function_loss",
    title="A loss for choices",
    minutes=8,
    difficulty=2,
    proves="your loss has the score-function gradient, and the rewards get none",
    passed="Value and gradient agree with weighted cross-entropy, and no gradient enters the rewards.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
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
    reference=f"{MECHANISM}.score_function_loss",
    hints=(
        "Which probability did the chosen place have? Its logarithm, times what the place brought, should "
        "grow; an optimiser lowers.",
        "log_weights = logarithm of the softmax of the scores, along the places\n"
        "chosen = in each row the entry of its own place\n"
        "minus the mean over rows of (reward, without gradient) times chosen",
        "scores.log_softmax(-1) has the logarithms; .gather(-1, places[:, None]).squeeze(-1) picks one a row; "
        "rewards.detach() are given numbers.\n    return -(... * ...).mean()",
    ),
    wrong_answers=MISTAKES,
)
