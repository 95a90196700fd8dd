"""“What a block costs”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_10_transformer_block.mistakes.block_cost import MISTAKES


def cost_cases() -> list[Case]:
    sizes = ((5, 2, 3), (7, 6, 11), (3, 8, 32), (64, 32, 128), (11, 5, 2))
    drawn = [Case(label=f"{t} tokens, d_model {d}, d_ff {f}", args=(t, d, f)) for t, d, f in sizes]
    return [
        *drawn,
        Case(label="one token, d_model 4, d_ff 4", args=(1, 4, 4), edge=True),
    ]


def cost_sample(rng: np.random.Generator) -> Case:
    t, d, f = draw_sizes(rng, 39, 39, 39)
    return Case(label="random", args=(t, d, f))


def cost_oracle(n_tokens: int, d_model: int, d_ff: int) -> tuple[int, int]:
    """PyTorch's own layer: its parameters, and its forward pass under PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    layer = nn.TransformerEncoderLayer(d_model, 1, d_ff, batch_first=True, device="meta")
    counter = FlopCounterMode(display=False)
    with counter:
        layer(torch.zeros(1, n_tokens, d_model, device="meta"))
    return sum(p.numel() for p in layer.parameters()), counter.get_total_flops()


EXERCISE = Exercise(
    name="block_cost",
    title="What a block costs",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="your two formulas give the very numbers that PyTorch counts, for any sizes",
    passed="Both numbers equal those that PyTorch counts in its own layer, for five sizes.",
    cases=cost_cases,
    sample=cost_sample,
    oracle=cost_oracle,
    parts=("parameters", "flops"),
    kinds=(
        "whole_numbers",
        "repeats",
    ),
    reference="course_lib.lessons.lesson_10_transformer_block.reference.block_cost",
    forbidden=("FlopCounterMode",),
    hints=(
        "Go through the block's names one by one: norm1, attn, norm2, ff. Which of them hold matrices, which biases? "
        "And which products have no weights at all?",
        "parameters: four projections with bias, two layers of the feed-forward with bias, two norms with gain and bias\n"
        "flops: 2 times tokens times every weight of the six matrices\n"
        "    plus the scores, tokens by tokens by d_model, times 2; plus the mixing, as many again",
        "The projections hold 4 * (d_model**2 + d_model) parameters, the norms 4 * d_model. The scores cost "
        "2 * n_tokens**2 * d_model, and so does the mixing.",
    ),
    wrong_answers=MISTAKES,
)
