"""Mistakes in “Deletion, and the area under it”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Score = Callable[[Tensor], Tensor]


def _deleted(
    score: Score,
    image: Tensor,
    fill: Tensor,
    patch_map: Tensor,
    *,
    up: bool = False,
    black: bool = False,
    flat: bool = False,
    order: bool = False,
    insert: bool = False,
    once: bool = False,
    skip: str = "",
    area: str = "trapezium",
) -> tuple[Tensor, Tensor]:
    """A deletion curve, with switches for its mistakes; all off, it is right."""
    side = image.shape[0] // patch_map.shape[0]
    rank = patch_map.flatten().argsort(descending=not up, stable=True)
    rank = rank if order else rank.argsort()
    when = rank.view(patch_map.shape).repeat_interleave(side, 0).repeat_interleave(side, 1)
    steps = torch.arange(len(rank) + 1)[:, None, None]
    gone = when == steps - 1 if once else when < steps
    fill = torch.zeros_like(fill) if black else fill.mean().expand_as(fill) if flat else fill
    images = torch.where(gone, image, fill) if insert else torch.where(gone, fill, image)
    images = images[1:] if skip == "first" else images[:-1] if skip == "last" else images
    curve = score(images)
    n = len(curve) - 1
    inner = (curve[:-1] + curve[1:]).sum() / 2
    areas = {
        "trapezium": inner / n,
        "mean": curve.mean(),
        "steps": inner,
        "left": curve[:-1].mean(),
    }
    return curve, areas[area]


def _deletion(**switches: Any) -> Callable[..., tuple[Tensor, Tensor]]:
    return lambda score, image, fill, patch_map: _deleted(score, image, fill, patch_map, **switches)


def _without_copies(score: Score, image: Tensor, fill: Tensor, patch_map: Tensor) -> Any:
    return _deleted(lambda images: score(images[-1:].expand_as(images)), image, fill, patch_map)


def _in_place(score: Score, image: Tensor, fill: Tensor, patch_map: Tensor) -> Any:
    found = _deleted(score, image, fill, patch_map)
    image.copy_(fill)
    return found


MISTAKES = (
    WrongAnswer(
        id="filled_with_zero",
        code=_deletion(black=True),
        says="You fill with zeros and leave `fill` unused.",
        why="Zero is data: on these scans black is what a lesion looks like, so deleting would plant lesions. What "
        "stands in for a patch is a decision, and an argument here.",
    ),
    WrongAnswer(
        id="least_important_first",
        code=_deletion(up=True),
        says="You replace the least important patch first.",
        why="A deletion curve asks how fast the score falls when what matters most goes first. Sort in descending order.",
    ),
    WrongAnswer(
        id="order_for_turns",
        code=_deletion(order=True),
        says="You took the order for the turns: argsort says which patch comes n-th, not when a patch comes.",
        why="You need for each patch its turn, which is the inverse of the order: one more argsort, or an assignment "
        "turn[order] = 0 … N − 1.",
    ),
    WrongAnswer(
        id="mean_of_the_fill",
        code=_deletion(flat=True),
        says="You fill with the mean of `fill`, not with its own pixels.",
        why="A patch is replaced by what `fill` has in the same place. Insertion depends on it: there `fill` is the image.",
    ),
    WrongAnswer(
        id="one_at_a_time",
        code=_deletion(once=True),
        says="Each of your images lacks one patch only; the patches before it came back.",
        why="After step n all of the n most important patches are gone, so that no copy of the evidence is left.",
    ),
    WrongAnswer(
        id="one_image_many_times",
        code=_without_copies,
        says="All your images are one and the same tensor, with every patch replaced.",
        why="A list holds the tensor, not what it was when you put it in. Put .clone() in, or make each image anew with torch.where.",
    ),
    WrongAnswer(
        id="image_overwritten",
        code=_in_place,
        says="You write the fill into `image` itself: whoever called you has lost the picture.",
        why="Assigning to a part of a tensor changes it for everybody. Begin with image.clone().",
    ),
    WrongAnswer(
        id="inserted",
        code=_deletion(insert=True),
        says="You begin with the fill and put patches of the image in: that is insertion.",
        why="Deletion begins with the whole image. You get insertion from it by exchanging image and fill.",
    ),
    WrongAnswer(
        id="whole_image_missing",
        code=_deletion(skip="first"),
        says="Your curve lacks the score of the whole image, with 0 patches replaced.",
        why="A curve of N steps has N + 1 points: it begins at 0 patches replaced and ends with all of them.",
    ),
    WrongAnswer(
        id="last_step_missing",
        code=_deletion(skip="last"),
        says="Your curve lacks its last point, where every patch is replaced.",
        why="A curve of N steps has N + 1 points: it begins at 0 patches replaced and ends with all of them.",
    ),
    WrongAnswer(
        id="mean_for_area",
        code=_deletion(area="mean"),
        says="Your area is the mean of the points; the two ends count half.",
        why="N steps lie between N + 1 points. Each step adds the mean of its two ends, so the outermost points "
        "enter once and the others twice.",
    ),
    WrongAnswer(
        id="axis_of_steps",
        code=_deletion(area="steps"),
        says="Your area is measured in steps; the axis runs from 0 to 1.",
        why="Divide by the number of steps, so that images with more patches can be compared.",
    ),
    WrongAnswer(
        id="left_ends",
        code=_deletion(area="left"),
        says="Your area takes the left end of each step, not the mean of both.",
        why="A curve that falls is overestimated that way, and one that rises is underestimated.",
    ),
)
