"""The wrong answers that lesson 00 recognises: real mistakes, named and explained."""

from course_lib.checking.exercise import WrongAnswer

WEIGHTED_MEAN = (
    WrongAnswer(
        id="plain_mean",
        code=lambda weights, values: values.mean(),
        says="You took the plain mean: every value counts alike.",
        why="The weights say how much each value counts. Here the first counts twice as much as each of the others.",
    ),
    WrongAnswer(
        id="divided_again",
        code=lambda weights, values: (weights * values).mean(),
        says="You divided by the number of values.",
        why="The weights sum to 1, so they divide already: add the products and stop.",
    ),
    WrongAnswer(
        id="not_added",
        code=lambda weights, values: weights * values,
        says="You multiplied each value by its weight, but did not add the products.",
        why="A mean is one number.",
    ),
    WrongAnswer(
        id="values_added",
        code=lambda weights, values: values.sum(),
        says="You added the values without their weights.",
        why="A sum grows with the number of values; a weighted mean stays between the smallest and the largest.",
    ),
    WrongAnswer(
        id="largest_only",
        code=lambda weights, values: values[weights.argmax()],
        says="You took the value with the largest weight alone.",
        why="That is a hard choice. A weighted mean lets every value count a little: it is soft, and it has a "
        "gradient by every weight.",
    ),
    WrongAnswer(
        id="weights_added",
        code=lambda weights, values: (weights + values).sum(),
        says="You added weights and values; they are to be multiplied.",
        why="A weight scales its value: ½ of 8 is 4.",
    ),
)

WEIGHTED_MEANS = (
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
