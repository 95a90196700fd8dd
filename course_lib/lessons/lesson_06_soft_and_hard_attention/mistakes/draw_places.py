"""Mistakes in “Draw a place”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _first_beyond(sums: Tensor, noise: Tensor) -> Tensor:
    return (sums <= noise[:, None]).sum(-1).clamp(max=sums.shape[-1] - 1)


def _one_draw(weights: Tensor, noise: Tensor) -> Tensor:
    return _first_beyond(weights.cumsum(-1), noise[:1].expand(len(weights)))


MISTAKES = (
    WrongAnswer(
        id="most_likely",
        code=lambda w, u: w.argmax(-1),
        says="You always choose the place with the largest weight; the noise is not used.",
        why="A place with weight 0.3 must be chosen three times in ten. What is never tried is never learned about.",
    ),
    WrongAnswer(
        id="one_draw_for_all",
        code=_one_draw,
        says="One number, noise[0], chooses for the whole batch.",
        why="Rows then choose together, and the average of their estimates is nearly as noisy as a single one.",
    ),
    WrongAnswer(
        id="sums_of_the_first_row",
        code=lambda w, u: _first_beyond(w.cumsum(-1)[:1].expand(w.shape), u),
        says="Every row looks its number up in the running sums of the first row.",
        why="Each row has weights of its own, and so running sums of its own.",
    ),
    WrongAnswer(
        id="one_too_far",
        code=lambda w, u: (_first_beyond(w.cumsum(-1), u) + 1).clamp(max=w.shape[-1] - 1),
        says="You are one place too far.",
        why="The number of sums that the noise has passed is the place: none passed means place 0.",
    ),
    WrongAnswer(
        id="one_too_early",
        code=lambda w, u: (w.cumsum(-1) <= u[:, None]).sum(-1).sub(1).clamp(min=0),
        says="You are one place too early.",
        why="You stop at the last sum that the noise has passed. The place is the one after it, the first sum beyond the noise.",
    ),
    WrongAnswer(
        id="no_sums",
        code=lambda w, u: (w <= u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="You compare the noise with the weights themselves, not with their running sums.",
        why="Place 2 owns the stretch of the line that begins where those of places 0 and 1 end, so the weights must be added up.",
    ),
    WrongAnswer(
        id="sums_over_rows",
        code=lambda w, u: _first_beyond(w.cumsum(0), u),
        says="Your running sums go down the batch (axis 0), not along the places.",
        why="Each row has a line from 0 to 1 of its own. Places are the last axis.",
    ),
    WrongAnswer(
        id="uniform",
        code=lambda w, u: (u * w.shape[-1]).long(),
        says="You choose every place equally often; the weights are not used.",
        why="noise × N cuts the line into equal stretches. Place i must own a stretch as long as its weight.",
    ),
    WrongAnswer(
        id="other_end",
        code=lambda w, u: (w.cumsum(-1) > u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="You count the sums that lie beyond the noise.",
        why="Small noise then gives the last places. Count the sums that the noise has passed.",
    ),
    WrongAnswer(
        id="reaches_zero_weight",
        code=lambda w, u: (w.cumsum(-1) < u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="Noise of exactly 0 chooses place 0 even when its weight is 0.",
        why="Uniform noise can be 0 but not 1, so a stretch holds its left end and not its right: a sum equal to the noise has been passed.",
    ),
    WrongAnswer(
        id="past_the_end",
        code=lambda w, u: (w.cumsum(-1) <= u[:, None]).sum(-1),
        says="When rounding leaves the last sum a hair below 1, you choose place N, which does not exist.",
        why="Ten weights of 0.1 add up to 0.9999999999999999. Noise that large has passed every sum; the last place is meant.",
    ),
    WrongAnswer(
        id="back_to_the_first",
        code=lambda w, u: (w.cumsum(-1) > u[:, None]).long().argmax(-1),
        says="When rounding leaves the last sum a hair below 1, you choose place 0: argmax of a row without a True is 0.",
        why="Noise that has passed every sum lies at the end of the line, where the last place is.",
    ),
    WrongAnswer(
        id="one_hot",
        code=lambda w, u: torch.nn.functional.one_hot(
            _first_beyond(w.cumsum(-1), u), w.shape[-1]
        ).to(w.dtype),
        says="You return rows of zeros and a one, not the number of the place.",
        why="The next exercises use the place as an index, one whole number a row.",
    ),
)
