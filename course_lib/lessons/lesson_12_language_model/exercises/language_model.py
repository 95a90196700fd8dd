"""“A decoder-only model”: its cases, its oracle, its hints."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_12_language_model.mistakes.language_model import MISTAKES
from course_lib.models.blocks import BlockConfig


def model_state(rng: Any, v: int, max_len: int, config: BlockConfig, n_layers: int) -> Any:
    """Fill every parameter with noise."""
    d, ff = config.d_model, config.d_ff
    square, line = (d, d), (d,)
    block = {
        f"attn.w_{x}.{kind}": size
        for x in "qkvo"
        for kind, size in (("weight", square), ("bias", line))
    }
    block |= {f"norm{n}.{kind}": line for n in (1, 2) for kind in ("weight", "bias")}
    block |= {"ff.w_in.weight": (ff, d), "ff.w_in.bias": (ff,)}
    block |= {"ff.w_out.weight": (d, ff), "ff.w_out.bias": line}
    shapes = {"embed.weight": (v, d), "positions.weight": (max_len, d)}
    for n in range(n_layers):
        shapes |= {f"blocks.{n}.{name}": size for name, size in block.items()}
    shapes |= {"norm.weight": line, "norm.bias": line}
    return {name: noise(rng, *size, scale=0.5) for name, size in shapes.items()}


def model_case(label: str, sizes: Sequence[int], start: int, seed: Any, edge: bool = False) -> Case:
    v, max_len, n_layers, b, t = sizes
    rng = rng_of(seed)
    config = BlockConfig(d_model=6, n_heads=2, d_ff=10)
    init = {"vocab_size": v, "max_len": max_len, "config": config, "n_layers": n_layers}
    tokens = draw_ids(rng, v, b, t)
    state = model_state(rng, v, max_len, config, n_layers)
    args = (tokens, start) if start else (tokens,)
    return Case(
        label=label, args=args, init=init, state=state, gradients=not edge and start == 0, edge=edge
    )


def model_cases() -> list[Case]:
    return [
        model_case("one text of three tokens, two layers", (5, 4, 2, 1, 3), 0, 0),
        model_case("2 texts of 4 tokens, 7 kinds, two layers, seed 1", (7, 9, 2, 2, 4), 0, 1),
        model_case("3 texts of 5 tokens that 4 others precede, seed 2", (7, 9, 2, 3, 5), 4, 2),
        model_case("2 texts that fill all 6 positions, seed 3", (11, 6, 3, 2, 6), 0, 3),
        model_case("a single token", (5, 3, 2, 1, 1), 0, 5, edge=True),
        model_case("one token at the last position", (5, 7, 2, 2, 1), 6, 4, edge=True),
    ]


def model_sample(rng: np.random.Generator) -> Case:
    t, start = pick(rng, range(1, 5)), pick(rng, range(3))
    sizes = (pick(rng, range(2, 6)), t + start, 2, pick(rng, (1, 2)), t)
    return model_case("random", sizes, start, rng)


def model_oracle(
    state: dict[str, Tensor],
    tokens: Tensor,
    start: int = 0,
    *,
    vocab_size: int,
    max_len: int,
    config: BlockConfig,
    n_layers: int,
) -> Tensor:
    """PyTorch's own functions, layer by layer, with the parameters as they are."""

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"])

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def heads(x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], config.n_heads, -1).transpose(1, 2)

    x = state["embed.weight"][tokens] + state["positions.weight"][start:][: tokens.shape[1]]
    for n in range(n_layers):
        block = f"blocks.{n}"
        y = norm(x, f"{block}.norm1")
        q, k, v = (heads(linear(y, f"{block}.attn.w_{name}")) for name in "qkv")
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + linear(found.reshape(x.shape), f"{block}.attn.w_o")
        hidden = F.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.ff.w_in"))
        x = x + linear(hidden, f"{block}.ff.w_out")
    return norm(x, "norm") @ state["embed.weight"].T


def reads_no_future(call: Callable[..., Any], case: Case, out: Any) -> str | None:
    """Change the last token: no earlier place may move."""
    tokens, rest = case.args[0], case.args[1:]
    if tokens.shape[1] < 2 or out.shape[:2] != tokens.shape:
        return None
    other = tokens.clone()
    other[:, -1] = (other[:, -1] + 1) % case.init["vocab_size"]
    moved = (call(other, *rest) - out)[:, :-1].abs().amax(-1) > 1e-9
    if not moved.any():
        return None
    place = int(moved.any(0).nonzero()[0])
    return (
        f"The last token was changed, and the scores at place {place} moved: that place reads its future, and so can look up "
        "its own label."
    )


EXERCISE = Exercise(
    name="LanguageModel",
    title="A decoder-only model",
    minutes=14,
    difficulty=3,
    proves="logits and gradients are those of PyTorch's own functions with your weights, and no place reads its future",
    passed="Agrees with PyTorch's functions layer by layer, gradients too; no place reads its future.",
    cases=model_cases,
    sample=model_sample,
    oracle=model_oracle,
    reference="course_lib.lessons.lesson_12_language_model.reference.LanguageModel",
    protocol=ModuleProtocol(),
    properties=(Property(id="reads_no_future", holds=reads_no_future),),
    device="any",
    hints=(
        "Four steps: read (two tables), exchange (blocks, each with the causal mask), normalise, name. Which table serves at both "
        "ends?",
        "__init__: embed (V, d), positions (max_len, d), blocks (n_layers of them, each its own), norm\nforward: rows of embed + rows "
        "start … start + T − 1 of positions\n  each block with the causal mask\n  norm, then the dot product with every row of embed",
        "self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers)); x = self.embed(tokens) + "
        "self.positions.weight[start : start + T]; at the end self.norm(x) @ self.embed.weight.T.",
    ),
    kinds=("batch_of_one", "one_place", "repeats"),
    wrong_answers=MISTAKES,
)
