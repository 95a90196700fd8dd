"""“A kernel back to a linear layer”: its cases, its oracle, its hints."""

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_16_images_as_tokens.common import kernel_oracle
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.linear_from_kernel import MISTAKES


def kernel_cases() -> list[Case]:
    tidy = torch.arange(8.0).view(1, 2, 2, 2)
    by_hand = [
        Case(label=f"one output, two channels, channels {where}", args=(tidy,), kwargs=option)
        for where, option in (("first", {}), ("last", {"channels_last": True}))
    ]
    drawn = [
        Case(
            label=f"{d} outputs, {c} channels, {p} × {p}, channels {where}, seed {seed}",
            args=(noise(seed, d, c, p, p),),
            kwargs={"channels_last": where == "last"},
            gradients=True,
        )
        for d, c, p, where, seed in (
            (5, 3, 2, "first", 0),
            (5, 3, 2, "last", 1),
            (2, 4, 3, "last", 2),
        )
    ]
    edges = [
        Case(
            label=f"{what}, channels last",
            args=(kernel,),
            kwargs={"channels_last": True},
            edge=True,
        )
        for what, kernel in (
            ("one channel", noise(3, 3, 1, 2, 2)),
            ("kernels of one pixel", noise(4, 2, 3, 1, 1)),
            ("one output", noise(5, 1, 3, 2, 2)),
        )
    ]
    return [*by_hand, *drawn, *edges]


def kernel_sample(rng: np.random.Generator) -> Case:
    d, c, p = draw_sizes(rng, 4, 4, 4)
    return Case(
        label="random",
        args=(noise(rng, d, c, p, p),),
        kwargs={"channels_last": coin(rng)},
    )


EXERCISE = Exercise(
    name="linear_from_kernel",
    title="A kernel back to a linear layer",
    minutes=5,
    difficulty=1,
    proves="each weight multiplies the same pixel as before, for either order of the channels",
    passed="Every weight is where a loop puts it, for both orders, gradients too.",
    cases=kernel_cases,
    sample=kernel_sample,
    oracle=kernel_oracle,
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.linear_from_kernel",
    hints=(
        "A kernel lists its axes as output, channel, row, column. In which order must they stand before the last three are joined, "
        "if a row lists the channels of each pixel side by side?",
        "channels first: join the last three axes\n"
        "channels last: move the channel axis to the end, then join the last three",
        "kernel.permute(0, 2, 3, 1) has (d_model, p, p, C); .flatten(1) joins everything but the first axis.",
    ),
    kinds=("zero",),
    wrong_answers=MISTAKES,
)
