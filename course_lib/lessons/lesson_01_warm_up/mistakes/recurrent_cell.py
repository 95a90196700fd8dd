"""Mistakes in “A recurrent cell”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import torch
from torch import nn

from course_lib.checking.exercise import WrongAnswer


class _Cell(nn.Module):
    """The cell's parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_in: int, d_hidden: int) -> None:
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)


def _cell(forward: Any) -> type[nn.Module]:
    """Return a cell that computes `forward(self, x, h)`."""
    return type("RecurrentCell", (_Cell,), {"forward": forward})


MISTAKES = (
    WrongAnswer(
        id="no_tanh",
        code=_cell(lambda self, x, h: self.w_x(x) + self.w_h(h)),
        says="The tanh is missing.",
        why="Without it a state can grow at every step, and many steps in a row would be one linear map.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_cell(lambda self, x, h: torch.sigmoid(self.w_x(x) + self.w_h(h))),
        says="You squeeze by a sigmoid; this cell uses tanh.",
        why="A sigmoid answers between 0 and 1, so a state could never be negative; tanh is centred on 0.",
    ),
    WrongAnswer(
        id="relu",
        code=_cell(lambda self, x, h: torch.relu(self.w_x(x) + self.w_h(h))),
        says="You cut negative numbers off (ReLU); this cell uses tanh.",
        why="A ReLU has no upper end, so a state that feeds itself can grow without limit.",
    ),
    WrongAnswer(
        id="forgets",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) + 0 * self.w_h(h))),
        says="The old state h does not enter.",
        why="Without it the cell has no memory: its answer to a word would be the same wherever the word "
        "stands.",
    ),
    WrongAnswer(
        id="deaf",
        code=_cell(lambda self, x, h: torch.tanh(self.w_h(h) + 0 * self.w_x(x))),
        says="The input x does not enter.",
        why="The cell would repeat its own state for ever and read nothing.",
    ),
    WrongAnswer(
        id="tanh_before_the_sum",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x)) + torch.tanh(self.w_h(h))),
        says="You squeeze both parts and add them afterwards.",
        why="The sum of two squeezed numbers reaches from −2 to 2. Add first, then squeeze once.",
    ),
    WrongAnswer(
        id="tanh_of_one_part",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x)) + self.w_h(h)),
        says="Your tanh covers the input's part only.",
        why="The bracket closes too early: the tanh is around the sum of both parts.",
    ),
    WrongAnswer(
        id="transposed_weights",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) + h @ self.w_h.weight)),
        says="The state meets w_h's weight the wrong way round.",
        why="A linear layer computes h @ weight.T. The weight is square here, so the slip has no wrong "
        "shape to give it away. Call the layer: self.w_h(h).",
    ),
    WrongAnswer(
        id="no_bias",
        code=_cell(lambda self, x, h: torch.tanh(x @ self.w_x.weight.T + self.w_h(h))),
        says="The bias of w_x is not used.",
        why="self.w_x(x) adds it by itself; x @ self.w_x.weight.T does not.",
    ),
    WrongAnswer(
        id="adds_the_state",
        code=_cell(lambda self, x, h: h + torch.tanh(self.w_x(x) + self.w_h(h))),
        says="You add the old state once more, outside the tanh.",
        why="That is a residual connection, which comes with the transformer block. This cell's new state "
        "is the tanh alone.",
    ),
    WrongAnswer(
        id="multiplied",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) * self.w_h(h))),
        says="You multiply the two parts; they are added.",
        why="In a product, a zero on one side would wipe out the other: with a first state of zeros the "
        "cell could not read its first word.",
    ),
)
