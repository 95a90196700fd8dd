"""“A test for equivariance”: its cases, its oracle, its hints."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_07_self_attention.mistakes.is_equivariant import MISTAKES

Layer = Callable[[Tensor], Tensor]


def _toy_attention(x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with no projections, by plain exponentials."""
    scores = x @ x.mT / math.sqrt(x.shape[-1])
    powers = torch.exp(scores - scores.amax(-1, keepdim=True))
    powers = powers if mask is None else powers * mask
    return powers / powers.sum(-1, keepdim=True) @ x


def _last_doubled(x: Tensor) -> Tensor:
    return torch.cat([x[:-1], 2 * x[-1:]])


EQUIVARIANT: dict[str, Layer] = {
    "doubles every token": lambda x: 2 * x,
    "lets all tokens attend to all": _toy_attention,
    "adds the total of all tokens": lambda x: x + x.cumsum(0)[-1],
    "gives every token the mean": lambda x: x.mean(0).expand(len(x), -1),
    "turns the entries of each token round": lambda x: x.flip(1),
}


NOT_EQUIVARIANT: dict[str, Layer] = {
    "adds its place to every token": lambda x: x + torch.arange(len(x), dtype=x.dtype)[:, None],
    "hides the future": lambda x: _toy_attention(x, torch.ones(len(x), len(x)).tril()),
    "sorts its tokens": lambda x: x[x[:, 0].argsort()],
    "adds each token's mirror image": lambda x: x + x.flip(0),
    "mixes neighbours in a ring": lambda x: x + 0.5 * x.roll(1, 0),
    "doubles the last token": _last_doubled,
}


LAYERS = {**EQUIVARIANT, **NOT_EQUIVARIANT}


def _layer_test(name: str, x: Tensor, more: str = "") -> Case:
    return Case(label=f"a layer that {name}{more}", args=(LAYERS[name], x))


def equivariant_cases() -> list[Case]:
    by_hand = _layer_test("doubles every token", torch.tensor([[1.0], [2], [4], [7]]).double())
    rest = [name for name in LAYERS if name != "doubles every token"]
    drawn = [_layer_test(name, noise(place, 7, 3)) for place, name in enumerate(rest)]
    small = _layer_test("hides the future", 0.01 * noise(20, 7, 3), ", on small numbers")
    alone = _layer_test("doubles every token", noise(21, 1, 3), ", on a single token")
    return [by_hand, *drawn, small, replace(alone, edge=True)]


def equivariant_sample(rng: np.random.Generator) -> Case:
    name = list(LAYERS)[pick(rng, range(len(LAYERS)))]
    return _layer_test(name, noise(rng, pick(rng, range(6, 9)), pick(rng, range(2, 5))))


def equivariant_oracle(layer: Layer, x: Tensor) -> bool:
    """Move rows by permutation matrices, twenty of them."""
    out, rng = layer(x), generator(3)
    eye = torch.eye(len(x), dtype=x.dtype)
    moves = [eye[torch.from_numpy(rng.permutation(len(x)))] for _ in range(20)]
    return all(bool((layer(p @ x) - p @ out).abs().max() < 1e-6) for p in moves)


def equivariant_verdict(call: Any, case: Case, value: Any) -> str | None:
    """Say which layer was misjudged."""
    if not isinstance(value, bool | np.bool_ | Tensor) or bool(value) == equivariant_oracle(
        *case.args
    ):
        return None
    if bool(value):
        return (
            f"Your test lets pass {case.label}: it is not equivariant. Shuffle its inputs in several random "
            "orders, and compare row with row: layer(x[order]) with layer(x)[order]."
        )
    return (
        f"Your test turns away {case.label}: it is equivariant. Shuffled inputs give its outputs in the same "
        "new order, up to rounding (torch.allclose)."
    )


EXERCISE = Exercise(
    name="is_equivariant",
    title="A test for equivariance",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="your test passes five equivariant layers and catches six that know the order",
    passed="Your test passes five equivariant layers and catches all six that know the order.",
    cases=equivariant_cases,
    sample=equivariant_sample,
    oracle=equivariant_oracle,
    properties=(Property(id="verdict", holds=equivariant_verdict),),
    kinds=("one_place",),
    reference="course_lib.attention.symmetry.is_equivariant",
    device="any",
    hints=(
        "Shuffle, then apply; apply, then shuffle. Both must agree, in whatever order you shuffle, and "
        "rounding must be forgiven. One order proves little: a reversal fools you where a mirror is at work.",
        "several times:\n    order: a random order of the rows of x, from a generator of your own\n"
        "    compare layer of the shuffled x with the shuffled layer of x\n"
        "    if they are not close: False\nTrue",
        "order = torch.randperm(len(x), generator=generator), with generator = "
        "torch.Generator().manual_seed(0) before the loop. Compare by torch.allclose(layer(x[order]), ...).",
    ),
    wrong_answers=MISTAKES,
)
