"""“Where a map points”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.point_hits import MISTAKES


def _inside(seed: Seed, *shape: int) -> Tensor:
    return noise(seed, *shape) > 0.4


def hit_cases() -> list[Case]:
    by_hand = Case(
        label="two maps of 1 × 3 pixels, the second with a tie",
        args=(
            double([[[0.1, 0.7, 0.2]], [[0.4, 0.2, 0.4]]]),
            torch.tensor([[[False, True, True]], [[True, False, False]]]),
        ),
    )
    drawn = [
        Case(
            label=f"{b} maps of {h} × {w}, {'with ties, ' * ties}seed {seed}",
            args=(
                noise(seed, b, h, w).abs().round() + 0.5 if ties else noise(seed, b, h, w).exp(),
                _inside(seed + 10, b, h, w),
            ),
        )
        for b, h, w, ties, seed in ((5, 3, 4, False, 0), (6, 4, 3, True, 1), (7, 5, 6, True, 2))
    ]
    flat = Case(
        label="maps that are the same everywhere",
        args=(torch.ones(2, 3, 4, dtype=torch.float64), _inside(5, 2, 3, 4)),
        edge=True,
    )
    below = Case(
        label="maps of negative numbers",
        args=(-noise(6, 4, 3, 2).exp(), _inside(7, 4, 3, 2)),
        edge=True,
    )
    torn = torch.tensor([[[True, False, True], [False, False, False]]])
    one = Case(
        label="one map, a box in two parts",
        args=(double([[[2.0, 2.0, 2.0], [0.0, 1.0, 2.0]]]), torn),
        edge=True,
    )
    nowhere = Case(
        label="a map without a box",
        args=(noise(8, 2, 2, 3), torch.cat([torn, ~torn & False])),
        edge=True,
    )
    zeros = Case(
        label="maps of zeros and less",
        args=(-noise(9, 3, 2, 4).relu(), _inside(10, 3, 2, 4)),
        edge=True,
    )
    return [by_hand, *drawn, flat, below, one, nowhere, zeros]


def hit_sample(rng: np.random.Generator) -> Case:
    b, h, w = draw_sizes(rng, 4, 4, 4)
    maps = noise(rng, b, h, w)
    maps = maps.round() if coin(rng) else maps
    return Case(label="random", args=(maps, _inside(rng, b, h, w)))


def hit_oracle(maps: Tensor, inside: Tensor) -> Tensor:
    """Look for the largest pixels in a loop."""
    shares = []
    for one, mask in zip(maps.tolist(), inside.tolist(), strict=True):
        pixels = [
            (x, m)
            for row, line in zip(one, mask, strict=True)
            for x, m in zip(row, line, strict=True)
        ]
        top = max(x for x, _ in pixels)
        found = [m for x, m in pixels if x == top]
        shares.append(sum(found) / len(found))
    return torch.tensor(shares, dtype=maps.dtype)


EXERCISE = Exercise(
    name="point_hits",
    title="Where a map points",
    minutes=6,
    difficulty=2,
    proves="a map scores the share of its largest pixels that lie inside, so ties win nothing",
    passed="Agrees with a search pixel by pixel, ties included.",
    cases=hit_cases,
    sample=hit_sample,
    oracle=hit_oracle,
    reference="course_lib.attention.maps.point_hits",
    hints=(
        "All 16 pixels of the strongest patch are equally large. How many pixels are largest, and how many of them "
        "lie inside?",
        "best = pixels that equal their own map's maximum\nhow many of best are inside, divided by how many are best",
        "maps.amax((-2, -1), keepdim=True) is each map's maximum; best & inside, summed over (-2, -1); turn the "
        "counts into maps.dtype.",
    ),
    kinds=("ties", "negative", "zero", "batch_of_one", "front", "gaps", "empty"),
    never={
        "hidden_nan": "A map's numbers are finite; what lies outside the box counts as well.",
    },
    wrong_answers=MISTAKES,
)
