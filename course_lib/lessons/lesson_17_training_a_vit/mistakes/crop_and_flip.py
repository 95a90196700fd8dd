"""Mistakes in “Crop and flip, each image by itself”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.training.augment import crop_and_flip


def _one_place_for_all(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners[:1].expand_as(corners), flips, padding)


def _one_mirror_for_all(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, flips[:1].expand_as(flips), padding)


def _swapped_corners(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners.flip(1), flips, padding)


def _upside_down(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    cut = crop_and_flip(images, corners, torch.zeros_like(flips), padding)
    return torch.where(flips[:, None, None, None], cut.flip(2), cut)


def _mirrors_first(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    turned = torch.where(flips[:, None, None, None], images.flip(3), images)
    return crop_and_flip(turned, corners, torch.zeros_like(flips), padding)


def _rolls(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    moves = (padding - corners).tolist()
    moved = [image.roll(tuple(move), (1, 2)) for image, move in zip(images, moves, strict=True)]
    cut = torch.stack(moved)
    return torch.where(flips[:, None, None, None], cut.flip(3), cut)


def _other_way(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, 2 * padding - corners, flips, padding)


def _never_mirrors(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, torch.zeros_like(flips), padding)


def _mirrors_the_others(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, ~flips, padding)


MISTAKES = (
    WrongAnswer(
        id="one_place_for_all",
        code=_one_place_for_all,
        says="You cut every image at the first one's corner.",
        why="One draw for a batch moves all its images alike, and the model sees as many views as batches. Each image has a "
        "row of corners of its own.",
    ),
    WrongAnswer(
        id="one_mirror_for_all",
        code=_one_mirror_for_all,
        says="You mirror all images or none, as the first one is told.",
        why="Every image has its own entry in flips; half of a batch should look left and half right.",
    ),
    WrongAnswer(
        id="row_and_column_swapped",
        code=_swapped_corners,
        says="You take the corner's column for its row.",
        why="A corner is (row, column): the first number goes down, the second to the right.",
    ),
    WrongAnswer(
        id="upside_down",
        code=_upside_down,
        says="You turn images upside down: axis 2 runs down the rows.",
        why="The mirror swaps left and right, the last axis. A dog facing left is a dog; most photographs never show one "
        "upside down.",
    ),
    WrongAnswer(
        id="mirrors_first",
        code=_mirrors_first,
        says="You mirror the image before you cut the window out; the window is cut first.",
        why="In a mirrored picture the same corner holds another part of it. Either order would augment as well, but the "
        "exercise fixes one, so that results can be compared.",
    ),
    WrongAnswer(
        id="wraps_around",
        code=_rolls,
        says="What leaves your image on one side comes back on the other.",
        why="torch.roll goes round in a circle. A frame of zeros around the image leaves nothing to come back.",
    ),
    WrongAnswer(
        id="moves_the_other_way",
        code=_other_way,
        says="Your windows begin at 2 · padding less the corner.",
        why="The corner is where the window begins in the frame: (0, 0) shows the frame's upper left, so the picture moves down "
        "and to the right.",
    ),
    WrongAnswer(
        id="never_mirrors",
        code=_never_mirrors,
        says="You leave out the mirror.",
        why="Where flips is True the window is mirrored left to right.",
    ),
    WrongAnswer(
        id="mirrors_the_others",
        code=_mirrors_the_others,
        says="You mirror the images that are to stay, and leave the others.",
        why="torch.where takes its second argument where the condition is True.",
    ),
)
