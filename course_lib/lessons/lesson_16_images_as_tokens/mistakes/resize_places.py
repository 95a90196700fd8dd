"""Mistakes in “Positions for another size”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def resized(
    places: Tensor,
    grid: tuple[int, int],
    align_corners: bool = False,
    mode: str = "bicubic",
    mirrored: bool = False,
    **options: Any,
) -> Tensor:
    """Resize; each switch makes one mistake."""
    old = round((len(places) - 1) ** 0.5)
    square = places[1:].T.unflatten(1, (old, old))[None]
    if mirrored:
        square = square.mT
    if mode != "nearest":
        options["align_corners"] = align_corners
    new = F.interpolate(square, grid, mode=mode, **options)[0]
    return torch.cat([places[:1], new.flatten(1).T])


def _by_view(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    old = round((len(places) - 1) ** 0.5)
    square = places[1:].reshape(1, -1, old, old)
    new = F.interpolate(square, grid, mode="bicubic", align_corners=align_corners)
    return torch.cat([places[:1], new.reshape(-1, places.shape[1])])


def _back_by_view(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    patches = right_resized(places, grid, align_corners)[1:]
    return torch.cat([places[:1], patches.T.reshape(-1, places.shape[1])])


def _last_row_kept(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    return right_resized(places.roll(1, 0), grid, align_corners).roll(-1, 0)


def _as_one_line(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    line = places[1:].T[None]
    n = grid[0] * grid[1]
    new = F.interpolate(line, n, mode="linear", align_corners=align_corners)
    return torch.cat([places[:1], new[0].T])


def right_resized(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    return resized(places, grid, align_corners)


MISTAKES = (
    mistake(
        "always_false",
        lambda places, grid, align_corners=False: right_resized(places, grid, False),
        "align_corners is not handed on: you always have False, Hugging Face's way.",
        "With True the centres of the outer patches stay on each other, with False the edges of the image do. Weights from torchvision "
        "want True to give torchvision's logits.",
    ),
    mistake(
        "always_true",
        lambda places, grid, align_corners=False: right_resized(places, grid, True),
        "You always have align_corners=True, torchvision's way.",
        "Hand the argument on: with False the edges of the two grids lie on each other, which is what Hugging Face does.",
    ),
    mistake(
        "bilinear",
        lambda places, grid, align_corners=False: resized(places, grid, align_corners, "bilinear"),
        "You interpolate linearly, between two neighbours a direction.",
        'Both libraries go bicubic, between four: mode="bicubic".',
    ),
    mistake(
        "nearest",
        lambda places, grid, align_corners=False: resized(places, grid, align_corners, "nearest"),
        "You copy the nearest position.",
        'Patches of the new grid would share a position and could not be told apart. Both libraries use mode="bicubic".',
    ),
    mistake(
        "antialiased",
        lambda places, grid, align_corners=False: resized(
            places, grid, align_corners, antialias=True
        ),
        "You set antialias=True, which blurs when the grid shrinks.",
        "Neither library does that for positions.",
    ),
    mistake(
        "class_row_dropped",
        lambda places, grid, align_corners=False: right_resized(places, grid, align_corners)[1:],
        "The class token's position is missing.",
        "It has no place in the picture, so it is kept as it is, in front.",
    ),
    mistake(
        "class_row_last",
        lambda places, grid, align_corners=False: right_resized(places, grid, align_corners).roll(
            -1, 0
        ),
        "Your class token's position stands behind the patches'.",
        "It is row 0, before and after.",
    ),
    mistake(
        "last_row_kept",
        _last_row_kept,
        "You keep the last row and resize the others, the class token's among them.",
        "The class token's position is row 0; rows 1 to N form the grid.",
    ),
    mistake(
        "class_row_zero",
        lambda places, grid, align_corners=False: torch.cat(
            [torch.zeros_like(places[:1]), right_resized(places, grid, align_corners)[1:]]
        ),
        "Your class token's position is 0.",
        "It was learned; keep it as it is, in front.",
    ),
    mistake(
        "grid_mirrored",
        lambda places, grid, align_corners=False: resized(
            places, grid, align_corners, mirrored=True
        ),
        "Your grid is mirrored at its diagonal: rows and columns are swapped before the resizing.",
        "Patches are numbered by rows, so (N, d) splits into (rows, columns, d), in this order.",
    ),
    mistake(
        "new_grid_swapped",
        lambda places, grid, align_corners=False: right_resized(places, grid[::-1], align_corners),
        "You made grid[0] columns and grid[1] rows; it is rows first.",
        "interpolate takes (height, width), which is (rows, columns). On a square nobody would notice.",
    ),
    mistake(
        "viewed_as_pictures",
        _by_view,
        "You view (N, d) as (1, d, rows, columns): no axis moves, so features and patches are mixed.",
        "interpolate wants the features as channels. Transpose to (d, N) first, and back afterwards.",
    ),
    mistake(
        "viewed_back",
        _back_by_view,
        "After the resizing you view (d, rows, columns) as (N, d): no axis moves.",
        "Join rows and columns, then transpose.",
    ),
    mistake(
        "as_one_line",
        _as_one_line,
        "You interpolate along the list of patches, as if it were a line.",
        "The last patch of a row and the first of the next are neighbours in the list, and far apart in the picture. Make it a grid first.",
    ),
)
