"""The field's own vision transformers in the course's; see `weights.py`."""

from collections.abc import Mapping

from torch import Tensor

from course_lib.models.weights import (
    State,
    above,
    below,
    count_layers,
    in_projection,
    renamed,
)

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


def from_torch_vit(theirs: Mapping[str, Tensor]) -> State:
    """Translate torchvision's `VisionTransformer` (`vit_b_16` and its kin) to `ViT`.

    Args:
        theirs: its `state_dict`.
    """
    names = {"patches": "conv_proj", "norm": "encoder.ln", "head": "heads.head"}
    ours = renamed(theirs, names) | {
        "class_token": theirs["class_token"].flatten(),
        "places": theirs["encoder.pos_embedding"][0],
    }
    stem = "encoder.layers.encoder_layer_"
    for n in range(count_layers(theirs, stem.replace(".", r"\.") + r"(\d+)\.")):
        layer = below(theirs, f"{stem}{n}.")
        block = renamed(layer, _TORCHVISION) | in_projection(layer, "self_attention", "attn")
        ours |= above(block, f"blocks.{n}.")
    return ours


def from_hf_vit(theirs: Mapping[str, Tensor]) -> State:
    """Translate Hugging Face's `ViTForImageClassification` or `ViTModel` to `ViT`.

    Args:
        theirs: its `state_dict`, of version 4 or 5 of the library. A `ViTModel` has no classifier:
            load the result with `strict=False`; its pooler is left out.
    """
    theirs = {_of_version_5(name.removeprefix("vit.")): value for name, value in theirs.items()}
    names = {"patches": "embeddings.patch_embeddings.projection", "norm": "layernorm"}
    ours = renamed(theirs, names | {"head": "classifier"}) | {
        "class_token": theirs["embeddings.cls_token"].flatten(),
        "places": theirs["embeddings.position_embeddings"][0],
    }
    for n in range(count_layers(theirs, r"layers\.(\d+)\.")):
        block = renamed(below(theirs, f"layers.{n}."), _HUGGING_FACE)
        ours |= above(block, f"blocks.{n}.")
    return ours


def _of_version_5(name: str) -> str:
    for old, new in _VERSION_4:
        name = name.replace(old, new)
    return name
