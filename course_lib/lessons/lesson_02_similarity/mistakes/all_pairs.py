"""Mistakes in “All pairs, one matrix product”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity.mistakes.common import norm

MISTAKES = (
    WrongAnswer(
        id="transposed",
        code=lambda queries, keys: keys @ queries.T,
        says="Your table is transposed: keys run down, queries across.",
        why="Row t belongs to query t, so the shape is (number of queries, number of keys).",
    ),
    WrongAnswer(
        id="no_transpose",
        code=lambda queries, keys: queries @ keys,
        says="You multiply by keys as they stand.",
        why="A matrix product pairs rows of the left with columns of the right. The keys are rows: "
        "transpose them first.",
    ),
    WrongAnswer(
        id="reshaped",
        code=lambda queries, keys: queries @ keys.reshape(keys.shape[1], keys.shape[0]),
        says="You reshaped keys where a transpose is due.",
        why="reshape keeps the numbers in reading order and only breaks the lines elsewhere, so "
        "the columns are no "
        "longer keys. .T turns rows into columns.",
    ),
    WrongAnswer(
        id="cosines",
        code=lambda queries, keys: (
            (queries @ keys.T) / norm(queries, axis=1, keepdims=True) / norm(keys, axis=1)
        ),
        says="Your entries are cosines.",
        why="Here the plain dot products are asked for, lengths included; attention will use "
        "those.",
    ),
    WrongAnswer(
        id="one_norm",
        code=lambda queries, keys: queries @ keys.T / norm(keys, axis=1),
        says="Your dot products are divided by the lengths of the keys.",
        why="Nothing is divided here: entry [t, s] is the plain dot product of query t with key s.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda queries, keys: queries @ keys.T / math.sqrt(queries.shape[1]),
        says="Your dot products are divided by √d.",
        why="That belongs to attention, and the end of this lesson shows why. Here they are plain.",
    ),
    WrongAnswer(
        id="queries_twice",
        code=lambda queries, keys: queries @ queries.T,
        says="You compare the queries with themselves: keys is not used.",
        why="Entry [t, s] is for query t and key s, so both matrices enter.",
    ),
    WrongAnswer(
        id="one_number",
        code=lambda queries, keys: (queries @ keys.T).sum(),
        says="You add everything up to one number.",
        why="Every pair keeps its own dot product: one row for each query, one column for each "
        "key.",
    ),
)
