"""Mistakes in “What chance would hit”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Sequence

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _sides(boxes: Tensor, more: int = 0) -> tuple[Tensor, Tensor]:
    top, left, bottom, right = boxes.double().T
    return bottom - top + more, right - left + more


MISTAKES = (
    WrongAnswer(
        id="inclusive_edges",
        code=lambda boxes, height, width: _over(_sides(boxes, 1), height * width),
        says="You count one row and one column too many.",
        why="bottom and right are exclusive, as in a slice: the height of a box is bottom − top.",
    ),
    WrongAnswer(
        id="product_of_means",
        code=lambda boxes, height, width: (
            (_sides(boxes)[0].mean() * _sides(boxes)[1].mean()).item() / (height * width)
        ),
        says="You multiplied the mean height by the mean width.",
        why="High boxes tend to be wide, so the mean of the areas is not the product of the means. Multiply box by "
        "box, then average.",
    ),
    WrongAnswer(
        id="pixels_not_share",
        code=lambda boxes, height, width: _over(_sides(boxes), 1),
        says="You return a mean number of pixels, not a share of the image.",
        why="A random pixel hits with a chance of the box's area over the image's.",
    ),
    WrongAnswer(
        id="square_of_height",
        code=lambda boxes, height, width: _over(_sides(boxes), height**2),
        says="You divide by height², not by height · width.",
        why="Not every image is square.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda boxes, height, width: _over(_sides(boxes), height * width) * len(boxes),
        says="You summed over the images where a mean is due.",
        why="A chance is at most 1, however many images there are.",
    ),
    WrongAnswer(
        id="corner_not_size",
        code=lambda boxes, height, width: (
            (boxes[:, 2] * boxes[:, 3]).double().mean().item() / (height * width)
        ),
        says="You read the last two numbers of a box as its height and width; they are bottom and right.",
        why="A box is top, left, bottom, right. Its height is bottom − top.",
    ),
)


def _over(sides: Sequence[Tensor], area: float) -> float:
    return (sides[0] * sides[1]).mean().item() / area
