"""Mistakes in “A gradient by hand”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="no_two",
        code=lambda x, y, w: x.T @ (x @ w - y) / len(y),
        says="The factor 2 is missing.",
        why="The slope of z² is 2 z. (Many texts put ½ before the error so that it cancels; this error has none.)",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, y, w: 2 * x.T @ (x @ w - y),
        says="You summed over the points; the error is a mean.",
        why="A mean divides by N, and so does its gradient. A sum would grow with the data, and a step size "
        "that suits ten points would explode with a thousand.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda x, y, w: 2 / len(y) * x.T @ (y - x @ w),
        says="Your gradient points the other way.",
        why="The gradient points where the error rises. Descent subtracts it later; the minus sign belongs there.",
    ),
    WrongAnswer(
        id="divided_by_width",
        code=lambda x, y, w: 2 / x.shape[1] * x.T @ (x @ w - y),
        says="You divided by the number of weights, not of points.",
        why="The mean runs over the N points, the rows of x: len(y) or x.shape[0].",
    ),
    WrongAnswer(
        id="no_targets",
        code=lambda x, y, w: 2 / len(y) * x.T @ (x @ w),
        says="The targets y do not enter.",
        why="The error measures how far the prediction x·w misses y: it is x·w − y that is squared.",
    ),
    WrongAnswer(
        id="error_itself",
        code=lambda x, y, w: ((x @ w - y) ** 2).mean(),
        says="You return the error, not its gradient.",
        why="The error is one number. Its gradient has one slope for each weight, shaped as w.",
    ),
    WrongAnswer(
        id="a_row_a_point",
        code=lambda x, y, w: 2 / len(y) * x * (x @ w - y)[:, None],
        says="You have one row for each point and did not sum them.",
        why="All points pull on the same weights, so their slopes add up: sum over the points, or let "
        "x.T @ miss do it.",
    ),
    WrongAnswer(
        id="misses_not_weighed",
        code=lambda x, y, w: 2 * (x @ w - y).mean() * torch.ones_like(w),
        says="The inputs x are missing: you have the mean miss, the same for every weight.",
        why="A weight matters through its input: the chain rule multiplies each miss by the x that the "
        "weight meets.",
    ),
)
