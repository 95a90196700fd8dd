"""The transformer: an encoder reads a sentence, a decoder writes another.

Paper: Vaswani et al. 2017, §3, figure 1.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.attention.masks import causal_mask
from course_lib.attention.positions import (
    LearnedPositions,
    pairs_to_halves,
    sinusoidal_positions,
)
from course_lib.models.blocks import BlockConfig, DecoderBlock, EncoderBlock, norm_of
from course_lib.models.checks import check_sizes

POSITIONS = ("interleaved", "halves", "learned")


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Sizes of a transformer, and how it is put together; left alone, it is the paper's.

    Args:
        vocab_size: V, tokens of the target language.
        source_vocab_size: tokens of the source language; when left out, both share one vocabulary.
        d_model: width.
        n_heads: heads of each attention; they divide `d_model`.
        n_layers: blocks of the encoder.
        n_decoder_layers: blocks of the decoder; as many when left out.
        d_ff: width of the hidden layers.
        max_len: positions that it knows.
        dropout: share dropped in training, of embeddings and of what each part adds.
        norm_first: pre-norm, with a last norm behind each stack; post-norm otherwise.
        last_norm: whether a norm stands behind each stack; as `norm_first` says when left out.
        activation: of the hidden layers.
        tie: name tokens by the vectors that they are read with; one table serves source, target
            and head where source and target share a vocabulary, target and head otherwise.
        positions: sine and cosine "interleaved" (the paper's code), in "halves" (Marian's), or
            "learned", a table for each side.
        scale_embeddings: multiply embeddings by √d_model.
        norm_embeddings: whether a norm stands before each stack; BART has one.
        head_bias: whether the head adds one; Marian's and BART's do.
        pad, start, end: numbers of the special tokens.
    """

    vocab_size: int
    source_vocab_size: int | None = None
    d_model: int
    n_heads: int
    n_layers: int
    n_decoder_layers: int | None = None
    d_ff: int
    max_len: int = 512
    dropout: float = 0.1
    norm_first: bool = False
    last_norm: bool | None = None
    activation: str = "relu"
    tie: bool = True
    positions: str = "interleaved"
    scale_embeddings: bool = True
    norm_embeddings: bool = False
    head_bias: bool = False
    pad: int = 0
    start: int = 1
    end: int = 2

    def __post_init__(self) -> None:
        check_sizes(
            vocab_size=self.vocab_size,
            source_vocab_size=self.source_size,
            n_layers=self.n_layers,
            n_decoder_layers=self.decoder_layers,
            max_len=self.max_len,
        )
        self.block()  # refuses widths, heads, dropout and activation
        if self.positions not in POSITIONS:
            raise ValueError(f"positions is one of {', '.join(POSITIONS)}, not {self.positions!r}")
        smallest = min(self.vocab_size, self.source_size)
        for name in ("pad", "start", "end"):
            number = getattr(self, name)
            if not 0 <= number < smallest:
                raise ValueError(f"{name} = {number} is no token of a vocabulary of {smallest}")

    @property
    def source_size(self) -> int:
        """Tokens of the source language."""
        return self.vocab_size if self.source_vocab_size is None else self.source_vocab_size

    @property
    def decoder_layers(self) -> int:
        """Blocks of the decoder."""
        return self.n_layers if self.n_decoder_layers is None else self.n_decoder_layers

    def block(self) -> BlockConfig:
        """Return the sizes of a block."""
        return BlockConfig(
            d_model=self.d_model,
            n_heads=self.n_heads,
            d_ff=self.d_ff,
            dropout=self.dropout,
            norm_first=self.norm_first,
            activation=self.activation,
        )


