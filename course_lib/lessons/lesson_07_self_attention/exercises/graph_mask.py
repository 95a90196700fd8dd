"""“A graph as a mask”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_mask
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_07_self_attention.common import MECHANISMS, B, H
from course_lib.lessons.lesson_07_self_attention.mistakes.graph_mask import MISTAKES


def _edges(rng: np.random.Generator, *shape: int, share: float = 0.4) -> Tensor:
    return draw_mask(rng, *shape, share=share)


def graph_cases() -> list[Case]:
    chain = torch.tensor([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    weighted = torch.tensor([[0.0, 0.5, 0, -2], [0, 0, 3, 0], [-0.25, 0, 0, 0], [0, 0, 1, 0]])
    looped = torch.tensor([[1, 0, 1], [0, 0, 1], [0, 1, 1]])
    return [
        Case(label="a chain: 0 → 1 → 2", args=(chain,)),
        Case(label="edges with weights, some negative", args=(weighted,)),
        Case(label="a graph with loops", args=(looped,)),
        Case(label="True and False, 5 nodes", args=(_edges(generator(0), 5, 5),)),
        Case(label="2 graphs of 4 nodes", args=(_edges(generator(1), 2, 4, 4).int(),)),
        Case(label="2 × 3 graphs of 5 nodes", args=(_edges(generator(2), 2, 3, 5, 5).double(),)),
        Case(label="no edges", args=(torch.zeros(3, 3),), edge=True),
        Case(label="a single node", args=(torch.zeros(1, 1, dtype=torch.bool),), edge=True),
    ]


def graph_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 7))
    edges = _edges(rng, *draw_lead(rng, B, H), n, n, share=float(rng.random()))
    kinds = [edges, edges.int(), edges * noise(rng, *edges.shape), 2 * edges.long()]
    return Case(label="random", args=(pick(rng, kinds),))


def graph_oracle(adjacency: Tensor) -> Tensor:
    """Edge by edge, in NumPy."""
    mask = np.zeros(adjacency.shape, dtype=bool)
    for *lead, s, t in np.argwhere(adjacency.numpy()):
        mask[(*lead, t, s)] = True
    for i in range(adjacency.shape[-1]):
        mask[..., i, i] = True
    return torch.from_numpy(mask)


def hears_itself(call: Any, case: Case, value: Any) -> str | None:
    """Every node attends to itself."""
    if value.dtype is not torch.bool:
        return None
    deaf = (~value.diagonal(dim1=-2, dim2=-1)).nonzero()
    if len(deaf) == 0:
        return None
    return (
        f"Every node attends to itself. On the case “{case.label}” node {int(deaf[0, -1])} of yours does "
        "not: the diagonal is False there."
    )


def hears_senders(call: Any, case: Case, value: Any) -> str | None:
    """An edge s → t lets t attend to s."""
    if value.dtype is not torch.bool or value.shape != case.args[0].shape:
        return None
    missing = ((case.args[0] != 0).mT & ~value).nonzero()
    if len(missing) == 0:
        return None
    t, s = missing[0, -2:].tolist()
    return (
        f"On the case “{case.label}” there is an edge from node {s} to node {t}, so row {t} of the mask is "
        f"True in column {s}. Yours is False there."
    )


def hears_nobody_else(call: Any, case: Case, value: Any) -> str | None:
    """Where there is no edge s → t, t does not attend to s."""
    if value.dtype is not torch.bool or value.shape != case.args[0].shape:
        return None
    stray = (value & ~(case.args[0] != 0).mT & ~_eye(value)).nonzero()
    if len(stray) == 0:
        return None
    t, s = stray[0, -2:].tolist()
    return (
        f"On the case “{case.label}” there is no edge from node {s} to node {t}, so row {t} of the mask is "
        f"False in column {s}. Yours is True there."
    )


def _eye(value: Tensor) -> Tensor:
    return torch.eye(value.shape[-1], dtype=torch.bool)


EXERCISE = Exercise(
    name="graph_mask",
    title="A graph as a mask",
    minutes=5,
    difficulty=2,
    proves="a node attends to those with an edge to it, and to itself, and to nobody else",
    passed="Agrees with a loop over single edges, for graphs with loops, weights and leading axes.",
    cases=graph_cases,
    sample=graph_sample,
    oracle=graph_oracle,
    properties=(
        Property(id="hears_itself", holds=hears_itself),
        Property(id="hears_senders", holds=hears_senders),
        Property(id="hears_nobody_else", holds=hears_nobody_else),
    ),
    device="rule",
    kinds=(
        "front",
        "gaps",
        "empty",
        "zero",
        "whole_numbers",
    ),
    reference=f"{MECHANISMS}.graph_mask",
    hints=(
        "Three steps: where is an edge, who hears whom, and everyone hears themselves. In the adjacency the "
        "rows send; in a mask the rows are queries, and queries hear.",
        "edges: where the adjacency is not 0\nturn its last two axes, so that rows receive\n"
        "or with a diagonal of True, on the same device",
        "(adjacency != 0).transpose(-2, -1) says who hears whom. torch.eye(n, dtype=torch.bool, "
        "device=adjacency.device) is the diagonal; | joins both.",
    ),
    wrong_answers=MISTAKES,
)
