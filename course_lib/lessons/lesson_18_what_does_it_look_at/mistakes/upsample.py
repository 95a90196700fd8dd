"""Mistakes in “From patches to pixels”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _bilinear(maps: Tensor, patch: int) -> Tensor:
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    big = torch.nn.functional.interpolate(flat, scale_factor=patch, mode="bilinear")
    return big.reshape(*maps.shape[:-2], *big.shape[-2:])


def _tiled(maps: Tensor, patch: int) -> Tensor:
    return maps.repeat(*[1] * (maps.dim() - 2), patch, patch)


def _shared(maps: Tensor, patch: int) -> Tensor:
    return maps.repeat_interleave(patch, -2).repeat_interleave(patch, -1) / patch**2


MISTAKES = (
    WrongAnswer(
        id="tiled",
        code=_tiled,
        says="You laid the whole map beside itself, patch by patch times; each number must be stretched.",
        why="repeat copies the map as a tile. repeat_interleave repeats each entry where it stands.",
    ),
    WrongAnswer(
        id="rows_only",
        code=lambda maps, patch: maps.repeat_interleave(patch, -2),
        says="You stretched the rows only.",
        why="A patch is a square: the columns need the same.",
    ),
    WrongAnswer(
        id="columns_only",
        code=lambda maps, patch: maps.repeat_interleave(patch, -1),
        says="You stretched the columns only.",
        why="A patch is a square: the rows need the same.",
    ),
    WrongAnswer(
        id="smooth",
        code=_bilinear,
        says="You interpolated between the patches.",
        why="The model said one number for each patch and nothing finer. A smooth map looks more precise than "
        "it is, and its maximum can move.",
    ),
    WrongAnswer(
        id="shared_out",
        code=_shared,
        says="You divided each number among the pixels of its patch.",
        why="Each pixel gets its patch's number as it is.",
    ),
)
