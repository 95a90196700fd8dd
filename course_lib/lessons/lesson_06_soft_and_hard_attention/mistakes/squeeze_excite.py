"""Mistakes in “Attention over channels”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _squeeze(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def _gates(z: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    return torch.sigmoid(torch.relu(z @ w1.T) @ w2.T)


def _apply(x: Tensor, gates: Tensor) -> Tensor:
    return x * gates[:, :, None, None]


MISTAKES = (
    WrongAnswer(
        id="softmax_gates",
        code=lambda x, a, b: _apply(x, (torch.relu(_squeeze(x) @ a.T) @ b.T).softmax(-1)),
        says="Your gates come from a softmax; a sigmoid is due.",
        why="Channels do not compete here: several may be wide open at once.",
    ),
    WrongAnswer(
        id="no_relu",
        code=lambda x, a, b: _apply(x, torch.sigmoid(_squeeze(x) @ a.T @ b.T)),
        says="The relu between the two products is missing.",
        why="Two linear maps in a row are one linear map; the bottleneck would be of little use.",
    ),
    WrongAnswer(
        id="no_sigmoid",
        code=lambda x, a, b: _apply(x, torch.relu(_squeeze(x) @ a.T) @ b.T),
        says="The sigmoid is missing: your gates are any real numbers.",
        why="A gate lies between closed, 0, and open, 1.",
    ),
    WrongAnswer(
        id="max_pooled",
        code=lambda x, a, b: _apply(x, _gates(x.amax((2, 3)), a, b)),
        says="You squeeze each channel to its largest number; its mean is due.",
        why="The paper squeezes by global average pooling. A maximum hangs on a single pixel.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, a, b: _apply(x, _gates(x.sum((2, 3)), a, b)),
        says="You add up each channel where its mean is due.",
        why="A sum grows with the size of the image and drives the gates to 0 or 1.",
    ),
    WrongAnswer(
        id="gates_returned",
        code=lambda x, a, b: _gates(_squeeze(x), a, b),
        says="You return the gates, not the image that they weigh.",
        why="The last step multiplies every channel by its gate.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, a, b: x + _gates(_squeeze(x), a, b)[:, :, None, None],
        says="You add the gates; they multiply.",
        why="A gate of 0 must close its channel, which adding 0 does not.",
    ),
    WrongAnswer(
        id="residual",
        code=lambda x, a, b: x + _apply(x, _gates(_squeeze(x), a, b)),
        says="You add x once more: x + x · gate.",
        why="A residual connection belongs to the block around it. Here a closed gate must leave nothing.",
    ),
    WrongAnswer(
        id="whole_batch",
        code=lambda x, a, b: _apply(x, _gates(x.mean((0, 2, 3))[None], a, b)),
        says="You squeeze over the batch as well: every image gets the same gates.",
        why="The gates are to depend on what this image holds. The mean runs over rows and columns alone.",
    ),
    WrongAnswer(
        id="sigmoid_first",
        code=lambda x, a, b: _apply(x, torch.relu(torch.sigmoid(_squeeze(x) @ a.T) @ b.T)),
        says="Relu and sigmoid are swapped.",
        why="The relu stands in the bottleneck; the sigmoid comes last, so that gates lie between 0 and 1.",
    ),
)
