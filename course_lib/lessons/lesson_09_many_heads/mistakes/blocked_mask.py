"""Mistakes in “Speak PyTorch's dialect”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="not_flipped",
        code=lambda mask, n_heads: mask.repeat_interleave(n_heads, 0),
        says="Your mask still says who may attend; nn.MultiheadAttention reads True as blocked.",
        why="Handed over like this, every query would attend to exactly what it must not see, and nothing would raise.",
    ),
    WrongAnswer(
        id="heads_outside",
        code=lambda mask, n_heads: (~mask).repeat(n_heads, 1, 1),
        says="Your copies are in the wrong order: sentence 0, sentence 1, …, then all again.",
        why="PyTorch folds (B, H) into one axis with the heads inside: sentence 0 for every head, then sentence 1. In your order "
        "a sentence gets another sentence's mask, and all shapes fit.",
    ),
    WrongAnswer(
        id="outside_and_not_flipped",
        code=lambda mask, n_heads: mask.repeat(n_heads, 1, 1),
        says="Two things at once: your mask is not flipped, and its copies are in the wrong order.",
        why="True means blocked there, and the heads of one sentence come right after each other.",
    ),
    WrongAnswer(
        id="no_heads",
        code=lambda mask, n_heads: ~mask,
        says="Your mask is flipped, but there is one for each sentence; one for each sentence and head is due.",
        why="A mask of three axes has B·H matrices there. A single (T, S) would do when all sentences share it.",
    ),
    WrongAnswer(
        id="four_axes",
        code=lambda mask, n_heads: ~mask.unsqueeze(1).repeat(1, n_heads, 1, 1),
        says="Your mask has four axes; batch and heads are folded into one there.",
        why="nn.MultiheadAttention takes (T, S) or (B·H, T, S) and raises on anything else.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda mask, n_heads: ~mask.mT.repeat_interleave(n_heads, 0),
        says="Your matrices are transposed: keys down, queries across.",
        why="Row t belongs to query t in both libraries. Only True and False change their meaning.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda mask, n_heads: (
            torch.zeros(mask.shape).masked_fill(~mask, -torch.inf).repeat_interleave(n_heads, 0)
        ),
        says="Your mask holds 0 and −∞, to be added to the scores; True and False are asked for.",
        why="PyTorch takes either kind. A boolean mask needs no dtype to fit and a quarter of the memory.",
    ),
)
