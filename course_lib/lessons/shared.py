"""What several lessons share: a block's parameters, PyTorch's names for them, and masks."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.draws import pad_mask
from course_lib.checking.noise import Seed, noise, rng_of


def linear(rng: np.random.Generator, name: str, d_in: int, d_out: int) -> dict[str, Tensor]:
    weight = noise(rng, d_out, d_in, scale=d_in**-0.5)
    return {f"{name}.weight": weight, f"{name}.bias": noise(rng, d_out, scale=0.5)}


def norm_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + noise(rng, d, scale=0.5), f"{name}.bias": noise(rng, d)}


def linears(rng: np.random.Generator, d_in: dict[str, int], d_out: int) -> dict[str, Tensor]:
    """Return several layers of one width out, each with its name and width in."""
    state: dict[str, Tensor] = {}
    for name, width in d_in.items():
        state |= linear(rng, name, width, d_out)
    return state


def attention_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return linears(rng, {f"{name}.{part}": d for part in ("w_q", "w_k", "w_v", "w_o")}, d)


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


def attention_names(
    state: dict[str, Tensor], ours: str = "", theirs: str = "", apart: bool = False
) -> dict[str, Tensor]:
    """Rename an attention's parameters as `nn.MultiheadAttention` keeps them.

    Args:
        state: parameters; those of this attention begin with `ours`.
        ours, theirs: what stands before each name, such as "attn." and "self_attn.".
        apart: whether the three weights stand apart (keys and values of other widths).
    """
    weights = [state[f"{ours}{name}.weight"] for name in ("w_q", "w_k", "w_v")]
    if apart:
        kept = {f"{theirs}{n}_proj_weight": w for n, w in zip("qkv", weights, strict=True)}
    else:
        kept = {f"{theirs}in_proj_weight": torch.cat(weights)}
    biases = torch.cat([state[f"{ours}{name}.bias"] for name in ("w_q", "w_k", "w_v")])
    kept[f"{theirs}in_proj_bias"] = biases
    return kept | {f"{theirs}out_proj.{p}": state[f"{ours}w_o.{p}"] for p in ("weight", "bias")}


def torch_names(
    state: dict[str, Tensor], cross: bool = False, block: str = ""
) -> dict[str, Tensor]:
    """Rename the parameters of a block, which begin with `block`, to those of PyTorch's layers."""
    theirs = {"norm1": "norm1", "norm2": "norm2", "ff.w_in": "linear1", "ff.w_out": "linear2"}
    theirs |= {"norm3": "norm3"} if cross else {}
    named = {
        f"{new}.{p}": state[f"{block}{old}.{p}"]
        for old, new in theirs.items()
        for p in ("weight", "bias")
    }
    named |= attention_names(state, f"{block}attn.", "self_attn.")
    if cross:
        named |= attention_names(state, f"{block}cross.", "multihead_attn.")
    return named


def mask_of(kind: str, seed: int, b: int, t: int, s: int) -> Tensor | None:
    """Return a mask of one kind; every row of it allows something unless the kind says otherwise."""
    if kind == "no mask":
        return None
    if kind == "causal":
        return torch.ones(t, s, dtype=torch.bool).tril(max(s - t, 0))
    if kind == "padding":
        return pad_mask([s - 1 - i % 2 for i in range(b)], s)[:, None]
    mask = noise(seed, b, t, s) > 0
    mask[..., 1] = True
    if kind == "a query with nothing to attend to":
        mask[:, 2, :] = False
    return mask


def blocked(mask: Tensor | None, n_heads: int, *shape: int) -> Tensor | None:
    """Return a mask as PyTorch's layers read it: True = blocked, one for each head."""
    return None if mask is None else ~mask.expand(*shape).repeat_interleave(n_heads, dim=0)
