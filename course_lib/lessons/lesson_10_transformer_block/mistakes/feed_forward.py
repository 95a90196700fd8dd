"""Mistakes in “Feed-forward with GELU”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import gelu, phi, silu


def _gelu_by_tanh(x: Tensor) -> Tensor:
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


class _FeedForward(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)


def _feed(forward: Callable[[Any, Tensor], Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, x)`."""

    def of_x(self: Any, x: Tensor) -> Tensor:
        return forward(self, x)

    return type("FeedForward", (_FeedForward,), {"forward": of_x})


def _bent(activation: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _feed(lambda self, x: self.w_out(activation(self.w_in(x))))


class _NarrowFeedForward(nn.Module):
    """Makes both layers d_model wide."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.w_out(gelu(self.w_in(x)))
        return out


MISTAKES = (
    WrongAnswer(
        id="relu",
        code=_bent(torch.relu),
        says="Your activation is ReLU.",
        why="The paper of 2017 used ReLU; this exercise asks for GELU, x · Φ(x), which lets a little of the negative "
        "numbers through and has no corner at 0.",
    ),
    WrongAnswer(
        id="tanh_approximation",
        code=_bent(lambda x: _gelu_by_tanh(x)),
        says="Your GELU is the approximation by tanh.",
        why="GPT-2 was trained with it, and its weights want it. It differs from x · Φ(x) in the fourth digit, so "
        "each model must get its own. Here Φ is computed with torch.erf.",
    ),
    WrongAnswer(
        id="sigmoid_approximation",
        code=_bent(lambda x: x * torch.sigmoid(1.702 * x)),
        says="Your GELU is the approximation x · sigmoid(1.702 x).",
        why="It is off by up to 0.02. Φ is the normal distribution function: (1 + erf(x / √2)) / 2.",
    ),
    WrongAnswer(
        id="silu",
        code=_bent(silu),
        says="Your activation is SiLU, x · sigmoid(x).",
        why="GELU weighs x by Φ(x), the normal distribution function, which is steeper. SiLU comes in the next exercise.",
    ),
    WrongAnswer(
        id="no_root_of_two",
        code=_bent(lambda x: x * (1 + torch.erf(x)) / 2),
        says="Your erf is taken of x, not of x / √2.",
        why="erf belongs to a normal distribution of variance ½. Φ(x) = (1 + erf(x / √2)) / 2.",
    ),
    WrongAnswer(
        id="half_missing",
        code=_bent(lambda x: x * (1 + torch.erf(x / math.sqrt(2)))),
        says="Your GELU is twice too large: the ½ is missing.",
        why="1 + erf runs from 0 to 2. Half of it runs from 0 to 1, as a distribution function must.",
    ),
    WrongAnswer(
        id="gate_alone",
        code=_bent(phi),
        says="Your activation is Φ(x) alone; the factor x is missing.",
        why="GELU weighs x by Φ(x). Without x everything comes out between 0 and 1.",
    ),
    WrongAnswer(
        id="linear",
        code=_bent(lambda x: x),
        says="There is no activation between your two layers.",
        why="Two linear layers in a row are one linear layer, however wide it is in between.",
    ),
    WrongAnswer(
        id="activation_last",
        code=_feed(lambda self, x: gelu(self.w_out(gelu(self.w_in(x))))),
        says="Your output is bent once more, after w_out.",
        why="What is added to the residual stream must be free to be negative. The activation stands between the layers only.",
    ),
    WrongAnswer(
        id="activation_at_the_end_only",
        code=_feed(lambda self, x: gelu(self.w_out(self.w_in(x)))),
        says="Your activation comes after both layers; it belongs between them.",
        why="Without it in between the two layers are one, and the width d_ff is wasted.",
    ),
    WrongAnswer(
        id="residual_inside",
        code=_feed(lambda self, x: x + self.w_out(gelu(self.w_in(x)))),
        says="Your feed-forward adds x itself.",
        why="The block adds the residual, once and for every sub-layer alike. Added here too it would count twice.",
    ),
    WrongAnswer(
        id="width_ignored",
        code=_NarrowFeedForward,
        says="Your layers are d_model wide in between; d_ff is not used.",
        why="w_in goes from d_model to d_ff, w_out back from d_ff to d_model.",
    ),
)
