"""Mistakes in “Occlusion”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Score = Callable[[Tensor], Tensor]


def _occluded(
    score: Score,
    image: Tensor,
    patch: int,
    fill: float,
    *,
    remains: bool = False,
    signed: bool = True,
    rises: bool = False,
    kept: bool = False,
    black: bool = False,
    alone: bool = False,
    turned: bool = False,
    share: bool = False,
) -> Tensor:
    """How far the score falls for each patch, with switches for its mistakes; all off, it is right."""
    rows, columns = (side // patch for side in image.shape)
    copies, now = [], image.clone()
    for i in range(0, rows * patch, patch):
        for j in range(0, columns * patch, patch):
            now = now if kept else image.clone()
            box = (slice(i, i + patch), slice(j, j + patch))
            if alone:
                now = torch.full_like(image, fill)
                now[box] = image[box]
            else:
                now[box] = 0.0 if black else fill
            copies.append(now.clone())
    scores, whole = score(torch.stack(copies)), score(image[None])
    falls = scores if remains else scores - whole if rises else whole - scores
    falls = falls / whole if share else falls if signed else falls.clamp(min=0)
    return falls.view(columns, rows).T if turned else falls.view(rows, columns)


def _with(**switches: Any) -> Callable[..., Tensor]:
    return lambda score, image, patch, fill: _occluded(score, image, patch, fill, **switches)


def _in_place(score: Score, image: Tensor, patch: int, fill: float) -> Tensor:
    found = _occluded(score, image, patch, fill)
    image.fill_(fill)
    return found


MISTAKES = (
    WrongAnswer(
        id="what_remains",
        code=_with(remains=True),
        says="You return the score that remains, not how far it falls.",
        why="A patch matters when the score is low without it. Subtract from the score of the whole image, so that large means important.",
    ),
    WrongAnswer(
        id="how_far_it_rises",
        code=_with(rises=True),
        says="Your differences have the other sign: the score without the patch less that of the whole image.",
        why="The fall is due: whole − hidden. Otherwise the most important patch is the darkest of the map.",
    ),
    WrongAnswer(
        id="never_put_back",
        code=_with(kept=True),
        says="Your patches stay hidden once they were hidden: each image lacks all patches before it.",
        why="Each patch is asked about alone. Begin every copy with image.clone().",
    ),
    WrongAnswer(
        id="filled_with_zero",
        code=_with(black=True),
        says="You fill with zeros and leave `fill` unused.",
        why="Zero is data: on these scans black is what a lesion looks like, so that hiding would plant lesions.",
    ),
    WrongAnswer(
        id="all_but_one_hidden",
        code=_with(alone=True),
        says="You hide everything but the patch.",
        why="That asks what the patch can do alone, on an image that the model has never seen the like of. Hide the patch, keep the rest.",
    ),
    WrongAnswer(
        id="falls_only",
        code=_with(signed=False),
        says="You cut off what is below 0.",
        why="Where hiding a patch raises the score, the patch spoke against the answer. The map keeps that, as a negative number.",
    ),
    WrongAnswer(
        id="grid_turned",
        code=_with(turned=True),
        says="Your grid is laid out column by column.",
        why="Patches follow row by row, as in every lesson: view(rows, columns).",
    ),
    WrongAnswer(
        id="share_of_the_whole",
        code=_with(share=True),
        says="You divide by the score of the whole image.",
        why="The fall itself is due: scores may be logits, which can be 0 or negative, and a share of them says nothing.",
    ),
    WrongAnswer(
        id="image_overwritten",
        code=_in_place,
        says="You write the fill into `image` itself: whoever called you has lost the picture.",
        why="Assigning to a part of a tensor changes it for everybody. Begin with image.clone().",
    ),
)
