"""“Positions for another size”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.resize_places import MISTAKES


def resize_cases() -> list[Case]:
    tidy = torch.arange(5.0).view(5, 1)
    by_hand = Case(
        label="a 2 × 2 grid of 1 to 4, class token 0, to 2 × 3",
        args=(tidy, (2, 3)),
        kwargs={"align_corners": True},
    )
    drawn = [
        Case(
            label=f"{old} × {old} to {rows} × {columns}, width {d}, align_corners {corners}, seed {seed}",
            args=(noise(seed, old * old + 1, d), (rows, columns)),
            kwargs={"align_corners": corners},
            gradients=True,
        )
        for old, rows, columns, d, corners, seed in (
            (4, 7, 5, 3, True, 0),
            (4, 7, 5, 3, False, 1),
            (5, 2, 3, 4, True, 2),
            (5, 2, 3, 4, False, 3),
        )
    ]
    one = Case(label="one patch to 3 × 2", args=(noise(4, 2, 3), (3, 2)), gradients=True)
    same = Case(label="the grid as it is", args=(noise(5, 10, 4), (3, 3)), edge=True)
    down = Case(label="4 × 4 to one patch", args=(noise(6, 17, 2), (1, 1)), edge=True)
    twice = Case(
        label="3 × 3 to one row of six",
        args=(noise(7, 10, 2), (1, 6)),
        kwargs={"align_corners": True},
        edge=True,
    )
    return [by_hand, *drawn, one, same, down, twice]


def resize_sample(rng: np.random.Generator) -> Case:
    old, rows, columns, d = draw_sizes(rng, 5, 5, 5, 3)
    return Case(
        label="random",
        args=(noise(rng, old * old + 1, d), (rows, columns)),
        kwargs={"align_corners": coin(rng)},
    )


def cubic(t: np.ndarray, a: float = -0.75) -> np.ndarray:
    """Return the weight of a neighbour at distance t; Keys 1981, with PyTorch's a."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def weights_along(old: int, new: int, align_corners: bool) -> np.ndarray:
    """Return (new, old): how much each new place takes from each old one, along one axis."""
    if align_corners:
        at = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    else:
        at = (np.arange(new) + 0.5) * old / new - 0.5
    table = np.zeros((new, old))
    for i, x in enumerate(at):
        for neighbour in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
            table[i, min(max(neighbour, 0), old - 1)] += cubic(x - neighbour)
    return table


def resize_oracle(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    """Two matrix products with the weights of cubic interpolation, written from their formula."""
    old = round((len(places) - 1) ** 0.5)
    down, across = (
        torch.from_numpy(weights_along(old, new, align_corners)).to(places) for new in grid
    )
    table = places[1:].reshape(old, old, -1)
    new = torch.einsum("ri,cj,ijd->rcd", down, across, table)
    return torch.cat([places[:1], new.reshape(-1, places.shape[1])])


EXERCISE = Exercise(
    name="resize_places",
    title="Positions for another size",
    minutes=9,
    difficulty=3,
    marks=2,
    proves="the grid of positions is stretched both ways, with corners or edges aligned as asked, and the class token's stays",
    passed="Agrees with cubic interpolation written from its formula, larger and smaller, both ways of aligning, gradients too.",
    cases=resize_cases,
    sample=resize_sample,
    oracle=resize_oracle,
    reference="course_lib.models.vit.resize_places",
    hints=(
        "Which of the rows has a place in the picture, and which has none? What does interpolate take for channels, what for height "
        "and width, and how do the positions get that shape?",
        "keep row 0; the others: (N, d) transposed to (d, N), split into (1, d, side, side)\n"
        "interpolate bicubic to grid, handing align_corners on\njoin rows and columns, transpose, put row 0 in front",
        "square = places[1:].T.reshape(1, -1, side, side) with side = round((len(places) - 1) ** 0.5); after "
        'F.interpolate(square, grid, mode="bicubic", align_corners=align_corners) go back by [0].flatten(1).T.',
    ),
    kinds=("zero",),
    never={"one_place": "The table holds the class token's row and one patch's at least."},
    wrong_answers=MISTAKES,
)
