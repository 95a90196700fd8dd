"""Mistakes in “Cosine”: the code that makes each, its name, and why it is wrong."""

import numpy as np

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity.mistakes.common import norm

MISTAKES = (
    WrongAnswer(
        id="no_norms",
        code=lambda x, y: x @ y,
        says="You return the dot product: neither length is divided out.",
        why="Twice as long a vector would count as twice as similar, although it points the same "
        "way.",
    ),
    WrongAnswer(
        id="only_x_norm",
        code=lambda x, y: x @ y / norm(x),
        says="You divide by the length of x only.",
        why="The length of y still counts: the longer y is, the more similar it would be to "
        "anything.",
    ),
    WrongAnswer(
        id="only_y_norm",
        code=lambda x, y: x @ y / norm(y),
        says="You divide by the length of y only.",
        why="The length of x still counts, so the result is no cosine: it can exceed 1.",
    ),
    WrongAnswer(
        id="brackets",
        code=lambda x, y: x @ y / norm(x) * norm(y),
        says="You divide by the length of x and then multiply by the length of y.",
        why="Python works from left to right, so a / b * c is (a / b) · c. Put brackets round the "
        "two lengths.",
    ),
    WrongAnswer(
        id="squared_norms",
        code=lambda x, y: x @ y / ((x @ x) * (y @ y)),
        says="You divide by the squared lengths: a root is missing.",
        why="x @ x is the squared length. A vector twice as long would then look half as similar.",
    ),
    WrongAnswer(
        id="sum_of_norms",
        code=lambda x, y: x @ y / (norm(x) + norm(y)),
        says="You divide by the sum of the lengths; it is their product that is divided out.",
        why="Each vector is brought to length 1 by its own division, and two divisions in a row "
        "divide by the product.",
    ),
    WrongAnswer(
        id="absolute_sums",
        code=lambda x, y: x @ y / (np.abs(x).sum() * np.abs(y).sum()),
        says="Your lengths add up absolute values.",
        why="That is the way round the corner. The straight length is the root of the sum of "
        "squares: √(3² + 1²) = 3.162 for cat, not 4.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda x, y: abs(x @ y) / (norm(x) * norm(y)),
        says="You return the absolute value of the cosine, so opposite vectors count as alike.",
        why="The sign says whether two vectors agree or disagree: −1 is as unlike as can be.",
    ),
    WrongAnswer(
        id="distance",
        code=lambda x, y: 1 - x @ y / (norm(x) * norm(y)),
        says="You return 1 minus the cosine.",
        why="That is a distance: 0 for the same direction. A similarity is largest, 1, there.",
    ),
    WrongAnswer(
        id="angle",
        code=lambda x, y: np.arccos(np.clip(x @ y / (norm(x) * norm(y)), -1, 1)),
        says="You return the angle itself.",
        why="An angle is small for similar vectors. Its cosine is large for them, and needs no "
        "arccos.",
    ),
)
