"""“Blocks in a row”: its cases, its oracle, its hints."""

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_10_transformer_block.common import B, T
from course_lib.lessons.lesson_10_transformer_block.mistakes.stack import MISTAKES
from course_lib.lessons.shared import mask_of, norm_state


class Mixer(nn.Module):
    """A small block for the checks: x + tanh(mean of the allowed rows, times a matrix)."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(d_model, d_model))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        rows = x if mask is None else mask.to(x.dtype) @ x / x.shape[-2]
        return x + torch.tanh(rows @ self.w)


def stack_state(seed: Seed, d: int, n_layers: int) -> dict[str, Tensor]:
    rng = rng_of(seed)
    state = {f"blocks.{place}.w": noise(rng, d, d) for place in range(n_layers)}
    return state | norm_state(rng, "norm", d)


def stack_cases() -> list[Case]:
    sizes = ((2, 0, "no mask"), (3, 1, "causal"), (4, 2, "a random mask"), (3, 3, "no mask"))
    drawn = [
        Case(
            label=f"{n} small blocks, {B} sentences, {T} tokens, width {d}, {kind}, seed {seed}",
            init={"make_block": partial(Mixer, d), "d_model": d, "n_layers": n},
            state=stack_state(seed, d, n),
            args=(noise(seed + 10, B, T, d), mask_of(kind, seed + 20, B, T, T))[
                : 1 + (kind != "no mask")
            ],
            gradients=True,
        )
        for (n, seed, kind), d in zip(sizes, (3, 4, 6, 7), strict=True)
    ]
    one = Case(
        label="a single block",
        init={"make_block": partial(Mixer, 3), "d_model": 3, "n_layers": 1},
        state=stack_state(4, 3, 1),
        args=(noise(15, B, T, 3),),
        edge=True,
    )
    alone = Case(
        label="one sentence of one token, two blocks",
        init={"make_block": partial(Mixer, 3), "d_model": 3, "n_layers": 2},
        state=stack_state(5, 3, 2),
        args=(noise(16, 1, 1, 3),),
        edge=True,
    )
    empty = Case(
        label="two blocks, a query with nothing to attend to",
        init={"make_block": partial(Mixer, 4), "d_model": 4, "n_layers": 2},
        state=stack_state(6, 4, 2),
        args=(noise(17, B, T, 4), mask_of("a query with nothing to attend to", 26, B, T, T)),
        edge=True,
    )
    return [_steps_by_hand(), *drawn, one, alone, empty]


def _steps_by_hand() -> Case:
    """The first block adds 1 to the first number, the second to the second: (2, 3, 3), then the norm."""
    first, second = torch.zeros(2, 3, 3)
    first[0, 0], second[1, 1] = 100.0, 100.0
    state = {"blocks.0.w": first, "blocks.1.w": second}
    return Case(
        label="two blocks that add (1, 0, 0) and (0, 1, 0) to (1, 2, 3)",
        init={"make_block": partial(Mixer, 3), "d_model": 3, "n_layers": 2},
        state=state | {"norm.weight": torch.ones(3), "norm.bias": torch.zeros(3)},
        args=(torch.tensor([[[1.0, 2, 3]]]),),
    )


def stack_sample(rng: np.random.Generator) -> Case:
    b, t, d, n = draw_sizes(rng, 4, 4, 4, 4)
    x, mask = noise(rng, b, t, d), noise(rng, b, t, t) > 0
    return Case(
        label="random",
        init={"make_block": partial(Mixer, d), "d_model": d, "n_layers": n},
        state=stack_state(rng, d, n),
        args=(x, mask) if coin(rng) else (x,),
    )


def stack_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    make_block: Any,
    d_model: int,
    n_layers: int,
) -> Tensor:
    """The small blocks written out, then PyTorch's layer norm."""
    for place in range(n_layers):
        rows = x if mask is None else mask.to(x.dtype) @ x / x.shape[-2]
        x = x + torch.tanh(rows @ state[f"blocks.{place}.w"])
    return F.layer_norm(x, (d_model,), state["norm.weight"], state["norm.bias"])


EXERCISE = Exercise(
    name="Stack",
    title="Blocks in a row",
    minutes=6,
    difficulty=2,
    proves="every layer has weights of its own, PyTorch finds them all, and one norm closes the stream",
    passed="Right for one to four layers, with and without a mask; gradients reach every block.",
    cases=stack_cases,
    sample=stack_sample,
    oracle=stack_oracle,
    protocol=ModuleProtocol(),
    kinds=(
        "front",
        "gaps",
        "empty",
        "batch_of_one",
        "one_place",
    ),
    never={
        "hidden_nan": "NaN in a token spoils that token's own row, hidden or not: nothing is asked of it.",
    },
    reference="course_lib.lessons.lesson_10_transformer_block.reference.Stack",
    hints=(
        "How many times must make_block be called so that no two layers share weights? And which kind of list does "
        "PyTorch look into?",
        "in __init__: blocks = an nn.ModuleList of n_layers new blocks; norm = a layer norm of d_model\n"
        "in forward: send x through every block, with the mask; return its norm",
        "self.blocks = nn.ModuleList(make_block() for _ in range(n_layers)); in forward a loop with "
        "x = block(x, mask), and after the loop self.norm(x).",
    ),
    wrong_answers=MISTAKES,
)
