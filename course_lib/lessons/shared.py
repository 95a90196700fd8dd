"""What several lessons share: a block's parameters, and the names that PyTorch gives them."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.noise import Seed, noise, rng_of


def linear(rng: np.random.Generator, name: str, d_in: int, d_out: int) -> dict[str, Tensor]:
    weight = noise(rng, d_out, d_in, scale=d_in**-0.5)
    return {f"{name}.weight": weight, f"{name}.bias": noise(rng, d_out, scale=0.5)}


def norm_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + noise(rng, d, scale=0.5), f"{name}.bias": noise(rng, d)}


def attention_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for part in ("w_q", "w_k", "w_v", "w_o"):
        state |= linear(rng, f"{name}.{part}", d, d)
    return state


def feed_state(rng: np.random.Generator, d: int, d_ff: int, name: str = "") -> dict[str, Tensor]:
    return linear(rng, f"{name}w_in", d, d_ff) | linear(rng, f"{name}w_out", d_ff, d)


def block_state(seed: Seed, d: int, d_ff: int, cross: bool = False) -> dict[str, Tensor]:
    """Noise for every parameter of a block: fresh ones hide mistakes."""
    rng = rng_of(seed)
    state = norm_state(rng, "norm1", d) | attention_state(rng, "attn", d)
    state |= norm_state(rng, "norm2", d)
    if cross:
        state |= attention_state(rng, "cross", d) | norm_state(rng, "norm3", d)
    return state | feed_state(rng, d, d_ff, "ff.")


def torch_names(state: dict[str, Tensor], cross: bool = False) -> dict[str, Tensor]:
    """Rename parameters to those of PyTorch's own layers."""
    theirs = {"norm1": "norm1", "norm2": "norm2", "ff.w_in": "linear1", "ff.w_out": "linear2"}
    theirs |= {"norm3": "norm3"} if cross else {}
    named = {
        f"{new}.{p}": state[f"{old}.{p}"] for old, new in theirs.items() for p in ("weight", "bias")
    }
    attentions = {"attn": "self_attn"} | ({"cross": "multihead_attn"} if cross else {})
    for old, new in attentions.items():
        for p in ("weight", "bias"):
            parts = [state[f"{old}.{name}.{p}"] for name in ("w_q", "w_k", "w_v")]
            named[f"{new}.in_proj_{p}"] = torch.cat(parts)
            named[f"{new}.out_proj.{p}"] = state[f"{old}.w_o.{p}"]
    return named


def blocked(mask: Tensor | None, n_heads: int, *shape: int) -> Tensor | None:
    """Return a mask as PyTorch's layers read it: True = blocked, one for each head."""
    return None if mask is None else ~mask.expand(*shape).repeat_interleave(n_heads, dim=0)
