"""Mistakes in “Gradient norms by depth”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


def _grads(block: nn.Module) -> list[Tensor]:
    return [p.grad for p in block.parameters() if p.grad is not None]


def _flat(block: nn.Module) -> Tensor:
    return torch.cat([grad.flatten() for grad in _grads(block)] or [torch.zeros(1)])


MISTAKES = (
    WrongAnswer(
        id="sum_of_norms",
        code=lambda blocks: [sum(g.norm().item() for g in _grads(b)) for b in blocks],
        says="You add up the lengths of the single gradients.",
        why="Lengths of parts at right angles do not add: 3 and 4 make 5. Add the squares and take one root at the end.",
    ),
    WrongAnswer(
        id="mean_of_norms",
        code=lambda blocks: [
            sum(g.norm().item() for g in _grads(b)) / max(len(_grads(b)), 1) for b in blocks
        ],
        says="You average the lengths of the single gradients.",
        why="A bias of 4 numbers would count as much as a matrix of 4,000. Add the squares of all and take one root.",
    ),
    WrongAnswer(
        id="root_missing",
        code=lambda blocks: [_flat(b).square().sum().item() for b in blocks],
        says="Your numbers are squares of lengths: the root is missing.",
        why="The length is the root of the sum of the squares. Ratios between blocks would look squared.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda blocks: [_flat(b).square().mean().item() ** 0.5 for b in blocks],
        says="You take the root of the mean square, not of the sum.",
        why="A length is the root of the sum of the squares; it does not shrink when there are more numbers.",
    ),
    WrongAnswer(
        id="absolute_sum",
        code=lambda blocks: [_flat(b).abs().sum().item() for b in blocks],
        says="You add up absolute values.",
        why="That is another norm, L1. Here the length is asked for: the root of the sum of the squares.",
    ),
    WrongAnswer(
        id="largest",
        code=lambda blocks: [_flat(b).abs().max().item() for b in blocks],
        says="You take the largest entry.",
        why="One number says little about thousands. The length is the root of the sum of all squares.",
    ),
    WrongAnswer(
        id="matrices_only",
        code=lambda blocks: [
            sum(g.square().sum().item() for g in _grads(b) if g.dim() > 1) ** 0.5 for b in blocks
        ],
        says="You leave out biases and gains.",
        why="All parameters of the block count, whatever their shape.",
    ),
    WrongAnswer(
        id="weights_themselves",
        code=lambda blocks: [
            sum(p.detach().square().sum().item() for p in b.parameters()) ** 0.5 for b in blocks
        ],
        says="You measure the parameters, not their gradients.",
        why="After backward the gradient of a parameter p stands in p.grad.",
    ),
    WrongAnswer(
        id="running_total",
        code=lambda blocks: [
            sum(_flat(b).square().sum().item() for b in list(blocks)[: place + 1]) ** 0.5
            for place in range(len(blocks))
        ],
        says="Your sum runs on from block to block.",
        why="Start at 0 again for every block: each has a length of its own.",
    ),
    WrongAnswer(
        id="one_number",
        code=lambda blocks: sum(_flat(b).square().sum().item() for b in blocks) ** 0.5,
        says="You return one length for all blocks together.",
        why="That number serves for clipping. To see depth, return a list with one number for each block.",
    ),
)
