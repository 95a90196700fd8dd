"""Mistakes in “Padding mask”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _positions(lengths: Tensor, n: int) -> Tensor:
    return torch.arange(n, device=lengths.device).expand(len(lengths), n)


MISTAKES = (
    WrongAnswer(
        id="inverted",
        code=lambda lengths, n: _positions(lengths, n) >= lengths[:, None],
        says="Your mask is inverted: it is True on the padding.",
        why="In this course True means “may attend”. nn.MultiheadAttention uses the opposite: read the "
        "documentation of every library before you hand it a mask.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda lengths, n: _positions(lengths, n) <= lengths[:, None],
        says="Your mask lets one padding key through: it compares with ≤.",
        why="Positions start at 0, so a sequence of length 3 has the positions 0, 1 and 2.",
    ),
    WrongAnswer(
        id="one_too_few",
        code=lambda lengths, n: _positions(lengths, n) < lengths[:, None] - 1,
        says="Your mask hides the last real key of every sequence.",
        why="A sequence of length 3 has the positions 0, 1 and 2: all of them are smaller than 3.",
    ),
    WrongAnswer(
        id="padding_left",
        code=lambda lengths, n: _positions(lengths, n) >= n - lengths[:, None],
        says="Your mask takes the padding to stand on the left.",
        why="Here sequences start at position 0 and padding follows. (Generation often pads on the left; "
        "a mask must know which.)",
    ),
    WrongAnswer(
        id="keys_down",
        code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).T,
        says="Your mask is transposed: keys run down, sequences across.",
        why="Batch comes first: row b is the mask of sequence b.",
    ),
    WrongAnswer(
        id="counted",
        code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).long(),
        says="Your mask holds 0 and 1 as integers, not True and False.",
        why="~mask of an integer mask flips bits (~1 is −2), and PyTorch's fused attention takes a boolean mask, "
        "or a floating one that it adds to the scores.",
    ),
)
