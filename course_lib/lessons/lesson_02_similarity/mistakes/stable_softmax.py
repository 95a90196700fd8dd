"""Mistakes in “Softmax that survives 1000”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import numpy as np

from course_lib.checking.exercise import WrongAnswer


def _shared(powers: np.ndarray, axis: int | None) -> np.ndarray:
    return powers / powers.sum(axis, keepdims=True)


def _powers(scores: np.ndarray, shift: Any) -> np.ndarray:
    powers = np.exp(scores - shift)
    return powers / powers.sum(-1, keepdims=True)


MISTAKES = (
    WrongAnswer(
        id="no_max",
        code=lambda scores: _powers(scores, 0.0),
        says="You take exp of the scores as they are, and exp(1000) is more than a float can hold.",
        why="It becomes infinite and ∞/∞ is NaN; at −1000 everything becomes 0 and 0/0 is NaN. "
        "Subtracting the "
        "row's largest score first changes no weight and keeps every exponential at 1 or below.",
    ),
    WrongAnswer(
        id="max_of_everything",
        code=lambda scores: _powers(scores, scores.max()),
        says="You subtract the largest score of the whole array, not of each row.",
        why="A row far below it gets exponentials that are all 0, and 0/0 is NaN. Take the maximum "
        "along the last "
        "axis and keep that axis.",
    ),
    WrongAnswer(
        id="subtracts_mean",
        code=lambda scores: _powers(scores, scores.mean(-1, keepdims=True)),
        says="You subtract each row's mean, not its largest score.",
        why="That changes no weight either, but one score can still lie more than 709 above the "
        "mean, and its "
        "exponential overflows.",
    ),
    WrongAnswer(
        id="subtracts_min",
        code=lambda scores: _powers(scores, scores.min(-1, keepdims=True)),
        says="You subtract each row's smallest score, so the largest exponential can still "
        "overflow.",
        why="With the largest score subtracted all exponents are 0 or below, and exp cannot "
        "overflow.",
    ),
    WrongAnswer(
        id="clipped",
        code=lambda scores: _powers(np.clip(scores, -700, 700), 0.0),
        says="You clip the scores before exp, so 1000 and 1001 become the same.",
        why="Softmax depends on differences, and clipping destroys them. Subtracting the maximum "
        "keeps them.",
    ),
    WrongAnswer(
        id="not_normalised",
        code=lambda scores: np.exp(scores - scores.max(-1, keepdims=True)),
        says="Your exponentials are not divided by their sum.",
        why="Weights share out a total of 1 within each row.",
    ),
    WrongAnswer(
        id="no_exp",
        code=lambda scores: scores / scores.sum(-1, keepdims=True),
        says="You divide the scores by their sum: there is no exponential.",
        why="Scores can be negative, and so would the weights be; a sum near 0 would blow them up. "
        "exp makes "
        "every score positive first.",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda scores: _shared(np.exp(scores - scores.max(0, keepdims=True)), 0),
        says="Your softmax runs along axis 0, down the columns.",
        why="Each row is one set of scores. Count from the end: axis=-1 is right with and without "
        "a batch.",
    ),
    WrongAnswer(
        id="sums_everything",
        code=lambda scores: _shared(np.exp(scores - scores.max(-1, keepdims=True)), None),
        says="You divide by the sum of the whole array, so all rows together share a total of 1.",
        why="Each row has its own total of 1: sum along axis=-1 with keepdims=True.",
    ),
    WrongAnswer(
        id="divides_by_max",
        code=lambda scores: _powers(scores / scores.max(-1, keepdims=True), 0.0),
        says="You divide each row by its largest score; it has to be subtracted.",
        why="Dividing changes the differences between scores, and with them the weights. It even "
        "turns "
        "the order round where the largest score is negative.",
    ),
    WrongAnswer(
        id="log_softmax",
        code=lambda scores: scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True),
        says="You return the logarithms of the weights.",
        why="All of them are 0 or below. One np.exp turns them into weights.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda scores: _powers(-scores, (-scores).max(-1, keepdims=True)),
        says="The sign is turned round: your largest score gets the smallest weight.",
        why="The exponent is score minus maximum, which is 0 for the largest score and negative "
        "for the others.",
    ),
)
