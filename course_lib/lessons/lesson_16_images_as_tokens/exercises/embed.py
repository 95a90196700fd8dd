"""“Class token and positions”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_16_images_as_tokens.common import embed_oracle
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.embed import MISTAKES


def embed_args(seed: Seed, b: int, n: int, d: int) -> tuple[Tensor, ...]:
    rng = rng_of(seed)
    return noise(rng, b, n, d), noise(rng, d), noise(rng, n + 1, d)


def embed_cases() -> list[Case]:
    by_hand = Case(
        label="two images of two patches, one number each",
        args=(
            torch.tensor([[[1.0], [2]], [[3], [4]]]),
            torch.tensor([7.0]),
            torch.tensor([[100.0], [200], [300]]),
        ),
    )
    drawn = [
        Case(
            label=f"{b} images, {n} patches, width {d}, seed {seed}",
            args=embed_args(seed, b, n, d),
            gradients=True,
        )
        for b, n, d, seed in ((2, 5, 3, 0), (4, 6, 5, 1), (3, 2, 8, 2))
    ]
    alone = Case(label="one image", args=embed_args(3, 1, 5, 3), edge=True)
    single = Case(label="one image of one patch", args=embed_args(4, 1, 1, 4), edge=True)
    return [by_hand, *drawn, alone, single]


def embed_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=embed_args(rng, *draw_sizes(rng, 4, 5, 5)))


EXERCISE = Exercise(
    name="embed",
    title="Class token and positions",
    minutes=7,
    difficulty=1,
    proves="every image gets the same class token in front, every token the position of its own, and gradients reach both tables",
    passed="Agrees with a loop over images and tokens; gradients of patches, class token and positions too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.embed",
    hints=(
        "How many tokens has an image when you are done, and how many rows have the positions? Which must come first, so "
        "that the two numbers agree?",
        "first = class_token as (B, 1, d_model), the same numbers for every image\n"
        "tokens = first, then patches, joined along the axis of tokens\ntokens plus places",
        "class_token.expand(len(patches), 1, -1) repeats without copying. torch.cat([…, patches], dim=1) has N + 1 tokens; then "
        "add places.",
    ),
    kinds=("batch_of_one", "one_place"),
    wrong_answers=MISTAKES,
)
