"""Weights of Hugging Face's BERT, renamed to those of `Bert` and its head."""

from collections.abc import Mapping

from torch import Tensor

_BLOCK = {
    "attn.w_q": "attention.self.query",
    "attn.w_k": "attention.self.key",
    "attn.w_v": "attention.self.value",
    "attn.w_o": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "ff.w_in": "intermediate.dense",
    "ff.w_out": "output.dense",
    "norm2": "output.LayerNorm",
}


def from_bert(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters of `BertModel`, pooler included.

    Args:
        theirs: its `state_dict`; a prefix "bert." is taken away. Without a pooler in it, load what
            comes back with `strict=False`.

    Returns:
        A `state_dict` for a `Bert` of the same sizes.
    """
    theirs = {name.removeprefix("bert."): value for name, value in theirs.items()}
    ours = {
        "words.weight": theirs["embeddings.word_embeddings.weight"],
        "places.weight": theirs["embeddings.position_embeddings.weight"],
        "segments.weight": theirs["embeddings.token_type_embeddings.weight"],
    }
    names = {"norm": "embeddings.LayerNorm"}
    if "pooler.dense.weight" in theirs:
        names["pooler"] = "pooler.dense"
    layer = 0
    while f"encoder.layer.{layer}.attention.self.query.weight" in theirs:
        for our, their in _BLOCK.items():
            names[f"blocks.{layer}.{our}"] = f"encoder.layer.{layer}.{their}"
        layer += 1
    return ours | _pairs(theirs, names)


def from_bert_lm(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters of `BertForMaskedLM`; it has no pooler, so load with `strict=False`.

    Args:
        theirs: its `state_dict`.

    Returns:
        A `state_dict` for a `MaskedLanguageModel`.
    """
    ours = {f"bert.{name}": value for name, value in from_bert(theirs).items()}
    head = "cls.predictions"
    names = {"dense": f"{head}.transform.dense", "norm": f"{head}.transform.LayerNorm"}
    return ours | _pairs(theirs, names) | {"bias": theirs[f"{head}.bias"]}


def _pairs(theirs: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    return {
        f"{our}.{kind}": theirs[f"{their}.{kind}"]
        for our, their in names.items()
        for kind in ("weight", "bias")
    }
