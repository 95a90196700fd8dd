"""Weights of the field's own vision transformers, renamed to those of `ViT`."""

from collections.abc import Mapping

from torch import Tensor

_TORCHVISION = {
    "norm1": "ln_1",
    "attn.w_o": "self_attention.out_proj",
    "norm2": "ln_2",
    "ff.w_in": "mlp.0",
    "ff.w_out": "mlp.3",
}
_HUGGING_FACE = {
    "norm1": "layernorm_before",
    "attn.w_q": "attention.q_proj",
    "attn.w_k": "attention.k_proj",
    "attn.w_v": "attention.v_proj",
    "attn.w_o": "attention.o_proj",
    "norm2": "layernorm_after",
    "ff.w_in": "mlp.fc1",
    "ff.w_out": "mlp.fc2",
}
#: The names that version 4 used, and that published files still hold, beside those of version 5.
_VERSION_4 = (
    ("encoder.layer.", "layers."),
    ("attention.attention.query", "attention.q_proj"),
    ("attention.attention.key", "attention.k_proj"),
    ("attention.attention.value", "attention.v_proj"),
    ("attention.output.dense", "attention.o_proj"),
    ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"),
)


def from_torch_vit(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters of torchvision's `VisionTransformer` (`vit_b_16` and its kin).

    Args:
        theirs: its `state_dict`.

    Returns:
        A `state_dict` for a `ViT` with a class token and learned positions.
    """
    ours = {
        "class_token": theirs["class_token"].flatten(),
        "places": theirs["encoder.pos_embedding"][0],
        **_pair("patches", theirs, "conv_proj"),
        **_pair("norm", theirs, "encoder.ln"),
        **_pair("head", theirs, "heads.head"),
    }
    for layer in range(_count(theirs, "encoder.layers.encoder_layer_{}.ln_1.weight")):
        block, their = f"blocks.{layer}", f"encoder.layers.encoder_layer_{layer}"
        for our, part in _TORCHVISION.items():
            ours |= _pair(f"{block}.{our}", theirs, f"{their}.{part}")
        for kind in ("weight", "bias"):  # one matrix makes queries, keys and values
            stacked = theirs[f"{their}.self_attention.in_proj_{kind}"].chunk(3)
            for name, rows in zip("qkv", stacked, strict=True):
                ours[f"{block}.attn.w_{name}.{kind}"] = rows
    return ours


def from_hf_vit(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters of Hugging Face's `ViTForImageClassification` or `ViTModel`.

    Args:
        theirs: its `state_dict`, of version 4 or 5 of the library. A `ViTModel` has no classifier:
            load what comes back with `strict=False`; its pooler is left out.

    Returns:
        A `state_dict` for a `ViT` with a class token and learned positions.
    """
    theirs = {_of_version_5(name.removeprefix("vit.")): value for name, value in theirs.items()}
    ours = {
        "class_token": theirs["embeddings.cls_token"].flatten(),
        "places": theirs["embeddings.position_embeddings"][0],
        **_pair("patches", theirs, "embeddings.patch_embeddings.projection"),
        **_pair("norm", theirs, "layernorm"),
    }
    if "classifier.weight" in theirs:
        ours |= _pair("head", theirs, "classifier")
    for layer in range(_count(theirs, "layers.{}.layernorm_before.weight")):
        for our, part in _HUGGING_FACE.items():
            ours |= _pair(f"blocks.{layer}.{our}", theirs, f"layers.{layer}.{part}")
    return ours


def _of_version_5(name: str) -> str:
    for old, new in _VERSION_4:
        name = name.replace(old, new)
    return name


def _pair(our: str, theirs: Mapping[str, Tensor], their: str) -> dict[str, Tensor]:
    return {f"{our}.{kind}": theirs[f"{their}.{kind}"] for kind in ("weight", "bias")}


def _count(theirs: Mapping[str, Tensor], name: str) -> int:
    """Return how many layers there are; `name` has {} where their number stands."""
    layer = 0
    while name.format(layer) in theirs:
        layer += 1
    return layer
