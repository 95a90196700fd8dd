"""“The vision transformer”: its cases, its oracle, its hints."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_16_images_as_tokens.common import (
    embed_oracle,
    kernel_oracle,
    patchify_oracle,
    size_of,
)
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.vit import MISTAKES
from course_lib.lessons.shared import torch_names


def _linear(rng: np.random.Generator, name: str, d_in: int, d_out: int) -> dict[str, Tensor]:
    weight = noise(rng, d_out, d_in, scale=d_in**-0.5)
    return {f"{name}.weight": weight, f"{name}.bias": noise(rng, d_out, scale=0.5)}


def _norm(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + noise(rng, d, scale=0.5), f"{name}.bias": noise(rng, d)}


def vit_state(seed: Seed, init: dict[str, int]) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = rng_of(seed)
    d, p, c = init["d_model"], init["patch_size"], init["n_channels"]
    state = {
        "patches.weight": noise(rng, d, c, p, p, scale=(c * p * p) ** -0.5),
        "patches.bias": noise(rng, d),
        "class_token": noise(rng, d),
        "places": noise(rng, init["n_patches"] + 1, d),
    }
    for n in range(init["n_layers"]):
        state |= _norm(rng, f"blocks.{n}.norm1", d)
        for part in ("w_q", "w_k", "w_v", "w_o"):
            state |= _linear(rng, f"blocks.{n}.attn.{part}", d, d)
        state |= _norm(rng, f"blocks.{n}.norm2", d)
        state |= _linear(rng, f"blocks.{n}.ff.w_in", d, init["d_ff"])
        state |= _linear(rng, f"blocks.{n}.ff.w_out", init["d_ff"], d)
    return state | _norm(rng, "norm", d) | _linear(rng, "head", d, init["n_classes"])


def _vit_case(
    label: str,
    seed: Seed,
    b: int,
    c: int,
    rows: int,
    columns: int,
    p: int,
    widths: tuple[int, int, int, int, int],
    **more: Any,
) -> Case:
    d, heads, layers, d_ff, classes = widths
    init = {
        "n_patches": rows * columns,
        "patch_size": p,
        "n_channels": c,
        "n_classes": classes,
        "d_model": d,
        "n_heads": heads,
        "n_layers": layers,
        "d_ff": d_ff,
    }
    rng = rng_of(seed)
    images = noise(rng, b, c, rows * p, columns * p)
    return Case(label=label, init=init, state=vit_state(rng, init), args=(images,), **more)


def vit_cases() -> list[Case]:
    small = _vit_case("1 image of 1 × 2 × 4, two patches", 9, 1, 1, 1, 2, 2, (3, 1, 2, 5, 2))
    drawn = [
        _vit_case(
            f"{size_of(b, c, rows, columns, p)}, width {widths[0]}, {widths[2]} blocks, seed {seed}",
            seed,
            b,
            c,
            rows,
            columns,
            p,
            widths,
            gradients=True,
        )
        for b, c, rows, columns, p, widths, seed in (
            (2, 3, 3, 2, 2, (12, 3, 2, 17, 5), 0),
            (3, 2, 2, 4, 3, (10, 2, 3, 11, 7), 1),
        )
    ]
    faint = _vit_case("a stream so faint that eps counts", 4, 2, 1, 3, 2, 2, (6, 2, 2, 5, 4))
    single = _vit_case("1 image of one patch", 5, 1, 2, 1, 1, 3, (4, 2, 1, 3, 3), edge=True)
    state = {name: t * (1e-3 if _writes(name) else 1) for name, t in faint.state.items()}
    return [small, *drawn, replace(faint, state=state, edge=True), single]


def _writes(name: str) -> bool:
    """Tell whether a parameter writes to the stream."""
    parts = ("patches", "class_token", "places", "w_o", "w_out")
    return any(part in name for part in parts)


def vit_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p, heads, layers, classes = draw_sizes(rng, 3, 3, 3, 3, 2, 2, 2, 4)
    widths = (heads * pick(rng, (2, 3)), heads, layers, pick(rng, (2, 3, 5)), classes)
    return _vit_case("random", rng, b, c, rows, columns, p, widths)


def vit_oracle(state: dict[str, Tensor], images: Tensor, **init: int) -> Tensor:
    """unfold, loops, and PyTorch's own encoder layers with the same weights."""
    x = F.linear(
        patchify_oracle(images, init["patch_size"]),
        linear_rows(state["patches.weight"]),
        state["patches.bias"],
    )
    x = embed_oracle(x, state["class_token"], state["places"])
    for n in range(init["n_layers"]):
        layer = nn.TransformerEncoderLayer(
            init["d_model"],
            init["n_heads"],
            init["d_ff"],
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=1e-6,
            batch_first=True,
            norm_first=True,
            device="meta",
        )
        x = torch.func.functional_call(layer, torch_names(state, block=f"blocks.{n}."), (x,))
    first = torch.stack([image[0] for image in x])
    first = F.layer_norm(first, first.shape[-1:], state["norm.weight"], state["norm.bias"], 1e-6)
    return F.linear(first, state["head.weight"], state["head.bias"])


def linear_rows(kernel: Tensor) -> Tensor:
    return kernel_oracle(kernel)


EXERCISE = Exercise(
    name="ViT",
    title="The vision transformer",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="logits and all gradients agree with the same weights in PyTorch's own layers",
    passed="Agrees with PyTorch's encoder layers on noise-filled weights: grids that are not square, several channels, gradients of every parameter.",
    cases=vit_cases,
    sample=vit_sample,
    oracle=vit_oracle,
    protocol=ModuleProtocol(),
    reference="course_lib.lessons.lesson_16_images_as_tokens.reference.ViT",
    hints=(
        "Five things in a row, and you have written most of them: cut and project, class token and positions, blocks, norm and pool, "
        "head. In which shape does self.patches return its result?",
        "x = self.patches of images, as rows (B, N, d_model)\nx = embed of x, class token, places\n"
        "x = each block of x in turn\nhead of pool of norm of x",
        "self.patches(images).flatten(2).mT are the rows. After the loop over self.blocks: self.norm(x), then pool(…), "
        "then self.head(…).",
    ),
    kinds=("batch_of_one",),
    wrong_answers=MISTAKES,
)
