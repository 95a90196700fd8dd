"""Mistakes in “Many at once”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="plain_means",
        code=lambda weights, values: values.mean(0).expand(len(weights), -1),
        says="Every row of yours is the plain mean of the values: the weights are not used.",
        why="Each row of weights asks for a mean of its own.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda weights, values: values.T @ weights.T,
        says="Your result is transposed.",
        why="Row t of the result belongs to row t of the weights.",
    ),
    WrongAnswer(
        id="columns",
        code=lambda weights, values: (weights / weights.sum(0)) @ values,
        says="You divided by the sums of the columns.",
        why="Each row of weights sums to 1 already; dividing by column sums spoils that.",
    ),
    WrongAnswer(
        id="divided_again",
        code=lambda weights, values: weights @ values / weights.shape[-1],
        says="You divided by the number of values.",
        why="The weights of a row sum to 1, so they divide already.",
    ),
    WrongAnswer(
        id="first_row_only",
        code=lambda weights, values: weights[0] @ values,
        says="You used the first row of weights alone.",
        why="There is one mean for each row of weights: the result has as many rows as they.",
    ),
    WrongAnswer(
        id="largest_only",
        code=lambda weights, values: values[weights.argmax(-1)],
        says="For each row you took the value with the largest weight alone.",
        why="A weighted mean lets every value count: the other weights are lost.",
    ),
)
