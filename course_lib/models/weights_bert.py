"""Hugging Face's BERT in the course's, head included; see `weights.py`."""

from collections.abc import Mapping

from torch import Tensor

from course_lib.models.weights import State, above, below, count_layers, renamed

_AROUND = {
    "words": "embeddings.word_embeddings",
    "places": "embeddings.position_embeddings",
    "segments": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
    "pooler": "pooler.dense",
}
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


def from_bert(theirs: Mapping[str, Tensor]) -> State:
    """Translate `BertModel` to `Bert`, pooler included.

    Args:
        theirs: its `state_dict`; a prefix "bert." is taken away. Without a pooler in it, load what
            comes back with `strict=False`.
    """
    theirs = {name.removeprefix("bert."): value for name, value in theirs.items()}
    ours = renamed(theirs, _AROUND)
    for n in range(count_layers(theirs, r"encoder\.layer\.(\d+)\.")):
        block = renamed(below(theirs, f"encoder.layer.{n}."), _BLOCK)
        ours |= above(block, f"blocks.{n}.")
    return ours


def from_bert_lm(theirs: Mapping[str, Tensor]) -> State:
    """Translate `BertForMaskedLM` to `MaskedLanguageModel`.

    It has no pooler: load the result with `strict=False`.

    Args:
        theirs: its `state_dict`.
    """
    head = "cls.predictions"
    names = {"dense": f"{head}.transform.dense", "norm": f"{head}.transform.LayerNorm"}
    ours = above(from_bert(theirs), "bert.") | renamed(theirs, names)
    return ours | {"bias": theirs[f"{head}.bias"]}
