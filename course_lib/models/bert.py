"""BERT: an encoder that reads in both directions, and the head that guesses hidden words."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.attention.multi_head import ablate
from course_lib.models.blocks import BlockConfig, EncoderBlock
from course_lib.models.checks import check_sizes


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """Sizes of a `Bert`; the defaults are MiniLM's.

    Args:
        vocab_size: V.
        d_model: width.
        n_heads: heads of each attention.
        n_layers: blocks.
        d_ff: width of the hidden layer of each block.
        max_len: places, so the longest text.
        n_segments: kinds of text told apart: a first and a second one.
        dropout: share dropped in training.
        eps: of the layer norms.
    """

    vocab_size: int = 30_522
    d_model: int = 384
    n_heads: int = 12
    n_layers: int = 6
    d_ff: int = 1536
    max_len: int = 512
    n_segments: int = 2
    dropout: float = 0.0
    eps: float = 1e-12

    def __post_init__(self) -> None:
        check_sizes(
            vocab_size=self.vocab_size,
            n_layers=self.n_layers,
            max_len=self.max_len,
            n_segments=self.n_segments,
        )
        self.block()  # complains about what blocks cannot be

    def block(self) -> BlockConfig:
        """Return the sizes of a block: norms after the sums, as in the first transformer."""
        return BlockConfig(
            d_model=self.d_model,
            n_heads=self.n_heads,
            d_ff=self.d_ff,
            dropout=self.dropout,
            norm_first=False,
            activation="gelu",
            eps=self.eps,
        )


class Bert(nn.Module):
    """Embed tokens, places and segments, then let them exchange what they hold.

    Paper: Devlin et al. 2019, §3 and figure 2; GELU as in §A.2.

    Args:
        config: its sizes.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config, d = config, config.d_model
        self.words = nn.Embedding(config.vocab_size, d)
        self.places = nn.Embedding(config.max_len, d)
        self.segments = nn.Embedding(config.n_segments, d)
        self.norm, self.drop = nn.LayerNorm(d, eps=config.eps), nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(EncoderBlock(config.block()) for _ in range(config.n_layers))
        self.pooler = nn.Linear(d, d)
        self.apply(start_small)

    def forward(
        self,
        tokens: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"] | None = None,
        segments: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T d_model"]:
        """Return the last hidden states.

        Args:
            tokens: ids.
            mask: True where a token is real, False where it is padding.
            segments: 0 for tokens of a first text, 1 for those of a second; all 0 when left out.
        """
        x = self.embed(tokens, segments)
        for block in self.blocks:
            x = block(x, as_keys(mask))
        return x

    def embed(
        self, tokens: Int[Tensor, "B T"], segments: Int[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T d_model"]:
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
        segments = torch.zeros_like(tokens) if segments is None else segments
        return self.drop(self.norm(self.words(tokens) + places + self.segments(segments)))

    def pool(self, hidden: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B d_model"]:
        """Return one vector for each text: `tanh(W h_0 + b)` of its first token, [CLS].

        Paper: Devlin et al. 2019, §3 (the final hidden state of [CLS]); the layer is in its code.
        """
        return torch.tanh(self.pooler(hidden[:, 0]))

    def hidden_states(
        self,
        tokens: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"] | None = None,
        segments: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "L1 B T d_model"]:
        """Return what every block reads, and what the last one writes: n_layers + 1 of them."""
        states = [self.embed(tokens, segments)]
        for block in self.blocks:
            states.append(block(states[-1], as_keys(mask)))
        return torch.stack(states)

    def attention_weights(
        self,
        tokens: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"] | None = None,
        segments: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "L B H T T"]:
        """Return the attention weights of every layer and head."""
        states = self.hidden_states(tokens, mask, segments)
        read = zip(self.blocks, states[:-1], strict=True)
        return torch.stack([block.attn.weights(x, x, as_keys(mask)) for block, x in read])

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


class MaskedLanguageModel(nn.Module):
    """Guess the token at every position: a small layer, then the table that reads also writes.

    Paper: Devlin et al. 2019, §3.1, task 1; the layer between is in the authors' code.

    Args:
        bert: the encoder; its words are shared.
    """

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        d = bert.config.d_model
        self.bert, self.dense = bert, nn.Linear(d, d)
        self.norm = nn.LayerNorm(d, eps=bert.config.eps)
        self.bias = nn.Parameter(torch.zeros(bert.config.vocab_size))
        self.dense.apply(start_small)

    def forward(
        self,
        tokens: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"] | None = None,
        segments: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Return the logits of the token that belongs at each position."""
        x = self.norm(F.gelu(self.dense(self.bert(tokens, mask, segments))))
        return F.linear(x, self.bert.words.weight, self.bias)


def as_keys(mask: Bool[Tensor, "B T"] | None) -> Bool[Tensor, "B 1 T"] | None:
    """Return the mask of real tokens as one that every query shares."""
    return None if mask is None else mask[:, None, :]


def start_small(module: nn.Module) -> None:
    """Draw the first weights of a layer from N(0, 0.02²) and set its bias to zero.

    Source: `initializer_range` in the configuration of the authors' code.
    """
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
