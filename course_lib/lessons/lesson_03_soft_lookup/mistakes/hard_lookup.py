"""Mistakes in “A dictionary as a matrix product”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _equal(queries: Tensor, keys: Tensor) -> Tensor:
    return queries[:, None] == keys


def _nan_when_missing(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    weights = _equal(queries, keys).to(values.dtype)
    return weights @ values / weights.sum(-1, keepdim=True)


MISTAKES = (
    WrongAnswer(
        id="nearest_key",
        code=lambda q, k, v: v[(q[:, None] - k).abs().argmin(-1)],
        says="You answer with the value of the nearest key, also where no key equals the query.",
        why="A dictionary knows nothing of near and far: a key fits or it does not, and where none fits "
        "this exercise asks for zeros. Nearness comes in with 3.3.",
    ),
    WrongAnswer(
        id="first_when_missing",
        code=lambda q, k, v: v[_equal(q, k).long().argmax(-1)],
        says="A query that equals no key gets the first value.",
        why="argmax of a row without a single 1 is 0, which is also a real position. As a product, weights "
        "of 0 leave nothing of any value.",
    ),
    WrongAnswer(
        id="nan_when_missing",
        code=_nan_when_missing,
        says="A query that equals no key gets NaN: its row is divided by a sum of 0.",
        why="A row of weights holds one 1 or none, so there is nothing to divide by; without the division "
        "the row is 0.",
    ),
    WrongAnswer(
        id="drops_missing",
        code=lambda q, k, v: (_equal(q, k).to(v.dtype) @ v)[_equal(q, k).any(-1)],
        says="Queries that equal no key are left out of the result.",
        why="Row t answers query t, so the caller expects as many rows as queries, zeros among them.",
    ),
    WrongAnswer(
        id="query_as_position",
        code=lambda q, k, v: v[q],
        says="You use the query as a position: values[queries] never looks at the keys.",
        why="A key says where its value lies. 1957 is not a row number, and where it were one it would be "
        "the wrong row.",
    ),
    WrongAnswer(
        id="returns_weights",
        code=lambda q, k, v: _equal(q, k).to(v.dtype),
        says="You return the weights, not the values that they select.",
        why="The weights say which key fits. Times the values they give the answer: weights @ values.",
    ),
    WrongAnswer(
        id="next_row",
        code=lambda q, k, v: _equal(q, k).to(v.dtype) @ v.roll(-1, 0),
        says="You answer with the row after the one whose key fits.",
        why="Positions count from 0: the key at position 1 belongs to values[1].",
    ),
)
