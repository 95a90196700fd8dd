"""Mistakes in “Nearest sentences”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


def _by(score: Callable[[Tensor, Tensor], Tensor], largest: bool = True) -> Callable[..., Any]:
    def code(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
        best = score(query, vectors).topk(min(k, len(vectors)), largest=largest)
        return best.indices, best.values

    return code


def _cosines(query: Tensor, vectors: Tensor) -> Tensor:
    return F.cosine_similarity(vectors, query[None], dim=-1)


def _euclid(query: Tensor, vectors: Tensor) -> Tensor:
    return (vectors - query).norm(dim=-1)


def _skipping(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    best = _cosines(query, vectors).topk(min(k + 1, len(vectors)))
    return best.indices[1:], best.values[1:]


def _in_order(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    cosines = _cosines(query, vectors)
    places = cosines.topk(min(k, len(vectors))).indices.sort().values
    return places, cosines[places]


def _distances(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    places, cosines = right.nearest(query, vectors, k)
    return places, 1 - cosines


MISTAKES = (
    WrongAnswer(
        id="dot_product",
        code=_by(lambda query, vectors: vectors @ query),
        says="You rank by dot product, without dividing by the lengths.",
        why="A long vector would win against a nearer one. The cosine divides by both lengths.",
    ),
    WrongAnswer(
        id="query_length",
        code=_by(lambda query, vectors: F.normalize(vectors, dim=-1) @ query),
        says="You do not divide by the query's length.",
        why="The order stays the same, but the numbers are no cosines: they may exceed 1.",
    ),
    WrongAnswer(
        id="vector_lengths",
        code=_by(lambda query, vectors: vectors @ F.normalize(query, dim=-1)),
        says="You do not divide by the lengths of the vectors.",
        why="A long vector would win against a nearer one.",
    ),
    WrongAnswer(
        id="one_length_for_all",
        code=_by(lambda query, vectors: vectors @ query / (vectors.norm() * query.norm())),
        says="You divide by one length for the whole table of vectors.",
        why="Each row has its own length: vectors.norm(dim=-1).",
    ),
    WrongAnswer(
        id="euclidean",
        code=_by(_euclid, largest=False),
        says="You rank by Euclidean distance.",
        why="It asks for equal length as well as equal direction. For vectors of length 1 the order would be the same; these "
        "have other lengths.",
    ),
    WrongAnswer(
        id="farthest",
        code=_by(_cosines, largest=False),
        says="You return the least similar.",
        why="A cosine of 1 means the same direction: the largest come first.",
    ),
    WrongAnswer(
        id="distances",
        code=_distances,
        says="Your numbers are 1 − cosine.",
        why="The places are right. What is asked for is the similarity, the cosine itself.",
    ),
    WrongAnswer(
        id="first_skipped",
        code=_skipping,
        says="You leave the nearest out.",
        why="That is right where the query is one of the vectors and would find itself. Here it need not be.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=_in_order,
        says="You found the right ones, but they stand in the order of their places.",
        why="The most similar comes first.",
    ),
    WrongAnswer(
        id="absolute",
        code=_by(lambda query, vectors: _cosines(query, vectors).abs()),
        says="You rank by |cosine|.",
        why="The opposite direction has −1, the least similar there is, not the most.",
    ),
    WrongAnswer(
        id="all_sorted",
        code=lambda query, vectors, k: right.nearest(query, vectors, len(vectors)),
        says="You return all vectors; k of them are asked for.",
        why="Cut both results after k.",
    ),
)
