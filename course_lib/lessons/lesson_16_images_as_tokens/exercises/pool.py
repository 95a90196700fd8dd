"""“Which token answers”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.pool import MISTAKES


def pool_cases() -> list[Case]:
    tidy = torch.tensor([[[9.0, 9], [1, 10], [3, 30]], [[8, 8], [2, 20], [6, 40]]])
    by_hand = [
        Case(label=f"two images, class token and two patches, {how}", args=(tidy, how))
        for how in ("class", "mean")
    ]
    drawn = [
        Case(
            label=f"{b} images, {t} tokens, width {d}, {how}, seed {seed}",
            args=(noise(seed, b, t, d), how),
            gradients=True,
        )
        for b, t, d, how, seed in (
            (3, 6, 4, "class", 0),
            (3, 6, 4, "mean", 1),
            (2, 5, 7, "mean", 2),
        )
    ]
    default = Case(label="how left out", args=(noise(3, 2, 5, 3),), edge=True)
    small = [
        Case(label=f"{what}, {how}", args=(noise(4, b, t, d), how), edge=True)
        for what, b, t, d in (("one image", 1, 4, 3), ("one patch", 3, 2, 4), ("width 1", 2, 4, 1))
        for how in ("class", "mean")
    ]
    return [*by_hand, *drawn, *small, default]


def pool_sample(rng: np.random.Generator) -> Case:
    b, n, d = draw_sizes(rng, 4, 5, 5)
    return Case(label="random", args=(noise(rng, b, n + 1, d), pick(rng, ("class", "mean"))))


def pool_oracle(x: Tensor, how: str = "class") -> Tensor:
    """Image by image."""
    found = []
    for first, *patches in x:
        found.append(first if how == "class" else sum(patches[1:], patches[0]) / len(patches))
    return torch.stack(found)


EXERCISE = Exercise(
    name="pool",
    title="Which token answers",
    minutes=4,
    difficulty=1,
    proves="one row an image is left: the class token's, or the mean of the patches without it",
    passed="Agrees with a loop over images, for both ways, gradients too.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.pool",
    hints=(
        "x has three axes: images, tokens, features. Which one is to disappear, and where on it stands the class token?",
        'how is "class": token 0 of every image\nelse: the mean over tokens 1 and after',
        "x[:, 0] is one row an image. x[:, 1:] are the patches, and axis 1 is the axis to average over.",
    ),
    kinds=("batch_of_one",),
    never={"one_place": "Besides the class token there is a patch at least."},
    wrong_answers=MISTAKES,
)
