"""“Deletion, and the area under it”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_18_what_does_it_look_at.common import Weighed, total
from course_lib.lessons.lesson_18_what_does_it_look_at.mistakes.deletion_curve import MISTAKES


def _deletion_case(seed: int, rows: int, columns: int, patch: int, *, ties: bool = False) -> Case:
    height, width = rows * patch, columns * patch
    chosen = noise(seed + 1, rows, columns)
    return Case(
        label=f"{rows} × {columns} patches of {patch}, {'with ties, ' * ties}seed {seed}",
        args=(
            Weighed(seed, height, width),
            noise(seed + 2, height, width),
            noise(seed + 3, height, width),
            chosen.round() if ties else chosen,
        ),
        edge=ties,
    )


def deletion_cases() -> list[Case]:
    by_hand = Case(
        label="two patches of one pixel, the sum as score",
        args=(total, double([[1, 3]]), double([[0.5, 0.5]]), double([[0.2, 0.8]])),
    )
    below = _deletion_case(50, 2, 4, 2).args
    return [
        by_hand,
        _deletion_case(0, 2, 3, 4),
        _deletion_case(10, 3, 2, 5),
        _deletion_case(20, 4, 5, 2),
        _deletion_case(30, 3, 4, 2, ties=True),
        Case(label="one patch", args=_deletion_case(40, 1, 1, 3).args, edge=True),
        Case(label="patches of negative numbers", args=(*below[:3], -below[3].exp()), edge=True),
    ]


def deletion_sample(rng: np.random.Generator) -> Case:
    rows, columns, patch = draw_sizes(rng, 3, 3, 3)
    return _deletion_case(pick(rng, range(10**6)), rows, columns, patch, ties=coin(rng, 0.3))


def deletion_oracle(
    score: Any, image: Tensor, fill: Tensor, patch_map: Tensor
) -> tuple[Tensor, Tensor]:
    """Replace patch after patch in a loop, score one image at a time, and let NumPy integrate."""
    columns, side = patch_map.shape[1], image.shape[0] // patch_map.shape[0]
    flat = patch_map.flatten().tolist()
    left = sorted(range(len(flat)), key=lambda place: -flat[place])
    now, points = image.clone(), [score(image[None])[0].item()]
    for place in left:
        top, start = side * (place // columns), side * (place % columns)
        box = (slice(top, top + side), slice(start, start + side))
        now[box] = fill[box]
        points.append(score(now[None])[0].item())
    area = np.trapezoid(points, np.linspace(0, 1, len(points)))
    return torch.tensor(points, dtype=image.dtype), torch.tensor(area, dtype=image.dtype)


EXERCISE = Exercise(
    name="deletion_curve",
    title="Deletion, and the area under it",
    minutes=12,
    difficulty=3,
    proves="patches go in order of importance, the fill replaces them, and the area is that of trapezia",
    passed="Agrees with a loop that replaces patch after patch, and with NumPy's integral.",
    cases=deletion_cases,
    sample=deletion_sample,
    oracle=deletion_oracle,
    parts=("curve", "area"),
    reference="course_lib.attention.maps.deletion_curve",
    device="any",
    hints=(
        "Give every patch its turn: 0 for the most important, N − 1 for the least. In image n of the curve, which "
        "turns are over?",
        "rank = turn of every patch, laid out as patch_map, stretched to pixels\nimage n: fill where rank < n, "
        "else the image, for n = 0 … N\ncurve = score of these N + 1 images at once\narea = sum of (left end + right "
        "end) / 2 over the steps, divided by N",
        "patch_map.flatten().argsort(descending=True, stable=True).argsort() gives the turns; "
        "torch.where(rank < torch.arange(N + 1)[:, None, None], fill, image) all the images; "
        "torch.trapezoid(curve) / N the area.",
    ),
    kinds=("ties", "negative"),
    wrong_answers=MISTAKES,
)
