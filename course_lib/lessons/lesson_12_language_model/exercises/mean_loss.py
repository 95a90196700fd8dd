"""“A mean that leaves padding out”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_ids, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_12_language_model.mistakes.mean_loss import MISTAKES


def padded(rng: np.random.Generator, b: int, t: int, v: int, pad: int) -> Tensor:
    """Draw targets; every text but the first ends in padding, the first place is always real."""
    targets = draw_ids(rng, v - 1, b, t)
    targets = targets + (targets >= pad)
    lengths = torch.from_numpy(rng.integers(1, t + 1, (b, 1)))
    lengths[0] = t
    return targets.where(torch.arange(t) < lengths, pad)


def loss_cases() -> list[Case]:
    def drawn(b: int, t: int, v: int, pad: int, seed: int) -> Case:
        rng = generator(seed)
        args = (noise(rng, b, t, v, scale=2.0), padded(rng, b, t, v, pad), pad)
        label = f"{b} texts of up to {t} tokens, {v} kinds, {pad} is padding, seed {seed}"
        return Case(label=label, args=args, gradients=True)

    logits = torch.tensor([[[0.0, 1.0, 2.0]] * 2, [[0.0, 3.0, 0.0]] * 2]).double()
    return [
        Case(
            label="two texts of two and one token, 0 is padding",
            args=(logits, torch.tensor([[1, 2], [1, 0]]), 0),
            gradients=True,
        ),
        drawn(3, 5, 7, 0, 0),
        drawn(4, 6, 5, 2, 4),
        *_unusual_loss_cases(),
    ]


def _unusual_loss_cases() -> list[Case]:
    return [
        Case(
            label="padding in front and between",
            args=(noise(8, 2, 4, 5), torch.tensor([[2, 2, 4, 1], [3, 2, 0, 3]]), 2),
            edge=True,
        ),
        Case(
            label="a text of padding alone beside a real one",
            args=(noise(9, 2, 3, 4), torch.tensor([[0, 0, 0], [2, 1, 3]]), 0),
            edge=True,
        ),
        Case(
            label="one text of one token",
            args=(double([[[-3, -1, -2, -1.5, -4]]]), torch.tensor([[3]]), 0),
            edge=True,
        ),
        Case(
            label="small scores beside large ones",
            args=(
                double([[[0, 1, 2], [1000, 999, 998]], [[-3, -1, -2], [0, 0, 0]]]),
                torch.tensor([[1, 2], [2, 1]]),
                0,
            ),
            edge=True,
        ),
        Case(label="no padding", args=(noise(5, 2, 3, 4), torch.ones(2, 3).long(), 0), edge=True),
        Case(
            label="scores of a thousand",
            args=(1000 * noise(6, 2, 3, 4), padded(generator(7), 2, 3, 4, 0), 0),
            edge=True,
        ),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    b, t, v = draw_sizes(rng, 4, 4, 4)
    pad = pick(rng, range(v + 1))
    args = (noise(rng, b, t, v + 1), padded(rng, b, t, v + 1, pad), pad)
    return Case(label="random", args=args)


def loss_oracle(logits: Tensor, targets: Tensor, pad: int) -> Tensor:
    """PyTorch's loss, told what to leave out."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad)


EXERCISE = Exercise(
    name="mean_loss",
    title="A mean that leaves padding out",
    minutes=6,
    difficulty=2,
    proves="filler changes nothing, and every real token weighs the same",
    passed="Agrees with F.cross_entropy(ignore_index=…), gradients too.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.mean_loss",
    forbidden=("cross_entropy", "CrossEntropyLoss", "nll_loss"),
    hints=(
        "Two texts, two tokens in one and one in the other: how many numbers does the mean run over?",
        "log-probabilities over the last axis\nat each place, that of the target\nkeep the places whose target is no padding; minus "
        "their mean",
        "logits.log_softmax(-1).gather(-1, targets[..., None]) picks one number a place (squeeze the last axis); index it with "
        "targets != pad.",
    ),
    kinds=("batch_of_one", "one_place", "ties", "repeats", "large", "far_rows", "negative", "zero"),
    wrong_answers=MISTAKES,
)
