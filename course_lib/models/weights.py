"""Foreign weights in the course's models: each function translates one `state_dict`.

A translation renames, cuts or transposes, and computes nothing: what holds for weights holds for
their gradients. No function imports the library that the weights come from.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

State = dict[str, Tensor]


@torch.no_grad()
def noise_fill(module: nn.Module, seed: int, scale: float = 0.2) -> nn.Module:
    """Fill every parameter, and every running statistic, with noise; return the module.

    Fresh norms are ones and fresh biases zeros: with them a forgotten bias or two norms that
    changed places go unseen. Weights of norms, and variances, are spread around 1.

    Args:
        module: what to fill.
        seed: of the noise.
        scale: its standard deviation.

    >>> layer = noise_fill(nn.LayerNorm(3), seed=0)
    >>> bool((layer.weight != 1).all() and (layer.bias != 0).all())
    True
    """
    generator = torch.Generator().manual_seed(seed)

    def noise(tensor: Tensor) -> Tensor:
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        return (scale * drawn).to(tensor)

    for name, parameter in module.named_parameters():
        around = 1.0 if parameter.dim() == 1 and name.endswith("weight") else 0.0
        parameter.copy_(around + noise(parameter))
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(noise(buffer))
        if name.endswith("running_var"):
            buffer.copy_(1 + noise(buffer).abs())
    return module


# ---------------------------------------------------------------- PyTorch


def from_torch_encoder_layer(theirs: Mapping[str, Tensor]) -> State:
    """Translate `nn.TransformerEncoderLayer` to `EncoderBlock`.

    Args:
        theirs: its `state_dict`.
    """
    ours = in_projection(theirs, "self_attn", "attn")
    return ours | renamed(theirs, _TORCH_ENCODER)


def from_torch_decoder_layer(theirs: Mapping[str, Tensor]) -> State:
    """Translate `nn.TransformerDecoderLayer` to `DecoderBlock`.

    Args:
        theirs: its `state_dict`.
    """
    ours = in_projection(theirs, "self_attn", "attn")
    ours |= in_projection(theirs, "multihead_attn", "cross")
    return ours | renamed(theirs, _TORCH_DECODER)


def from_torch_transformer(theirs: Mapping[str, Tensor]) -> State:
    """Translate `nn.Transformer` to the two stacks of `Transformer`, made with `last_norm=True`.

    It has no embeddings and no head: load the result with `strict=False`.

    Args:
        theirs: its `state_dict`.
    """
    layers = {"encoder": from_torch_encoder_layer, "decoder": from_torch_decoder_layer}
    ours = renamed(theirs, {"encoder_norm": "encoder.norm", "decoder_norm": "decoder.norm"})
    for stack, translate in layers.items():
        for n in range(count_layers(theirs, rf"{stack}\.layers\.(\d+)\.")):
            block = translate(below(theirs, f"{stack}.layers.{n}."))
            ours |= above(block, f"{stack}.{n}.")
    return ours


_TORCH_ENCODER = {
    "attn.w_o": "self_attn.out_proj",
    "norm1": "norm1",
    "norm2": "norm2",
    "ff.w_in": "linear1",
    "ff.w_out": "linear2",
}
_TORCH_DECODER = _TORCH_ENCODER | {"cross.w_o": "multihead_attn.out_proj", "norm3": "norm3"}


def in_projection(theirs: Mapping[str, Tensor], their: str, our: str) -> State:
    """Cut PyTorch's stacked projection, rows of queries, keys and values, in three."""
    ours = {}
    for part in ("weight", "bias"):
        stacked = theirs.get(f"{their}.in_proj_{part}")
        if stacked is not None:
            for name, rows in zip("qkv", stacked.chunk(3), strict=True):
                ours[f"{our}.w_{name}.{part}"] = rows
    return ours


# ---------------------------------------------------------------- Hugging Face


def from_gpt2(theirs: Mapping[str, Tensor]) -> State:
    """Translate `GPT2LMHeadModel` to `GPT`.

    Its matrices have inputs down and outputs across: they are transposed.

    Args:
        theirs: its `state_dict`.
    """
    ours = {
        "embed.weight": theirs["transformer.wte.weight"],
        "positions.table": theirs["transformer.wpe.weight"],
        "head.weight": theirs["lm_head.weight"],
    }
    ours |= renamed(theirs, {"norm": "transformer.ln_f"})
    for n in range(count_layers(theirs, r"transformer\.h\.(\d+)\.")):
        block = renamed(below(theirs, f"transformer.h.{n}."), _GPT2_BLOCK)
        turned = {name: x.T if x.dim() == 2 else x for name, x in block.items()}
        ours |= above(turned, f"blocks.{n}.")
    return ours


