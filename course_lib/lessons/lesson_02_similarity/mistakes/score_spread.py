"""Mistakes in “The spread of a dot product”: the code that makes each, its name, and why it is wrong."""

import math

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="variance",
        code=lambda covariance: covariance.square().sum(),
        says="You return the variance: the root is missing.",
        why="A spread is in the units of the scores themselves, a variance in their squares.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=lambda covariance: covariance.diagonal().square().sum().sqrt(),
        says="You add up the diagonal alone, as if the dimensions were independent.",
        why="Dimensions that move together add to the spread, whatever the sign of their "
        "covariance: it is squared. "
        "This is the very assumption that √d makes.",
    ),
    WrongAnswer(
        id="not_squared",
        code=lambda covariance: covariance.sum().sqrt(),
        says="You add up the covariances without squaring them.",
        why="One factor C_ij comes from the query and one from the key; together they are C_ij².",
    ),
    WrongAnswer(
        id="trace",
        code=lambda covariance: covariance.diagonal().sum().sqrt(),
        says="You return the root of the sum of variances, which is the typical length of one "
        "vector.",
        why="For variances of 1 that is √d as well, but only then: a dot product of vectors three "
        "times as long "
        "spreads nine times as far, not three.",
    ),
    WrongAnswer(
        id="root_d",
        code=lambda covariance: covariance.diagonal().mean() * math.sqrt(covariance.shape[-1]),
        says="You return the average variance times √d.",
        why="That holds for independent dimensions of equal variance, and every other covariance "
        "spreads further.",
    ),
    WrongAnswer(
        id="divided_by_d",
        code=lambda covariance: covariance.square().mean().sqrt(),
        says="You take the mean of the squares; they are summed.",
        why="A dot product adds d products, so its spread grows with d. A mean takes that growth "
        "away again.",
    ),
    WrongAnswer(
        id="sum_of_roots",
        code=lambda covariance: covariance.abs().sum(),
        says="You take the root of each square, and then the sum.",
        why="Variances add up, spreads do not: sum the squares first, then take one root.",
    ),
    WrongAnswer(
        id="largest_direction",
        code=lambda covariance: torch.linalg.matrix_norm(covariance, 2),
        says="You return the largest eigenvalue: torch.linalg.matrix_norm with ord=2.",
        why="That is the share of one direction. All directions add to the spread: the Frobenius "
        "norm, 'fro'.",
    ),
)
