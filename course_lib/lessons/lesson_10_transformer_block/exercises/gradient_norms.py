"""“Gradient norms by depth”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.lessons.lesson_10_transformer_block.mistakes.gradient_norms import MISTAKES


def blocks_with_gradients(seed: Seed, n_blocks: int, d: int, frozen: bool = False) -> nn.ModuleList:
    """Small blocks after a backward pass that never was: noise for weights and gradients."""
    rng = rng_of(seed)
    blocks = nn.ModuleList(
        nn.Sequential(nn.Linear(d, d + 1), nn.LayerNorm(d + 1)) for _ in range(n_blocks)
    ).double()
    for parameter in blocks.parameters():
        parameter.data = noise(rng, *parameter.shape)
        parameter.grad = noise(rng, *parameter.shape)
    if frozen:
        list(blocks[-1].parameters())[1].grad = None
    return blocks


def tidy_blocks() -> nn.ModuleList:
    """Two blocks whose gradients are (3, 4) and 12 in two parameters, and 1."""
    blocks = nn.ModuleList([nn.Linear(2, 1), nn.Linear(1, 1)])
    grads = ([[[3.0, 4.0]], [12.0]], [[[1.0]], [0.0]])
    for block, found in zip(blocks, grads, strict=True):
        for parameter, grad in zip(block.parameters(), found, strict=True):
            parameter.data.fill_(0.5)
            parameter.grad = torch.tensor(grad)
    return blocks


def gradient_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{n} blocks of two layers, width {d}, seed {seed}",
            args=(blocks_with_gradients(seed, n, d),),
        )
        for n, d, seed in ((2, 3, 0), (4, 5, 1), (3, 2, 2))
    ]
    frozen = Case(
        label="one bias without a gradient",
        args=(blocks_with_gradients(3, 2, 4, True),),
        edge=True,
        shows=("no_gradient",),
    )
    by_hand = Case(
        label="two blocks with gradients (3, 4), (12) and (1), (0)", args=(tidy_blocks(),)
    )
    return [by_hand, *drawn, frozen]


def gradient_sample(rng: np.random.Generator) -> Case:
    n, d = draw_sizes(rng, 4, 4)
    return Case(label="random", args=(blocks_with_gradients(rng, n, d, coin(rng, 0.3)),))


def gradient_oracle(blocks: nn.ModuleList) -> list[float]:
    """All of a block's gradients in one long vector, and NumPy's norm of it."""
    found = []
    for block in blocks:
        parts = [p.grad.flatten().numpy() for p in block.parameters() if p.grad is not None]
        found.append(float(np.linalg.norm(np.concatenate(parts))))
    return found


EXERCISE = Exercise(
    name="gradient_norms",
    title="Gradient norms by depth",
    minutes=5,
    difficulty=1,
    proves="each number is the length of one block's whole gradient",
    passed="Agrees with NumPy's norm of all gradients of a block, laid end to end.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    kinds=("no_gradient",),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.gradient_norms",
    hints=(
        "A block's gradient is one long vector, cut into the shapes of its parameters. How do squared lengths of the "
        "pieces make the squared length of the whole?",
        "for each block: start at 0\n    for each of its parameters that has a gradient: add the sum of its squares\n"
        "    the root of the total is the block's number",
        "p.grad.square().sum().item() is a piece's squared length; skip p where p.grad is None. total ** 0.5 is the root.",
    ),
    wrong_answers=MISTAKES,
)
