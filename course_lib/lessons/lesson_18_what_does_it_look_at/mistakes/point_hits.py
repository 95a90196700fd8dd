"""Mistakes in “Where a map points”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _first(maps: Tensor, inside: Tensor) -> Tensor:
    at = maps.flatten(1).argmax(1, keepdim=True)
    return inside.flatten(1).gather(1, at)[:, 0].to(maps.dtype)


def _best(maps: Tensor) -> Tensor:
    return maps == maps.amax((-2, -1), keepdim=True)


MISTAKES = (
    WrongAnswer(
        id="first_of_equals",
        code=_first,
        says="Of several largest pixels you judge the first one only.",
        why="A patch gives all its pixels one number, so the first is always its upper left corner: lesions that "
        "the patch touches with its lower right would count as missed. Ties are shared.",
    ),
    WrongAnswer(
        id="any_of_equals",
        code=lambda maps, inside: (_best(maps) & inside).any(-1).any(-1).to(maps.dtype),
        says="You count a hit when any of the largest pixels lies inside.",
        why="A map that is the same everywhere would then hit every time. Ties are shared: it gets the share of its "
        "largest pixels that lie inside.",
    ),
    WrongAnswer(
        id="mass_inside",
        code=lambda maps, inside: (maps * inside).sum((-2, -1)) / maps.sum((-2, -1)),
        says="You return the share of the map's total that lies inside; only its largest pixels point.",
        why="It is another measure, and a fair one for maps that are nowhere negative. The pointing game asks "
        "for the one place that a reader's eye goes to.",
    ),
    WrongAnswer(
        id="share_of_the_box",
        code=lambda maps, inside: (
            (_best(maps) & inside).sum((-2, -1)).to(maps.dtype) / inside.sum((-2, -1))
        ),
        says="You divide by the size of the box, not by the number of largest pixels.",
        why="A map that points into the box with all it has is a full hit, however large the box.",
    ),
    WrongAnswer(
        id="count_not_share",
        code=lambda maps, inside: (_best(maps) & inside).sum((-2, -1)).to(maps.dtype),
        says="You count the largest pixels inside and do not divide by how many there are.",
        why="A map gets at most 1, or maps with many ties would count more than others.",
    ),
    WrongAnswer(
        id="largest_of_the_batch",
        code=lambda maps, inside: (
            ((maps == maps.max()) & inside).sum((-2, -1)).to(maps.dtype)
            / (maps == maps.max()).sum((-2, -1)).clamp(min=1)
        ),
        says="You look for one largest pixel in the whole batch; each map has its own.",
        why="Maps of different images are on different scales. Each is judged alone.",
    ),
    WrongAnswer(
        id="mean_over_images",
        code=lambda maps, inside: (
            ((_best(maps) & inside).sum((-2, -1)) / _best(maps).sum((-2, -1))).to(maps.dtype).mean()
        ),
        says="You averaged over the images; one number for each is due.",
        why="Keep them apart: which images a map misses tells more than the mean.",
    ),
)
