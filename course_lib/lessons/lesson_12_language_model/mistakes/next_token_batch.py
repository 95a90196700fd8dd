"""Mistakes in “Next-token batches”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _windows(tokens: Tensor, starts: Tensor, length: int) -> Tensor:
    return tokens[starts[:, None] + torch.arange(length)]


def _rolled(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs = _windows(tokens, starts, length)
    return inputs, inputs.roll(-1, dims=1)


def _both(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    window = _windows(tokens, starts, length + 1)
    return window[:, :-1], window[:, 1:]


def _swapped(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return targets, inputs


def _short(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    window = _windows(tokens, starts, length)
    return window[:, :-1], window[:, 1:]


def _by_two(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    at = (starts[:, None] + torch.arange(length) + 2).clamp(max=len(tokens) - 1)
    return _windows(tokens, starts, length), tokens[at]


def _numbered(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    at = (starts[:, None] * length + torch.arange(length + 1)) % len(tokens)
    return tokens[at[:, :-1]], tokens[at[:, 1:]]


def _turned(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return inputs.T.contiguous(), targets.T.contiguous()


def _last_only(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return inputs, targets[:, -1]


MISTAKES = (
    WrongAnswer(
        id="not_shifted",
        code=lambda tokens, starts, length: (_windows(tokens, starts, length),) * 2,
        says="Your labels are not shifted: each place is asked for the token that it is given.",
        why="A model that copies its input then has no loss, and has learned nothing. The label of a place is the token after it.",
    ),
    WrongAnswer(
        id="swapped",
        code=_swapped,
        says="You shifted the other way: each place is asked for a token that came before.",
        why="A causal model has seen that token already. The inputs come first in the text, the targets one later.",
    ),
    WrongAnswer(
        id="shifted_by_two",
        code=_by_two,
        says="Your labels are shifted by two.",
        why="The label of a place is the very next token: one further, not two.",
    ),
    WrongAnswer(
        id="rolled",
        code=_rolled,
        says="Your last label is the first token of the window, rolled round.",
        why="roll brings back at the end what it pushed out in front. The text goes on behind the window: read one token more.",
    ),
    WrongAnswer(
        id="one_short",
        code=_short,
        says="Your windows are one token short.",
        why="To give T inputs and T targets a window needs T + 1 tokens of the text.",
    ),
    WrongAnswer(
        id="starts_numbered",
        code=_numbered,
        says="You take starts for numbers of windows, and multiply them by the length.",
        why="A start is a place in the text. Windows may overlap; every place can begin one.",
    ),
    WrongAnswer(
        id="turned",
        code=_turned,
        says="Your windows run down the columns.",
        why="The batch comes first: one window a row, (B, T).",
    ),
    WrongAnswer(
        id="last_only",
        code=_last_only,
        says="You keep the last label of each window only.",
        why="Every place predicts its next token, all in one forward: a window of T tokens is T exercises, not one.",
    ),
    WrongAnswer(
        id="next_number",
        code=lambda tokens, starts, length: (
            _windows(tokens, starts, length),
            _windows(tokens, starts, length) + 1,
        ),
        says="You add 1 to each token, not to its place.",
        why="Token 8 is not what follows token 7, unless the text says so. What follows stands one place further in the text.",
    ),
)
