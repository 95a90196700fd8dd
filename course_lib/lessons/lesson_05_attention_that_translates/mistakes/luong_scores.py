"""Mistakes in “Dot, general, concat”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _luong(fault: str) -> Callable[..., Tensor]:
    def luong_scores(
        q: Tensor, k: Tensor, w: Tensor | None = None, v: Tensor | None = None
    ) -> Tensor:
        t, s = q.shape[-2], k.shape[-2]
        if w is None or (fault == "general as dot" and v is None and q.shape[-1] == k.shape[-1]):
            scores = q @ k.mT
            return scores / q.shape[-1] ** 0.5 if fault in ("scaled", "dot scaled") else scores
        if v is None:
            turned = fault == "turned" and w.shape[0] == w.shape[1]
            scores = q @ (w.mT if turned else w) @ k.mT
            if fault == "tanh in general":
                scores = torch.tanh(q @ w) @ k.mT
            return scores / k.shape[-1] ** 0.5 if fault == "scaled" else scores
        a = q[..., :, None, :].expand(*q.shape[:-1], s, q.shape[-1])
        b = k[..., None, :, :].expand(*k.shape[:-2], t, *k.shape[-2:])
        mixed = torch.cat([b, a] if fault == "order" else [a, b], -1) @ w
        if fault == "v first":
            return torch.tanh(mixed @ v)
        mixed = mixed if fault == "no tanh" else torch.tanh(mixed)
        return mixed.sum(-1) if fault == "no v" else mixed @ v

    return luong_scores


MISTAKES = (
    WrongAnswer(
        id="scaled",
        code=_luong("scaled"),
        says="You divided by √d; Luong's scores are not scaled.",
        why="The root came two years later, with the transformer. Here the dot product stands as it is.",
    ),
    WrongAnswer(
        id="w_turned",
        code=_luong("turned"),
        says="Your general score uses W transposed.",
        why="It is qᵀ W k: W's rows belong to the query, its columns to the key.",
    ),
    WrongAnswer(
        id="w_ignored",
        code=_luong("general as dot"),
        says="Your general score is the plain dot product: W is not used.",
        why="W carries the query into the space of the keys.",
    ),
    WrongAnswer(
        id="tanh_in_general",
        code=_luong("tanh in general"),
        says="Your general score has a tanh; only concat has one.",
        why="dot and general are plain products.",
    ),
    WrongAnswer(
        id="concat_order",
        code=_luong("order"),
        says="You put [k; q] together; concat takes [q; k].",
        why="The first d_q rows of W belong to the query, the others to the key.",
    ),
    WrongAnswer(
        id="concat_without_tanh",
        code=_luong("no tanh"),
        says="The tanh of the concat score is missing.",
        why="Without it q adds the same to every key's score, and the softmax cancels it.",
    ),
    WrongAnswer(
        id="concat_without_v",
        code=_luong("no v"),
        says="Your concat score sums the hidden units with equal weights; v is not used.",
        why="v says which hidden units speak for attending, and which against.",
    ),
    WrongAnswer(
        id="concat_tanh_last",
        code=_luong("v first"),
        says="Your concat score takes the tanh after the product with v.",
        why="The tanh belongs to the hidden units: tanh([q; k] W) · v.",
    ),
    WrongAnswer(
        id="dot_scaled",
        code=_luong("dot scaled"),
        says="Your dot score is divided by √d; the other two are right.",
        why="The scale came with transformers, two years later (lesson 04). Luong's dot product is taken as it is.",
    ),
)
