"""“Cross-entropy with soft labels”: its cases, its oracle, its hints."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.lesson_17_training_a_vit.mistakes.soft_cross_entropy import MISTAKES


def _targets(seed: Seed, b: int, k: int) -> Tensor:
    """Shares of two classes an image, as mixup gives them."""
    rng = rng_of(seed)
    targets = torch.zeros(b, k, dtype=torch.float64)
    for row in targets:
        share = float(rng.uniform(0.1, 0.9))
        one, other = rng.permutation(k)[:2]
        row[int(one)] += share
        row[int(other)] += 1 - share
    return targets


def loss_cases() -> list[Case]:
    by_hand = Case(
        label="logits ln 3 and 0, the first class is right, smoothing 0.2",
        args=(double([[3.0, 1.0]]).log(), torch.tensor([[1.0, 0]]).double(), 0.2),
    )  # fmt: skip
    drawn = [
        Case(
            label=f"{b} images, {k} classes, smoothing {smoothing}, seed {seed}",
            args=(noise(seed, b, k, scale=2.0), _targets(seed, b, k), smoothing),
            gradients=True,
        )
        for b, k, smoothing, seed in ((3, 4, 0.1, 0), (5, 7, 0.3, 1), (6, 10, 0.1, 2))
    ]
    return [
        by_hand,
        *drawn,
        Case(label="no smoothing", args=(noise(4, 3, 5), _targets(4, 3, 5)), edge=True),
        Case(
            label="a row of large logits beside a row of small ones",
            args=(double([[0.0, 1.0], [1000.0, 999.0]]), double([[0.3, 0.7], [1.0, 0.0]]), 0.1),
            edge=True,
        ),
        Case(
            label="logits of −1000",
            args=(double([[-1000.0, -1001.0, -1003.0]]), double([[0.0, 0.5, 0.5]]), 0.2),
            edge=True,
        ),
        Case(label="smoothing 1", args=(noise(5, 2, 4), _targets(5, 2, 4), 1.0), edge=True),
        Case(
            label="logits of 1000",
            args=(torch.tensor([[1000.0, 0, 1]]).double(), torch.eye(3).double()[:1], 0.1),
            edge=True,
        ),
    ]


def loss_oracle(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)


def loss_sample(rng: np.random.Generator) -> Case:
    b, k = pick(rng, range(1, 6)), pick(rng, range(2, 8))
    smoothing = float(rng.uniform(0, 0.9))
    return Case(label="random", args=(noise(rng, b, k), _targets(rng, b, k), smoothing))


EXERCISE = Exercise(
    name="soft_cross_entropy",
    title="Cross-entropy with soft labels",
    minutes=7,
    difficulty=2,
    proves="targets are smoothed and the loss is the mean over the images",
    passed="Agrees with PyTorch's cross-entropy with label smoothing, gradients too.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    reference="course_lib.lessons.lesson_17_training_a_vit.reference.soft_cross_entropy",
    forbidden=("cross_entropy", "CrossEntropyLoss"),
    hints=(
        "Smooth first: every class gives up the same share of what it has, and all get an equal part of what was collected.",
        "smoothed targets = (1 − smoothing) · targets + smoothing / K\nfor each image: minus the sum over the classes of "
        "target · log-probability\nmean over the images",
        "logits.log_softmax(-1) survives logits of 1000, log(softmax) does not. .sum(-1) over the classes, .mean() over "
        "the images.",
    ),
    kinds=("batch_of_one", "large", "far_rows", "negative", "zero"),
    wrong_answers=MISTAKES,
)
