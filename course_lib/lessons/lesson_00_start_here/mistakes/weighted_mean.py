"""Mistakes in “A weighted mean”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
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
