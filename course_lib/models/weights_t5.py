"""Hugging Face's T5 in the course's; see `weights.py`."""

from collections.abc import Mapping

from torch import Tensor

from course_lib.models.weights import State, above, below, count_layers, renamed

_PARTS = {
    "SelfAttention": ("attn", {"w_q": "q", "w_k": "k", "w_v": "v", "w_o": "o"}),
    "EncDecAttention": ("cross", {"w_q": "q", "w_k": "k", "w_v": "v", "w_o": "o"}),
    "DenseReluDense": ("ff", {"w_in": "wi", "w_out": "wo"}),
}
_SIDES = {
    "encoder": ("SelfAttention", "DenseReluDense"),
    "decoder": ("SelfAttention", "EncDecAttention", "DenseReluDense"),
}


def from_t5(theirs: Mapping[str, Tensor]) -> State:
    """Translate `T5ForConditionalGeneration` as first published to `T5`: ReLU, tied words.

    Args:
        theirs: its `state_dict`.

    Raises:
        ValueError: for T5 1.1 and its kin, whose feed-forward networks have a gate.
    """
    if any(".wi_0." in name for name in theirs):
        raise ValueError("this T5 has gated feed-forward networks (version 1.1); ours has ReLU")
    ours = {"words.weight": theirs["shared.weight"]}
    for side, parts in _SIDES.items():
        table = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        ours[f"{side}_table"] = theirs[table]
        ours[f"{side}_norm.weight"] = theirs[f"{side}.final_layer_norm.weight"]
        for n in range(count_layers(theirs, rf"{side}\.block\.(\d+)\.")):
            block = _block(below(theirs, f"{side}.block.{n}.layer."), parts)
            ours |= above(block, f"{side}.{n}.")
    return ours


def _block(theirs: Mapping[str, Tensor], parts: tuple[str, ...]) -> State:
    """Translate one block: each of its parts is a numbered layer with a norm before it."""
    names = {}
    for place, part in enumerate(parts):
        our, inside = _PARTS[part]
        names[f"norm{place + 1}"] = f"{place}.layer_norm"
        names |= {f"{our}.{mine}": f"{place}.{part}.{its}" for mine, its in inside.items()}
    return renamed(theirs, names)
