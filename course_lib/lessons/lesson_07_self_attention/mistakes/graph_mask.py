"""Mistakes in “A graph as a mask”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _eye(a: Tensor) -> Tensor:
    return torch.eye(a.shape[-1], dtype=torch.bool, device=a.device)


MISTAKES = (
    WrongAnswer(
        id="transposed",
        code=lambda adjacency: (adjacency != 0) | _eye(adjacency),
        says="Your mask lies on the wrong axis: news travels against the edges.",
        why="adjacency[s, t] is an edge from s to t, so t hears s. A mask's rows are those who hear: "
        "mask[t, s].",
    ),
    WrongAnswer(
        id="no_self_loops",
        code=lambda adjacency: (adjacency != 0).mT,
        says="Your nodes do not attend to themselves.",
        why="A node that nobody points at could attend to nothing, and every node would forget what it "
        "was in each layer. Set the diagonal.",
    ),
    WrongAnswer(
        id="as_it_is",
        code=lambda adjacency: adjacency != 0,
        says="You return the adjacency itself: the axes are swapped and the diagonal is missing.",
        why="Its rows send, a mask's rows receive; and each node should hear itself.",
    ),
    WrongAnswer(
        id="both_ways",
        code=lambda adjacency: (adjacency != 0) | (adjacency != 0).mT | _eye(adjacency),
        says="You let news travel both ways along every edge.",
        why="An edge from s to t says that t hears s. Whether s hears t is another edge.",
    ),
    WrongAnswer(
        id="inverted",
        code=lambda adjacency: ~((adjacency != 0).mT | _eye(adjacency)),
        says="Your mask is the wrong way round: neighbours are hidden, strangers are seen.",
        why="True means may attend in this course.",
    ),
    WrongAnswer(
        id="positive_only",
        code=lambda adjacency: (adjacency > 0).mT | _eye(adjacency),
        says="You lose edges whose number is negative.",
        why="Any number but 0 is an edge: compare with != 0.",
    ),
    WrongAnswer(
        id="ones_only",
        code=lambda adjacency: (adjacency == 1).mT | _eye(adjacency),
        says="You keep only edges whose number is exactly 1.",
        why="Edges may carry weights. Any number but 0 is an edge: compare with != 0.",
    ),
    WrongAnswer(
        id="whole_numbers",
        code=lambda adjacency: adjacency.int().bool().mT | _eye(adjacency),
        says="You cut edges to whole numbers first, and lose those between −1 and 1.",
        why="An edge of 0.5 is an edge. Compare with != 0 before anything else.",
    ),
    WrongAnswer(
        id="only_loops",
        code=lambda adjacency: (adjacency != 0).mT & _eye(adjacency),
        says="You join neighbours and self-loops with “and”, so only nodes with a loop of their own remain.",
        why="A node attends to its neighbours or itself: both count, so join them with |.",
    ),
    WrongAnswer(
        id="toggled",
        code=lambda adjacency: (adjacency != 0).mT ^ _eye(adjacency),
        says="You toggle the diagonal, so a node that had a loop loses it.",
        why="Adding True to True leaves True: join with |, not with ^ or a sum that must equal 1.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda adjacency: (adjacency != 0).mT.float() + _eye(adjacency),
        says="Your mask holds numbers; a mask holds True and False.",
        why="Added to an edge that is there already, a self-loop even makes a 2. Compare with != 0, and "
        "join with |.",
    ),
)
