"""“Standardise, once”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.lesson_17_training_a_vit.common import PICTURES
from course_lib.lessons.lesson_17_training_a_vit.mistakes.standardise import MISTAKES


def _bytes(seed: Seed, *shape: int) -> Tensor:
    """Pixels from 0 to 255, a channel brighter than the one before."""
    raw = rng_of(seed).integers(0, 120, shape).astype(np.float64)
    return torch.from_numpy(raw + 40.0 * np.arange(shape[1])[:, None, None])


def standardise_cases() -> list[Case]:
    training = double([1.0, 3.0]).view(2, 1, 1, 1)
    image = double([[[[5.0, 2.0]]]])
    drawn = [
        Case(
            label=f"{b} images of {c} channels, {h} × {w}, and {n} to learn from, seed {seed}",
            args=(_bytes(seed, b, c, h, w), _bytes(seed + 50, n, c, h2, w2)),
        )
        for b, c, h, w, n, h2, w2, seed in ((2, 3, 4, 5, 7, 6, 8, 0), (5, 2, 3, 3, 11, 3, 3, 1))
    ]
    grey = Case(label="grey images", args=(_bytes(2, 3, 1, 4, 4), _bytes(3, 6, 1, 4, 4)), edge=True)
    colours = Case(
        label="one image of three channels, one to learn from",
        args=(_bytes(4, 1, 3, 2, 2), _bytes(5, 1, 3, 4, 5)),
        edge=True,
    )
    spread = Case(
        label="a set of spread below 1",
        args=(_bytes(6, 2, 2, 3, 4) / 255, _bytes(7, 4, 2, 3, 5) / 255),
        edge=True,
    )
    return [Case(label="pixels 5 and 2 beside a training set of 1 and 3", args=(image, training)),
            *drawn, grey, colours, spread]  # fmt: skip


def standardise_oracle(images: Tensor, training: Tensor) -> Tensor:
    """Channel by channel, in NumPy."""
    out = np.empty(tuple(images.shape))
    for c in range(images.shape[1]):
        seen = training[:, c].numpy().ravel()
        out[:, c] = (images[:, c].numpy() - seen.sum() / seen.size) / np.sqrt(
            ((seen - seen.sum() / seen.size) ** 2).sum() / seen.size
        )
    return torch.from_numpy(out)


def standardise_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = draw_sizes(rng, 4, 4, 4, 4)
    n = pick(rng, range(2, 7))
    training = _bytes(rng, n, c, h, w) + noise(rng, n, c, h, w)  # nowhere all equal
    return Case(label="random", args=(_bytes(rng, b, c, h, w), training))


EXERCISE = Exercise(
    name="standardise",
    title="Standardise, once",
    minutes=5,
    difficulty=1,
    proves="each channel loses the training set's mean and is divided by its spread, one time",
    passed="Agrees with NumPy, channel by channel, whatever batch the images come in.",
    cases=standardise_cases,
    sample=standardise_sample,
    oracle=standardise_oracle,
    reference=f"{PICTURES}.standardise",
    hints=(
        "Which images tell the statistics, and how many numbers are they? One pair for each channel.",
        "mean and spread of the training images over images, rows and columns: C numbers each\n"
        "two axes of size 1 behind them, so that they meet the channels\nsubtract, then divide",
        "training.mean((0, 2, 3))[:, None, None]; training.std((0, 2, 3), correction=0)[:, None, None]. Nothing of "
        "images goes into either.",
    ),
    kinds=("batch_of_one", "one_place", "repeats"),
    wrong_answers=MISTAKES,
)
