"""Mistakes in “Sinusoidal positions”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import BASE, turned, woven


def _columns(positions: Tensor, d: int) -> Tensor:
    """One frequency for each column: base^(−c/d)."""
    c = torch.arange(d, dtype=positions.dtype, device=positions.device)
    return positions[:, None] * BASE ** (-c / d)


def _by_column(positions: Tensor, d: int) -> Tensor:
    angle = _columns(positions, d)
    return woven(angle[:, 0::2].sin(), angle[:, 1::2].cos())


MISTAKES = (
    WrongAnswer(
        id="halves",
        code=lambda p, d: torch.cat([turned(p, d).sin(), turned(p, d).cos()], -1),
        says="Your sines stand in the first half and your cosines in the second.",
        why="The same numbers in another order, and no worse: Marian's translation models have them so. The paper's table, "
        "asked for here, takes sine and cosine in turn. A model can only read the order that it was trained with.",
    ),
    WrongAnswer(
        id="cosine_first",
        code=lambda p, d: woven(turned(p, d).cos(), turned(p, d).sin()),
        says="Sine and cosine have changed places.",
        why="Even columns hold sines: at position 0 a row reads 0, 1, 0, 1 …",
    ),
    WrongAnswer(
        id="sine_alone",
        code=lambda p, d: woven(turned(p, d).sin(), turned(p, d).sin()),
        says="All your columns are sines.",
        why="A sine alone cannot tell 30° from 150°. With the cosine beside it each pair is a point on a circle, and one "
        "step turns it by the same angle wherever it stands.",
    ),
    WrongAnswer(
        id="cosine_alone",
        code=lambda p, d: woven(turned(p, d).cos(), turned(p, d).cos()),
        says="All your columns are cosines.",
        why="A cosine alone cannot tell left from right: position 1 and position −1 would look the same.",
    ),
    WrongAnswer(
        id="frequency_by_column",
        code=_by_column,
        says="Your cosines have frequencies of their own: the exponent holds the column, not twice the pair.",
        why="Columns 2i and 2i + 1 share the frequency base^(−2i/d). Otherwise they are no point on a circle, and a step "
        "is no rotation.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda p, d: woven(turned(p, d, shift=1).sin(), turned(p, d, shift=1).cos()),
        says="Your frequencies are off by one: your pairs are counted from 1.",
        why="The first pair has the frequency 1, one radian a token.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=lambda p, d: woven(turned(p + 1, d).sin(), turned(p + 1, d).cos()),
        says="Your positions are one too high.",
        why="They come as an argument: position 0 gives 0, 1, 0, 1 …",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda p, d: woven(
            torch.deg2rad(turned(p, d)).sin(), torch.deg2rad(turned(p, d)).cos()
        ),
        says="You took the angles for degrees.",
        why="They are radians, as sin and cos want them.",
    ),
    WrongAnswer(
        id="angles_themselves",
        code=lambda p, d: torch.cat([turned(p, d)] * 2, -1),
        says="You return the angles themselves: sine and cosine are missing.",
        why="An angle grows without end, and a token that it is added to would drown. Sine and cosine stay between −1 and 1.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda p, d: woven(turned(p, d).sin(), turned(p, d).cos()).T,
        says="Your table is transposed: positions run across.",
        why="Row t is added to the token at position t.",
    ),
)
