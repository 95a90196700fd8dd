"""Mistakes in “From one layout to the other”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import woven

MISTAKES = (
    WrongAnswer(
        id="other_direction",
        code=lambda x: woven(*x.chunk(2, -1)),
        says="You go the other way: from halves to pairs.",
        why="Column 1 of the paper's layout is the partner of column 0, so it moves to d/2. At width 4 both ways are the "
        "same move, which hides the mistake.",
    ),
    WrongAnswer(
        id="odd_first",
        code=lambda x: torch.cat([x[..., 1::2], x[..., 0::2]], -1),
        says="Your odd columns come first.",
        why="Even columns are the first of each pair: they make the first half. Exchanged, every pair would turn the "
        "other way.",
    ),
    WrongAnswer(
        id="halves_swapped",
        code=lambda x: x.roll(x.shape[-1] // 2, -1),
        says="You swapped the two halves.",
        why="That keeps neighbours together. They have to be taken apart: even columns to the first half, odd ones to the "
        "second.",
    ),
    WrongAnswer(
        id="neighbours_swapped",
        code=lambda x: woven(x[..., 1::2], x[..., 0::2]),
        says="You swapped the columns of each pair.",
        why="Partners have to end up d/2 columns apart.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda x: x.flip(-1),
        says="You reversed the columns.",
        why="Even columns come first, in their order, then the odd ones.",
    ),
    WrongAnswer(
        id="rows",
        code=lambda x: torch.cat([x[0::2], x[1::2]]),
        says="You moved the first axis, not the last.",
        why="The layout concerns columns. x[0::2] takes every second row, or sequence; x[..., 0::2] every second column.",
    ),
    WrongAnswer(
        id="unmoved",
        code=lambda x: 1 * x,
        says="Your columns stay where they were.",
        why="The layout is the order of the columns: this one has to change.",
    ),
    WrongAnswer(
        id="only_even",
        code=lambda x: x[..., 0::2],
        says="You return the even columns alone.",
        why="No column may be lost: the odd ones follow.",
    ),
    WrongAnswer(
        id="stacked",
        code=lambda x: torch.stack([x[..., 0::2], x[..., 1::2]], -2),
        says="You stacked the halves on an axis of their own.",
        why="They stand side by side in the last axis: torch.cat joins along an axis there is.",
    ),
)
