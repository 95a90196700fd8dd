"""Mistakes in “Silence a head”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _columns(w_o: Tensor, heads: list[int], n_heads: int, value: float = 0.0) -> Tensor:
    out, width = w_o.clone(), w_o.shape[-1] // n_heads
    for h in heads:
        out[:, h * width : (h + 1) * width] = value
    return out


def _ablate_rows(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    out, width = w_o.clone(), w_o.shape[0] // n_heads
    for h in heads:
        out[h * width : (h + 1) * width] = 0.0
    return out


def _ablate_interleaved(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    out = w_o.clone()
    for h in heads:
        out[:, h::n_heads] = 0.0
    return out


def _before(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    out, width = w_o.clone(), w_o.shape[-1] // n_heads
    for h in heads:
        out[:, (h - 1) * width : h * width] = 0.0
    return out


def _ablate_in_place(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    width = w_o.shape[-1] // n_heads
    for h in heads:
        w_o[:, h * width : (h + 1) * width] = 0.0
    return w_o


def _ablate_removed(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    kept = [h for h in range(n_heads) if h not in heads]
    return w_o.unflatten(-1, (n_heads, -1))[:, kept].flatten(-2)


MISTAKES = (
    WrongAnswer(
        id="one_column",
        code=lambda w_o, heads, n_heads: w_o.index_fill(-1, torch.tensor(heads).long(), 0.0),
        says="You silence column h alone; a head owns d_head columns.",
        why="Head h occupies the columns h·d_head to (h+1)·d_head − 1 of W_o.",
    ),
    WrongAnswer(
        id="rows",
        code=_ablate_rows,
        says="You silence rows of W_o; a head owns columns.",
        why="A row is one number of the output, to which every head contributes. Zeroing it hurts all heads a little and "
        "silences none.",
    ),
    WrongAnswer(
        id="interleaved",
        code=_ablate_interleaved,
        says="You silence every H-th column.",
        why="Head h owns neighbouring columns, h·d_head to (h+1)·d_head − 1. Yours takes a little of every head.",
    ),
    WrongAnswer(
        id="keeps_only",
        code=lambda w_o, heads, n_heads: _columns(
            w_o, [h for h in range(n_heads) if h not in heads], n_heads
        ),
        says="You kept the heads that were to be silenced, and silenced the others.",
        why="heads lists those that must add nothing.",
    ),
    WrongAnswer(
        id="first_listed_only",
        code=lambda w_o, heads, n_heads: _columns(w_o, heads[:1], n_heads),
        says="Only the first head of the list is silenced.",
        why="heads may name several, or none at all.",
    ),
    WrongAnswer(
        id="counted_from_one",
        code=lambda w_o, heads, n_heads: _columns(w_o, [(h - 1) % n_heads for h in heads], n_heads),
        says="You silence the head before each one that is named: you count from 1.",
        why="Heads are counted from 0: head h begins at column h·d_head.",
    ),
    WrongAnswer(
        id="slice_ends_too_early",
        code=_before,
        says="Your slice ends where head h begins: the head before it is silenced, and none for head 0.",
        why="Head h owns columns h·d_head to (h + 1)·d_head − 1, with h counted from 0.",
    ),
    WrongAnswer(
        id="scaled_up",
        code=lambda w_o, heads, n_heads: (
            _columns(w_o, heads, n_heads) * (n_heads / max(n_heads - len(set(heads)), 1))
        ),
        says="You scale up the heads that are left, as dropout does.",
        why="Then two things change at once, and the measurement no longer says what the silenced head was worth.",
    ),
    WrongAnswer(
        id="removed",
        code=_ablate_removed,
        says="You removed the columns, so W_o no longer fits what merge_heads gives it.",
        why="Set them to 0 instead: the shape stays, and the head's numbers meet zeros.",
    ),
    WrongAnswer(
        id="in_place",
        code=_ablate_in_place,
        says="Your result is right, but w_o itself was changed: the head is gone for good.",
        why="An ablation is followed by a comparison with the model as it was. Work on a copy: w_o.clone().",
    ),
)