class Transformer(nn.Module):
    """Translate: name each next token of the target, given the source and the tokens before.

    Args:
        config: its sizes.

    >>> sizes = dict(vocab_size=13, d_model=6, n_heads=2, n_layers=1, d_ff=8)
    >>> transformer = Transformer(TransformerConfig(**sizes))
    >>> source, target = torch.tensor([[5, 6, 7, 2]]), torch.tensor([[1, 8, 9]])
    >>> transformer(source, target).shape
    torch.Size([1, 3, 13])
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config, d, block = config, config.d_model, config.block()
        self.source_embed = nn.Embedding(config.source_size, d, padding_idx=config.pad)
        self.target_embed = nn.Embedding(config.vocab_size, d, padding_idx=config.pad)
        self.source_positions = positions_of(config)
        self.target_positions = positions_of(config)
        self.source_norm = norm_of(block) if config.norm_embeddings else nn.Identity()
        self.target_norm = norm_of(block) if config.norm_embeddings else nn.Identity()
        self.drop = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(EncoderBlock(block) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderBlock(block) for _ in range(config.decoder_layers))
        last_norm = config.norm_first if config.last_norm is None else config.last_norm
        self.encoder_norm = norm_of(block) if last_norm else nn.Identity()
        self.decoder_norm = norm_of(block) if last_norm else nn.Identity()
        self.head = nn.Linear(d, config.vocab_size, bias=config.head_bias)
        if config.tie:
            self.head.weight = self.target_embed.weight
        if config.tie and config.source_vocab_size is None:
            self.source_embed.weight = self.target_embed.weight
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw first weights: matrices as Glorot and Bengio do, embeddings of length about 1."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    module.bias.zero_()
        # After the head, which may be tied to them.
        for embed in (self.source_embed, self.target_embed):
            embed.weight.normal_(std=self.config.d_model**-0.5)

    def forward(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> Float[Tensor, "B T V"]:
        """Return scores for the token behind each of the target's.

        Args:
            source: ids, padded with `pad`.
            target: ids that have been written, `start` first, padded with `pad`.

        Raises:
            ValueError: when there are more tokens than positions.
        """
        return self.decode(target, self.encode(source), source)

    def encode(self, source: Int[Tensor, "B S"]) -> Float[Tensor, "B S d_model"]:
        """Return what the encoder makes of the source."""
        x, mask = self.read_source(source), self.source_mask(source)
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(
        self,
        target: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S d_model"],
        source: Int[Tensor, "B S"],
    ) -> Float[Tensor, "B T V"]:
        """Return scores for the token behind each of the target's.

        Args:
            target: ids that have been written.
            memory: what `encode` returned.
            source: ids that it was made from: they say what is padding.
        """
        x, masks = self.read_target(target), self.decoder_masks(source, target)
        for block in self.decoder:
            x = block(x, memory, *masks)
        return self.head(self.decoder_norm(x))

    def cross_attention(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> Float[Tensor, "L B H T S"]:
        """Return where each token of the target looks in the source, for every layer and head."""
        memory, x, weights = self.encode(source), self.read_target(target), []
        masks = self.decoder_masks(source, target)
        for block in self.decoder:
            weights.append(block.cross_weights(x, memory, *masks))
            x = block(x, memory, *masks)
        return torch.stack(weights)

    def source_mask(self, source: Int[Tensor, "B S"]) -> Bool[Tensor, "B 1 S"]:
        """Return which tokens of the source may be attended to: all but padding."""
        return (source != self.config.pad).unsqueeze(1)

    def target_mask(self, target: Int[Tensor, "B T"]) -> Bool[Tensor, "B T T"]:
        """Return which tokens of the target each may attend to: those before it but padding.

        The first token is never padding, whatever its number: Marian starts with `pad`.
        """
        real = target != self.config.pad
        real[:, :1] = True
        return causal_mask(target.shape[1], target.device) & real.unsqueeze(1)

    def decoder_masks(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> tuple[Bool[Tensor, "B T T"], Bool[Tensor, "B _ S"]]:
        """Return which tokens each of the target may attend to: of the target, of the source."""
        return self.target_mask(target), self.source_mask(source)

    def read_source(self, source: Int[Tensor, "B S"]) -> Float[Tensor, "B S d_model"]:
        """Return what the encoder's first block reads."""
        x = self.source_positions(self.source_embed(source) * self.scale)
        return self.drop(self.source_norm(x))

    def read_target(self, target: Int[Tensor, "B T"]) -> Float[Tensor, "B T d_model"]:
        """Return what the decoder's first block reads."""
        x = self.target_positions(self.target_embed(target) * self.scale)
        return self.drop(self.target_norm(x))

    @property
    def scale(self) -> float:
        """By how much embeddings are multiplied: they are short, positions are not."""
        return math.sqrt(self.config.d_model) if self.config.scale_embeddings else 1.0

    def n_parameters(self) -> int:
        """Return how many numbers are learned; tied ones count once."""
        return sum(parameter.numel() for parameter in self.parameters())


class FixedPositions(nn.Module):
    """Add sine and cosine of each position's angles to the token there.

    Paper: Vaswani et al. 2017, §3.5.

    Args:
        max_len: positions that it knows.
        d_model: width of the tokens, even.
        halves: all sines, then all cosines, where the paper has them in turn.
    """

    table: Tensor

    def __init__(self, max_len: int, d_model: int, *, halves: bool = False) -> None:
        super().__init__()
        table = sinusoidal_positions(torch.arange(max_len, dtype=torch.float64), d_model)
        table = (pairs_to_halves(table) if halves else table).to(torch.get_default_dtype())
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B T d_model"]:
        """Return the tokens with their positions.

        Raises:
            ValueError: when the sequence is longer than the table.
        """
        n, rows = x.shape[1], len(self.table)
        if n > rows:
            raise ValueError(f"{n} tokens need {n} positions; the table was made for {rows}")
        return x + self.table[:n]


def positions_of(config: TransformerConfig) -> nn.Module:
    """Return what adds positions, as the config says."""
    if config.positions == "learned":
        return LearnedPositions(config.max_len, config.d_model)
    return FixedPositions(config.max_len, config.d_model, halves=config.positions == "halves")
