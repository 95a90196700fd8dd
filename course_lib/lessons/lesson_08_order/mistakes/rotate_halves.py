"""Mistakes in “Turn queries and keys”: the code that makes each, its name, and why it is wrong."""

import math

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import (
    spin,
    spin_halves,
    spin_pairs,
    turned,
    woven,
)


def _mixed(x: Tensor, positions: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    angle = turned(positions, x.shape[-1]).repeat_interleave(2, -1)
    return x * angle.cos() + torch.cat([-second, first], -1) * angle.sin()


def _overwritten(x: Tensor, positions: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    cos, sin = turned(positions, x.shape[-1]).cos(), turned(positions, x.shape[-1]).sin()
    first = first * cos - second * sin
    return torch.cat([first, first * sin + second * cos], -1)


def _half(x: Tensor, sign_first: int, sign_second: int) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([sign_first * second, sign_second * first], -1)


def _with(x: Tensor, positions: Tensor, other: Tensor) -> Tensor:
    angle = turned(positions, x.shape[-1]).repeat(1, 2)
    return x * angle.cos() + other * angle.sin()


MISTAKES = (
    WrongAnswer(
        id="pairs",
        code=spin_pairs,
        says="You turn neighbouring columns together, 0 with 1, 2 with 3: the layout of the paper.",
        why="It is a right rotary encoding, and scores depend on distance alone. Asked for here is the layout of Hugging "
        "Face, where column i turns with column i + d/2; weights made for one layout are misread in the other.",
    ),
    WrongAnswer(
        id="mixed_layouts",
        code=_mixed,
        says="Your two halves turn by different angles: cosines and sines stand in the paper's layout, the columns in the "
        "other.",
        why="Column i and column i + d/2 are one point of a plane, so both take the angle of pair i. repeat_interleave "
        "(0, 0, 1, 1) belongs to neighbours; halves need the angles one after the other (0, 1, 0, 1).",
    ),
    WrongAnswer(
        id="other_way",
        code=lambda x, positions: spin_halves(x, -positions),
        says="You turn the other way round.",
        why="Scores depend on distance all the same, but the formula turns from the first half towards the second: "
        "first · cos − second · sin.",
    ),
    WrongAnswer(
        id="no_minus",
        code=lambda x, positions: _with(x, positions, _half(x, 1, 1)),
        says="A minus sign is missing: your first half is first · cos + second · sin.",
        why="A rotation has one minus. Without it lengths change, and scores depend on more than distance.",
    ),
    WrongAnswer(
        id="overwritten",
        code=_overwritten,
        says="Your second half is made from the first half after it was turned.",
        why="Both halves of the result need both halves of x as they came. Give the results names of their own.",
    ),
    WrongAnswer(
        id="woven_at_the_end",
        code=lambda x, positions: woven(*spin_halves(x, positions).chunk(2, -1)),
        says="You cut x into halves and put the result together in pairs.",
        why="Columns must come back where they were: at position 0 nothing moves. torch.cat joins halves.",
    ),
    WrongAnswer(
        id="own_half",
        code=lambda x, positions: _with(x, positions, x),
        says="Each of your columns is mixed with itself, not with its partner.",
        why="x · cos + x · sin only stretches a column. A rotation mixes two columns.",
    ),
    WrongAnswer(
        id="cosine_only",
        code=lambda x, positions: _with(x, positions, 0 * x),
        says="You multiply by cosines alone.",
        why="That stretches the columns. A rotation adds the partner times the sine, and keeps the length.",
    ),
    WrongAnswer(
        id="sine_for_cosine",
        code=lambda x, positions: torch.cat(
            spin(*x.chunk(2, -1), math.pi / 2 - turned(positions, x.shape[-1])), -1
        ),
        says="Sine and cosine have changed places.",
        why="At position 0 the angle is 0, cos 0 = 1 and sin 0 = 0: the vector stays as it is.",
    ),
    WrongAnswer(
        id="halves_swapped",
        code=lambda x, positions: spin_halves(x, positions).roll(x.shape[-1] // 2, -1),
        says="Your two halves come back in the wrong order.",
        why="Scores stay right when queries and keys are swapped alike, but at position 0 a vector must come back as it "
        "was.",
    ),
    WrongAnswer(
        id="angles_reversed",
        code=lambda x, positions: torch.cat(
            spin(*x.chunk(2, -1), turned(positions, x.shape[-1]).flip(-1)), -1
        ),
        says="Your angles are in reverse: the last pair turns fastest.",
        why="Column i turns by angle i, and angle 0 is the largest: pair 0 is the second hand.",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda x, positions: spin_halves(x, torch.deg2rad(positions)),
        says="You took the angles for degrees.",
        why="sin and cos want radians, which angles gives you.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda x, positions: spin_halves(x, positions, shift=1),
        says="Your frequencies are off by one.",
        why="The first pair turns one radian a token: its exponent is 0.",
    ),
    WrongAnswer(
        id="counted_anew",
        code=lambda x, positions: spin_halves(x, torch.arange(len(positions), device=x.device)),
        says="You count the positions from 0 instead of using those you are given.",
        why="A model that continues a text calls with positions 17, 18, 19 for its new tokens.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, positions: (
            x
            + torch.cat(
                [turned(positions, x.shape[-1]).sin(), turned(positions, x.shape[-1]).cos()], -1
            )
        ),
        says="You add sines and cosines to x; a rotation multiplies.",
        why="Added positions bring their own terms into every score, which depend on where the two stand.",
    ),
    WrongAnswer(
        id="not_turned",
        code=lambda x, positions: x + 0 * positions[:, None].to(x.dtype),
        says="You return x as it came.",
        why="Position 0 stays as it is; all the others are turned.",
    ),
)
