"""Mistakes in “Rotary attention”: the code that makes each, its name, and why it is wrong."""

import math

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import attend, spin_halves, spin_pairs


def _count(x: Tensor) -> Tensor:
    return torch.arange(x.shape[-2], dtype=x.dtype, device=x.device)


def _halves(x: Tensor, sign: int = 1) -> Tensor:
    return spin_halves(x, sign * _count(x))


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(ahead, -math.inf).softmax(-1) @ v


MISTAKES = (
    WrongAnswer(
        id="values_turned",
        code=lambda q, k, v: attend(_halves(q), _halves(k), _halves(v)),
        says="Your values are turned as well.",
        why="A rotation puts distance into scores, where queries meet keys. A turned value would be another content at "
        "every place, and what arrives at a query would depend on where it came from.",
    ),
    WrongAnswer(
        id="queries_only",
        code=lambda q, k, v: attend(_halves(q), k, v),
        says="Only your queries are turned.",
        why="The score depends on the difference of the two angles. With the keys at angle 0 it depends on the query's "
        "own place, and not on the distance.",
    ),
    WrongAnswer(
        id="keys_only",
        code=lambda q, k, v: attend(q, _halves(k), v),
        says="Only your keys are turned.",
        why="The score depends on the difference of the two angles. With the queries at angle 0 it depends on the key's "
        "own place, and not on the distance.",
    ),
    WrongAnswer(
        id="opposite",
        code=lambda q, k, v: attend(_halves(q), _halves(k, -1), v),
        says="Your queries and keys turn in opposite directions.",
        why="Then their angles add up, and scores depend on t + s. Turned alike, they leave the difference.",
    ),
    WrongAnswer(
        id="not_turned",
        code=lambda q, k, v: attend(q, k, v),
        says="Nothing is turned: this is attention without order.",
        why="rotate_halves goes over queries and keys before they meet.",
    ),
    WrongAnswer(
        id="two_layouts",
        code=lambda q, k, v: attend(spin_pairs(q, _count(q)), spin_pairs(k, _count(k)), v),
        says="You turn neighbouring columns: the layout of the paper.",
        why="It would do as well, but a model whose weights were made for the other layout gets other scores. Here "
        "halves are asked for.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v: attend(_halves(q) * math.sqrt(q.shape[-1]), _halves(k), v),
        says="Your scores are not divided by √d.",
        why="Turning changes no length, so the scores spread as before, like √d.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v: attend(_halves(q) / math.sqrt(q.shape[-1]), _halves(k), v),
        says="Your scores are divided by d, not by √d.",
        why="Turning changes no length, so the scores spread as before, like √d.",
    ),
    WrongAnswer(
        id="causal",
        code=lambda q, k, v: _causal(_halves(q), _halves(k), v),
        says="Your queries see no later keys.",
        why="No mask is asked for here. Rotary scores know before from after, and a model that reads may look both ways.",
    ),
    WrongAnswer(
        id="turned_twice",
        code=lambda q, k, v: attend(_halves(_halves(q)), _halves(_halves(k)), v),
        says="Queries and keys are turned twice.",
        why="Every distance then looks twice as far. One turn by angles is due.",
    ),
    WrongAnswer(
        id="turned_output",
        code=lambda q, k, v: _halves(attend(_halves(q), _halves(k), v)),
        says="You turn the output as well.",
        why="Scores have the distance already. The output mixes values as they are.",
    ),
)
