"""Mistakes in “SwiGLU”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import gelu, silu


def _gated(open_: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, w_gate, w_up, w_down: (open_(x @ w_gate.T) * (x @ w_up.T)) @ w_down.T


MISTAKES = (
    WrongAnswer(
        id="sigmoid_gate",
        code=_gated(torch.sigmoid),
        says="Your gate is sigmoid(g); the factor g is missing.",
        why="That is the GLU. SwiGLU's gate is SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="gelu_gate",
        code=_gated(gelu),
        says="Your gate is GELU: that is GEGLU.",
        why="SwiGLU's gate is SiLU, g · sigmoid(g). The two are close, and weights trained with one are off with the other.",
    ),
    WrongAnswer(
        id="relu_gate",
        code=_gated(torch.relu),
        says="Your gate is ReLU: that is ReGLU.",
        why="SwiGLU's gate is SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="linear_gate",
        code=_gated(lambda g: g),
        says="Your gate has no activation.",
        why="A product of two linear maps is bilinear; SwiGLU bends the gate with SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="roles_swapped",
        code=lambda x, w_gate, w_up, w_down: ((x @ w_gate.T) * silu(x @ w_up.T)) @ w_down.T,
        says="Your SiLU is on x W_up; it belongs on x W_gate.",
        why="Trained weights have their roles: the gate is bent, the other part is not.",
    ),
    WrongAnswer(
        id="both_bent",
        code=lambda x, w_gate, w_up, w_down: (silu(x @ w_gate.T) * silu(x @ w_up.T)) @ w_down.T,
        says="Both of your parts go through SiLU.",
        why="The gate is bent, x W_up is not: it is what the gate lets through.",
    ),
    WrongAnswer(
        id="product_bent",
        code=lambda x, w_gate, w_up, w_down: silu((x @ w_gate.T) * (x @ w_up.T)) @ w_down.T,
        says="Your SiLU is taken of the product.",
        why="The gate is bent alone, before it multiplies.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, w_gate, w_up, w_down: (silu(x @ w_gate.T) + x @ w_up.T) @ w_down.T,
        says="Your two parts are added.",
        why="A gate multiplies: where it is 0, nothing passes, whatever x W_up says.",
    ),
    WrongAnswer(
        id="up_missing",
        code=lambda x, w_gate, w_up, w_down: silu(x @ w_gate.T) @ w_down.T,
        says="Your w_up is not used.",
        why="What you have is an ordinary feed-forward with SiLU. The gate must have something to open: x W_up.",
    ),
    WrongAnswer(
        id="not_narrowed",
        code=lambda x, w_gate, w_up, w_down: silu(x @ w_gate.T) * (x @ w_up.T),
        says="Your result is still d_ff wide: w_down is missing.",
        why="The residual stream is d_model wide; w_down brings the hidden numbers back to it.",
    ),
)
