"""Mistakes in “How weights move when scores do”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="only_diagonal",
        code=lambda w: torch.diag(w * (1 - w)),
        says="You have the diagonal alone, w (1 − w).",
        why="That is the derivative of a sigmoid. In a softmax every weight depends on every score: pushing one "
        "up pulls the others down, by −w_i w_j.",
    ),
    WrongAnswer(
        id="no_diagonal",
        code=lambda w: -torch.outer(w, w),
        says="The term diag(w) is missing.",
        why="Raising score i raises w_i itself: ∂w_i/∂s_i = w_i − w_i².",
    ),
    WrongAnswer(
        id="identity",
        code=lambda w: torch.eye(len(w), dtype=w.dtype) - torch.outer(w, w),
        says="You started from the identity, not from diag(w).",
        why="A weight near 0 barely moves, so its diagonal entry is w (1 − w), not 1 − w².",
    ),
    WrongAnswer(
        id="sign",
        code=lambda w: torch.outer(w, w) - torch.diag(w),
        says="The sign is turned round.",
        why="Raising a score raises its own weight: the diagonal is positive.",
    ),
    WrongAnswer(
        id="plus",
        code=lambda w: torch.diag(w) + torch.outer(w, w),
        says="The two matrices are added; the second is subtracted.",
        why="The weights share a total of 1: what one gains the others lose, so the off-diagonal is negative.",
    ),
    WrongAnswer(
        id="inner_product",
        code=lambda w: torch.diag(w) - w @ w,
        says="You subtracted the number wᵀw, not the matrix w wᵀ.",
        why="For a vector, w @ w is a single number. The outer product has entry w_i w_j at [i, j].",
    ),
)
