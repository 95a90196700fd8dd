"""Mistakes in “Does the link move?”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _others(column: Tensor, query: int) -> Tensor:
    keep = [t for t in range(column.shape[-1]) if t != query]
    return column[..., keep]


def _shift(before: Tensor, after: Tensor, query: int, key: int) -> Tensor:
    column = (before - after)[..., key]
    return column[..., query] - _others(column, query).mean(-1)


MISTAKES = (
    WrongAnswer(
        id="no_base_rate",
        code=lambda before, after, query, key: (before - after)[..., query, key],
        says="The base rate is missing: you return how far this query moved, whatever the others did.",
        why="A head in which all words turn away from “cat” has not learnt what “it” means. Subtract the mean shift "
        "of the other queries.",
    ),
    WrongAnswer(
        id="one_sentence",
        code=lambda before, after, query, key: (
            before[..., query, key] - _others(before[..., key], query).mean(-1)
        ),
        says="Your answer looks at the first sentence only.",
        why="It says how special “it” is there, not whether the weight follows the referent. after must enter.",
    ),
    WrongAnswer(
        id="itself_in_the_base",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key] - (before - after)[..., key].mean(-1)
        ),
        says="Your base rate is a mean over all queries, the one in question among them.",
        why="Then part of the shift is subtracted from itself. The base rate is what the others do.",
    ),
    WrongAnswer(
        id="other_keys",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key]
            - _others((before - after)[..., query, :], key).mean(-1)
        ),
        says="Your base rate runs along the row: the same query, other keys.",
        why="A row sums to 1 before and after, so what one key loses the others gain: that says nothing about other words. Compare with other "
        "queries at the same key.",
    ),
    WrongAnswer(
        id="turned_round",
        code=lambda before, after, query, key: _shift(after, before, query, key),
        says="The sign is turned round: you return after minus before.",
        why="A head that let go of the key should come out positive: before − after.",
    ),
    WrongAnswer(
        id="sizes",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key].abs()
            - _others((before - after)[..., key], query).abs().mean(-1)
        ),
        says="You compare sizes of shifts; the direction is lost.",
        why="A head that turns towards “cat” when “cat” is no longer meant would count as a link.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda before, after, query, key: _shift(before.mT, after.mT, query, key),
        says="You read the weights at [key, query].",
        why="Rows are queries: the weight from query to key stands at [query, key].",
    ),
    WrongAnswer(
        id="ratio",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key] / _others((before - after)[..., key], query).mean(-1)
        ),
        says="You divide by the base rate; it is to be subtracted.",
        why="The others' mean shift is often near 0 and of either sign: a ratio to it can be anything.",
    ),
)
