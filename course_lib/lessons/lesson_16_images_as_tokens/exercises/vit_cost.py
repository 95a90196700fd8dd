"""“What a ViT costs”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.vit_cost import MISTAKES

COST_NAMES = ("n_patches", "patch_size", "n_channels", "n_classes", "d_model", "n_layers", "d_ff")


def _cost_case(label: str, sizes: tuple[int, ...]) -> Case:
    return Case(label=label, kwargs=dict(zip(COST_NAMES, sizes, strict=True)))


def cost_cases() -> list[Case]:
    sizes = (
        (4, 2, 1, 3, 2, 1, 3),
        (6, 3, 2, 5, 4, 3, 7),
        (16, 2, 1, 10, 48, 3, 96),
        (9, 4, 3, 7, 8, 2, 5),
    )
    return [
        _cost_case(f"{s[0]} patches of {s[2]} × {s[1]} × {s[1]}, width {s[4]}, {s[5]} blocks", s)
        for s in sizes
    ]


def cost_sample(rng: np.random.Generator) -> Case:
    return _cost_case("random", draw_sizes(rng, 20, 6, 4, 12, 24, 5, 40))


def cost_oracle(**init: int) -> tuple[int, int]:
    """PyTorch's own layers: their parameters, and their forward pass under PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    n, p, c, k, d, layers, d_ff = (init[name] for name in COST_NAMES)
    with torch.device("meta"):
        patches, head, norm = nn.Conv2d(c, d, p, p), nn.Linear(d, k), nn.LayerNorm(d)
        layer = nn.TransformerEncoderLayer(d, 1, d_ff, batch_first=True)
        places, class_token = torch.zeros(n + 1, d), torch.zeros(d)
        image = torch.zeros(1, c, p, n * p)
    counter = FlopCounterMode(display=False)
    with counter:
        patches(image)
        head(norm(class_token))
        once = counter.get_total_flops()
        layer(places[None])
    each = counter.get_total_flops() - once
    numbers = [sum(q.numel() for q in part.parameters()) for part in (patches, head, norm)]
    inside = layers * sum(q.numel() for q in layer.parameters())
    return sum(numbers) + inside + places.numel() + class_token.numel(), once + layers * each


EXERCISE = Exercise(
    name="vit_cost",
    title="What a ViT costs",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="your two formulas give the very numbers that PyTorch counts, for any sizes",
    passed="Both numbers equal those that PyTorch counts in its own layers, for four sizes.",
    cases=cost_cases,
    sample=cost_sample,
    oracle=cost_oracle,
    parts=("parameters", "flops"),
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.vit_cost",
    forbidden=("FlopCounterMode",),
    hints=(
        "Follow an image through your forward, and write down every matrix that it meets and how many rows meet it. Where are there "
        "n_patches rows, where one more, and where one?",
        "parameters: patch layer, class token, positions, blocks, last norm, head; biases everywhere\n"
        "flops: 2 times rows times weights: n_patches rows for the patch layer, n_patches + 1 in the blocks, 1 in the head\n"
        "    plus scores and mixing in each block",
        "pixels = n_channels * patch_size**2, n_tokens = n_patches + 1. A block has 4 * d_model**2 + 2 * d_model * d_ff weights and "
        "9 * d_model + d_ff other parameters; its meetings cost 4 * n_tokens**2 * d_model.",
    ),
    kinds=("whole_numbers",),
    wrong_answers=MISTAKES,
)
