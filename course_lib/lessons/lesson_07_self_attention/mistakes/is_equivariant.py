"""Mistakes in “A test for equivariance”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Layer = Callable[[Tensor], Tensor]


def near(a: Tensor, b: Tensor) -> bool:
    """Tell whether two results agree, rounding aside."""
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-5, atol=1e-8)


def orders(n: int, how_many: int = 8) -> list[Tensor]:
    """Return a few orders of n tokens."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randperm(n, generator=generator) for _ in range(how_many)]


def _judge(verdict: Callable[[Layer, Tensor, Tensor], bool]) -> Callable[..., bool]:
    return lambda layer, x: all(verdict(layer, x, order) for order in orders(len(x)))


def _one_order(make: Callable[[Tensor], Tensor]) -> Callable[..., bool]:
    return lambda layer, x: near(layer(make(x)), make(layer(x)))


def _swap_first(x: Tensor) -> Tensor:
    return torch.cat([x[1:2], x[:1], x[2:]])


MISTAKES = (
    WrongAnswer(
        id="loose",
        code=_judge(
            lambda layer, x, order: torch.allclose(layer(x[order]), layer(x)[order], atol=0.1)
        ),
        says="Your tolerance is so wide that a difference of 0.1 passes.",
        why="On small numbers everything then agrees. Rounding moves the last digits alone: in float64 the "
        "defaults of torch.allclose will do.",
    ),
    WrongAnswer(
        id="accepts_all",
        code=lambda layer, x: True,
        says="Your test says True to everything.",
        why="A test that cannot fail proves nothing: call layer on x and on x in another order.",
    ),
    WrongAnswer(
        id="rejects_all",
        code=lambda layer, x: False,
        says="Your test says False to everything.",
        why="A layer that treats every token alike is equivariant: shuffled inputs, shuffled outputs.",
    ),
    WrongAnswer(
        id="invariance",
        code=_judge(lambda layer, x, order: near(layer(x[order]), layer(x))),
        says="You test invariance: that the outputs stay where they are.",
        why="Under equivariance they move along. Output i belonged to token i and now belongs to where "
        "that token went: compare with layer(x)[order].",
    ),
    WrongAnswer(
        id="inverse_order",
        code=_judge(lambda layer, x, order: near(layer(x[order]), layer(x)[order.argsort()])),
        says="Your outputs are put in the inverse order.",
        why="Inputs and outputs move the same way: x[order] on one side, layer(x)[order] on the other. "
        "For a swap or a reversal the two orders are one, which is why some tests miss it.",
    ),
    WrongAnswer(
        id="exact",
        code=_judge(lambda layer, x, order: torch.equal(layer(x[order]), layer(x)[order])),
        says="You compare to the last digit, so rounding fails layers that are equivariant.",
        why="A sum taken in another order ends on another last digit. Use torch.allclose.",
    ),
    WrongAnswer(
        id="only_reversed",
        code=_one_order(lambda x: x.flip(0)),
        says="A layer that looks into a mirror passes your test, as it does where the reversal is the only order tried.",
        why="x + x.flip(0) reverses with its input, yet knows every place. Try several random orders.",
    ),
    WrongAnswer(
        id="only_rolled",
        code=_one_order(lambda x: x.roll(1, 0)),
        says="A layer that mixes neighbours in a ring passes your test, as it does where only cyclic shifts are tried.",
        why="A ring looks the same after every shift. Try several random orders.",
    ),
    WrongAnswer(
        id="only_a_swap",
        code=_one_order(_swap_first),
        says="A layer that doubles the last token passes your test: what happens at the last goes unseen.",
        why="A layer may treat only one place apart. Try orders that move every token.",
    ),
    WrongAnswer(
        id="totals",
        code=_judge(lambda layer, x, order: near(layer(x[order]).sum(0), layer(x).sum(0))),
        says="You compare totals over the tokens, which forget which output is whose.",
        why="A layer that sorts its tokens has the same total in any order, and is not equivariant. "
        "Compare row with row.",
    ),
)