_GPT2_BLOCK = {
    "norm1": "ln_1",
    "attn.w_qkv": "attn.c_attn",
    "attn.w_o": "attn.c_proj",
    "norm2": "ln_2",
    "ff.w_in": "mlp.c_fc",
    "ff.w_out": "mlp.c_proj",
}


def from_marian(theirs: Mapping[str, Tensor]) -> State:
    """Translate `MarianMTModel` to `Transformer`, made with `positions="halves", head_bias=True`.

    Args:
        theirs: its `state_dict`.
    """
    ours = {
        "source_embed.weight": theirs["model.encoder.embed_tokens.weight"],
        "target_embed.weight": theirs["model.decoder.embed_tokens.weight"],
        "head.weight": theirs["lm_head.weight"],
    }
    if "final_logits_bias" in theirs:
        ours["head.bias"] = theirs["final_logits_bias"].flatten()
    return ours | _stacks(theirs)


def from_bart(theirs: Mapping[str, Tensor]) -> State:
    """Translate `BartForConditionalGeneration` to `Transformer`.

    The transformer is made with `positions="learned", norm_embeddings=True, head_bias=True,
    scale_embeddings=False, activation="gelu"`.

    Args:
        theirs: its `state_dict`. The first two rows of its positions stand for padding, which once
            had positions of its own; they are left out.
    """
    ours = {
        "source_embed.weight": theirs["model.encoder.embed_tokens.weight"],
        "target_embed.weight": theirs["model.decoder.embed_tokens.weight"],
        "source_positions.table": theirs["model.encoder.embed_positions.weight"][2:],
        "target_positions.table": theirs["model.decoder.embed_positions.weight"][2:],
        "head.weight": theirs["lm_head.weight"],
    }
    if "final_logits_bias" in theirs:
        ours["head.bias"] = theirs["final_logits_bias"].flatten()
    norms = {"source_norm": "encoder", "target_norm": "decoder"}
    names = {our: f"model.{side}.layernorm_embedding" for our, side in norms.items()}
    return ours | renamed(theirs, names) | _stacks(theirs)


def _stacks(theirs: Mapping[str, Tensor]) -> State:
    """Translate the blocks of Marian and BART, which have the same names."""
    ours: State = {}
    for stack, names in {"encoder": _MARIAN_ENCODER, "decoder": _MARIAN_DECODER}.items():
        for n in range(count_layers(theirs, rf"model\.{stack}\.layers\.(\d+)\.")):
            block = renamed(below(theirs, f"model.{stack}.layers.{n}."), names)
            ours |= above(block, f"{stack}.{n}.")
    return ours


def _attention(our: str, their: str) -> dict[str, str]:
    names = {"w_q": "q_proj", "w_k": "k_proj", "w_v": "v_proj", "w_o": "out_proj"}
    return {f"{our}.{mine}": f"{their}.{its}" for mine, its in names.items()}


_MARIAN_ENCODER = {
    **_attention("attn", "self_attn"),
    "norm1": "self_attn_layer_norm",
    "ff.w_in": "fc1",
    "ff.w_out": "fc2",
    "norm2": "final_layer_norm",
}
_MARIAN_DECODER = {
    **_MARIAN_ENCODER,
    **_attention("cross", "encoder_attn"),
    "norm2": "encoder_attn_layer_norm",
    "norm3": "final_layer_norm",
}


# ---------------------------------------------------------------- helpers


def renamed(theirs: Mapping[str, Tensor], names: Mapping[str, str]) -> State:
    """Return weight and bias, where there is one, of each module under our name for it."""
    return {
        f"{our}.{part}": theirs[f"{their}.{part}"]
        for our, their in names.items()
        for part in ("weight", "bias")
        if f"{their}.{part}" in theirs
    }


def below(state: Mapping[str, Tensor], prefix: str) -> State:
    """Return what a module holds, under the names it has there."""
    return {name[len(prefix) :]: x for name, x in state.items() if name.startswith(prefix)}


def above(state: Mapping[str, Tensor], prefix: str) -> State:
    """Return a module's weights under the names they have in what holds it."""
    return {prefix + name: x for name, x in state.items()}


def count_layers(state: Mapping[str, Tensor], pattern: str) -> int:
    """Return how many layers there are: one more than the largest number found."""
    found = (re.match(pattern, name) for name in state)
    return 1 + max((int(match[1]) for match in found if match), default=-1)
