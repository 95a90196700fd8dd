"""Weights of Hugging Face's T5, renamed to those of `T5`."""

from collections.abc import Mapping

from torch import Tensor

_ATTENTION = {"w_q": "q", "w_k": "k", "w_v": "v", "w_o": "o"}
_SIDES = {
    "encoder": {"attn": "SelfAttention", "ff": "DenseReluDense"},
    "decoder": {"attn": "SelfAttention", "cross": "EncDecAttention", "ff": "DenseReluDense"},
}


def from_t5(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters of `T5ForConditionalGeneration` as first published: ReLU, tied words.

    Args:
        theirs: its `state_dict`.

    Returns:
        A `state_dict` for a `T5` of the same sizes.

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
        layer = 0
        while (block := f"{side}.block.{layer}") + ".layer.0.layer_norm.weight" in theirs:
            for place, (our, their) in enumerate(parts.items()):
                norm = theirs[f"{block}.layer.{place}.layer_norm.weight"]
                ours[f"{side}.{layer}.norm{place + 1}.weight"] = norm
                names = {"w_in": "wi", "w_out": "wo"} if our == "ff" else _ATTENTION
                for mine, part in names.items():
                    weight = theirs[f"{block}.layer.{place}.{their}.{part}.weight"]
                    ours[f"{side}.{layer}.{our}.{mine}.weight"] = weight
            layer += 1
    return ours
