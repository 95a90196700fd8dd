"""“Mixup”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.checking.properties import all_one
from course_lib.lessons.lesson_17_training_a_vit.common import PICTURES
from course_lib.lessons.lesson_17_training_a_vit.mistakes.mixup import MISTAKES


def mixup_cases() -> list[Case]:
    images = double([8.0, 4.0]).view(2, 1, 1, 1)
    by_hand = (images, torch.tensor([0, 2]), 0.75, torch.tensor([1, 0]), 3)
    drawn = [
        _mixup_case(f"λ = {share}, seed {seed}", seed, share, b, c, h, w, k)
        for b, c, h, w, k, share, seed in (
            (5, 3, 2, 4, 6, 0.9, 0),
            (7, 2, 3, 5, 4, 0.3, 1),
            (4, 1, 5, 3, 10, 0.65, 2),
        )
    ]
    alone = _mixup_case("λ = 1", 3, 1.0, 3, 2, 4, 5, 6)
    return [
        Case(label="pixels 8 and 4, classes 0 and 2, λ = ¾", args=by_hand),
        *drawn,
        Case(
            label="a pair of one class, and an image that is its own partner",
            args=(noise(4, 3, 1, 2, 2), torch.tensor([1, 1, 0]), 0.75, torch.tensor([1, 0, 2]), 2),
        ),
        Case(
            label="one image, its own partner",
            args=(noise(5, 1, 2, 3, 2), torch.tensor([2]), 0.6, torch.tensor([0]), 4),
            edge=True,
        ),
        Case(
            label="λ = 0",
            args=(*alone.args[:2], 0.0, *alone.args[3:]),
            edge=True,
            shows=("border",),
        ),
        Case(label=alone.label, args=alone.args, edge=True),
    ]


def _mixup_case(
    label: str, seed: Seed, share: float, b: int, c: int, h: int, w: int, k: int
) -> Case:
    rng = rng_of(seed)
    partners = np.roll(rng.permutation(b), 1)
    labels = rng.permutation(np.arange(b) % k)
    labels[-1] = labels[partners[-1]]
    args = (
        noise(rng, b, c, h, w), torch.from_numpy(labels), share, torch.from_numpy(partners.copy()), k,
    )  # fmt: skip
    return Case(
        label=f"{b} images of {c} channels, {h} × {w}, {k} classes, {label}", args=args,
        gradients=True,
    )  # fmt: skip


def mixup_oracle(
    images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
) -> tuple[Tensor, Tensor]:
    """Image by image; each label's share is added at its own place."""
    mixed, targets = [], torch.zeros(len(images), n_classes, dtype=images.dtype)
    for b, partner in enumerate(partners.tolist()):
        mixed.append(torch.lerp(images[partner], images[b], share))
        targets[b, labels[b]] += share
        targets[b, labels[partner]] += 1 - share
    return torch.stack(mixed), targets


def targets_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Each row of targets is a distribution."""
    if not isinstance(value, tuple) or len(value) != 2 or value[1].ndim != 2:
        return None
    sums = value[1].sum(-1)
    if all_one(sums):
        return None
    return (
        f"The shares of an image's classes sum to 1. On the case “{case.label}” the first row of your targets sums to "
        f"{sums[0].item():.3f}."
    )


def mixup_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = draw_sizes(rng, 4, 4, 4, 4)
    case = _mixup_case("", rng, float(rng.random()), b, c, h, w, pick(rng, range(2, 6)))
    return Case(label="random", args=case.args)


EXERCISE = Exercise(
    name="mixup",
    title="Mixup",
    minutes=7,
    difficulty=2,
    proves="images and labels are mixed with the same shares and the same partners",
    passed="Agrees with mixing image by image, gradients too.",
    cases=mixup_cases,
    sample=mixup_sample,
    oracle=mixup_oracle,
    properties=(Property(id="targets_sum_to_one", holds=targets_sum_to_one),),
    reference=f"{PICTURES}.mixup",
    parts=("images", "targets"),
    hints=(
        "A label is a name and cannot be mixed. What can: a row with a 1 at the label's place and 0 elsewhere.",
        "one-hot rows of the labels, in the images' dtype\nshare · images + (1 − share) · partners' images\n"
        "the same line for the one-hot rows",
        "F.one_hot(labels, n_classes).to(images.dtype) makes the rows; images[partners] and targets[partners] are the "
        "partners'.",
    ),
    kinds=("repeats", "batch_of_one", "border", "zero"),
    wrong_answers=MISTAKES,
)
