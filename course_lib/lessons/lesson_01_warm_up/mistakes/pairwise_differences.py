"""Mistakes in “Every row minus every other”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="reversed",
        code=lambda a, b: b[None] - a[:, None],
        says="Your differences have the wrong sign: you take b − a.",
        why="Entry [t, s] is a[t] − b[s]. The signs matter as soon as a difference is a direction.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda a, b: a[None] - b[:, None],
        says="Your first two axes are swapped: rows of b run first, rows of a second.",
        why="The new axis of size 1 went to the wrong side: a needs it in the middle, b in front. Then "
        "a[t] meets b[s] at [t, s].",
    ),
    WrongAnswer(
        id="both_swapped",
        code=lambda a, b: b[:, None] - a[None],
        says="You gave back b's rows minus a's: both the axes and the sign are the other way round.",
        why="Entry [t, s] is a[t] − b[s]: a's rows come first in the shape and in the subtraction.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda a, b: (a[:, None] - b[None]).abs(),
        says="Your differences have lost their signs.",
        why="An absolute value tells how far, not which way. The exercise asks for the difference itself.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda a, b: (a[:, None] - b[None]) ** 2,
        says="You squared the differences.",
        why="Squares belong to a distance, which comes later. The exercise asks for a[t] − b[s] alone.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda a, b: (a[:, None] - b[None]).sum(-1),
        says="You summed the differences over the width.",
        why="A difference of two vectors is a vector: the last axis stays, and the shape is (T, S, d). In "
        "a plain sum, +1 and −1 would cancel, and different rows would look alike.",
    ),
    WrongAnswer(
        id="squared_distances",
        code=lambda a, b: ((a[:, None] - b[None]) ** 2).sum(-1),
        says="You went on to squared distances.",
        why="They are the next step: square, then sum over the width. Here the differences themselves are "
        "due, with shape (T, S, d).",
    ),
    WrongAnswer(
        id="distances",
        code=torch.cdist,
        says="You went on to distances.",
        why="A distance is one number for each pair; the exercise asks for d of them, the differences, so "
        "the shape is (T, S, d).",
    ),
    WrongAnswer(
        id="added",
        code=lambda a, b: a[:, None] + b[None],
        says="You added the rows; subtract them.",
        why="The axes are right: only the operation between a[:, None, :] and b is not.",
    ),
)
