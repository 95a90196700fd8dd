"""A BERT-style encoder that can be read, and the pretrained MiniLM loaded into it.

Paper: Devlin et al. 2019, §3 (the architecture); Wang et al. 2020 (MiniLM, how it was distilled).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention, ablate
from course_lib.data.pretrained import encoder_tokenizer, encoder_weights


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Sizes of an encoder; the defaults are MiniLM's."""

    vocab_size: int = 30_522
    d_model: int = 384
    n_heads: int = 12
    n_layers: int = 6
    d_ff: int = 1536
    max_len: int = 512

    def __post_init__(self) -> None:
        if self.d_model % self.n_heads:
            raise ValueError(f"d_model = {self.d_model} does not split into {self.n_heads} heads")


class EncoderBlock(nn.Module):
    """Attention, then a small network at every position; each is added, then normalised.

    The norm comes after the sum (post-norm).

    Paper: Vaswani et al. 2017, §3.1 and §3.3; GELU as in Devlin et al. 2019, §A.2.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(config.d_model, config.n_heads)
        self.norm1 = nn.LayerNorm(config.d_model, eps=1e-12)
        self.ff = nn.Sequential(
            nn.Linear(config.d_model, config.d_ff),
            nn.GELU(),
            nn.Linear(config.d_ff, config.d_model),
        )
        self.norm2 = nn.LayerNorm(config.d_model, eps=1e-12)

    def forward(
        self, x: Float[Tensor, "B T d_model"], mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round of exchange."""
        x = self.norm1(x + self.attn(x, x, x, mask))
        return self.norm2(x + self.ff(x))


class Encoder(nn.Module):
    """Embed tokens and places, then let them exchange what they hold in `n_layers` blocks.

    Args:
        config: its sizes.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocab_size, config.d_model)
        self.places = nn.Embedding(config.max_len, config.d_model)
        # BERT tells a first text from a second one; here all tokens are of the first.
        self.kind = nn.Parameter(torch.zeros(config.d_model))
        self.norm = nn.LayerNorm(config.d_model, eps=1e-12)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(config.n_layers))

    def forward(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return the last hidden states.

        Args:
            tokens: ids.
            mask: True where a token is real, False where it is padding.
        """
        return self.hidden_states(tokens, mask)[-1]

    def embed(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T d_model"]:
        """Return what the first block reads.

        Raises:
            ValueError: when the text is longer than there are places.
        """
        n = tokens.shape[1]
        if n > self.config.max_len:
            raise ValueError(
                f"{n} tokens are too many: the encoder has {self.config.max_len} places"
            )
        places = self.places(torch.arange(n, device=tokens.device))
        return self.norm(self.words(tokens) + places + self.kind)

    def hidden_states(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "L1 B T d_model"]:
        """Return what every block reads, and what the last one writes: n_layers + 1 of them."""
        keys = None if mask is None else mask[:, None, :]
        states = [self.embed(tokens)]
        for block in self.blocks:
            states.append(block(states[-1], keys))
        return torch.stack(states)

    def attention_weights(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "L B H T T"]:
        """Return the attention weights of every layer and head."""
        keys = None if mask is None else mask[:, None, :]
        states = self.hidden_states(tokens, mask)
        read = zip(self.blocks, states[:-1], strict=True)
        return torch.stack([block.attn.weights(x, x, keys) for block, x in read])

    @contextmanager
    def without(
        self, heads: Iterable[tuple[int, int]], by: Callable[..., Tensor] = ablate
    ) -> Iterator[None]:
        """Silence heads inside a `with` block.

        Args:
            heads: (layer, head) of each.
            by: returns w_o without some of its heads: `by(w_o, heads, n_heads)`.
        """
        named = list(heads)
        outputs = [block.attn.w_o.weight for block in self.blocks]
        before = [weight.data for weight in outputs]
        try:
            for layer, weight in enumerate(outputs):
                silent = [head for at, head in named if at == layer]
                weight.data = by(weight.data, silent, self.config.n_heads)
            yield
        finally:
            for weight, data in zip(outputs, before, strict=True):
                weight.data = data


@cache
def pretrained_encoder() -> Encoder:
    """Return MiniLM: 6 layers of 12 heads, 384 wide, trained to give similar texts similar vectors.

    Raises:
        CourseError: when its files are missing or are not those that the course knows.
    """
    encoder = Encoder(EncoderConfig())
    encoder.load_state_dict(from_bert(encoder_weights(), encoder.config.n_layers))
    return encoder.eval().requires_grad_(False)


def from_bert(theirs: dict[str, Tensor], n_layers: int) -> dict[str, Tensor]:
    """Rename BERT's parameters to those of `Encoder`."""
    ours = {
        "words.weight": theirs["embeddings.word_embeddings.weight"],
        "places.weight": theirs["embeddings.position_embeddings.weight"],
        "kind": theirs["embeddings.token_type_embeddings.weight"][0],
    }
    names = {"norm": "embeddings.LayerNorm"}
    for layer in range(n_layers):
        for our, their in _BLOCK.items():
            names[f"blocks.{layer}.{our}"] = f"encoder.layer.{layer}.{their}"
    for our, their in names.items():
        for part in ("weight", "bias"):
            ours[f"{our}.{part}"] = theirs[f"{their}.{part}"]
    return ours


_BLOCK = {
    "attn.w_q": "attention.self.query",
    "attn.w_k": "attention.self.key",
    "attn.w_v": "attention.self.value",
    "attn.w_o": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "ff.0": "intermediate.dense",
    "ff.2": "output.dense",
    "norm2": "output.LayerNorm",
}


def tokenize(texts: list[str]) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Return MiniLM's ids, padded to the longest text, and which of them are real.

    >>> tokens, mask = tokenize(["the cat", "the cat sat"])
    >>> tokens.tolist(), mask.sum(-1).tolist()
    ([[101, 1996, 4937, 102, 0], [101, 1996, 4937, 2938, 102]], [4, 5])
    """
    rows = [torch.tensor(encoding.ids) for encoding in encoder_tokenizer().encode_batch(texts)]
    lengths = torch.tensor([len(row) for row in rows])
    tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return tokens, torch.arange(tokens.shape[1]) < lengths[:, None]


def text_vectors(
    encoder: Encoder, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B d_model"]:
    """Return one vector of length 1 for each text: the mean of its hidden states, normalised.

    Paper: Reimers and Gurevych 2019, §3 (mean pooling).
    """
    hidden = encoder(tokens, mask) * mask[..., None]
    return nn.functional.normalize(hidden.sum(1), dim=-1)
