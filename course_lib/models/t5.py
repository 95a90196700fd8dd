"""T5: an encoder and a decoder that are told order by buckets of distance alone."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.attention.masks import causal_mask
from course_lib.attention.multi_head import merge_heads, split_heads
from course_lib.attention.relative_buckets import bucket_bias, unscaled_attention
from course_lib.models.blocks import FeedForward


@dataclass(frozen=True, kw_only=True)
class T5Config:
    """Sizes of a `T5`; the defaults are those of T5-small.

    Args:
        vocab_size: V, of what is read and written.
        d_model: width.
        n_heads: heads of each attention.
        d_head: width of a head; `n_heads · d_head` need not be `d_model`.
        n_layers: blocks of the encoder, and as many of the decoder.
        d_ff: width inside the feed-forward network.
        n_buckets: of distances, both directions together.
        max_distance: from here on, all distances share a bucket.
        dropout: share of numbers dropped in training.
        eps: added to the mean square under the root.
        pad: the id of padding; it also starts what the decoder reads.
        end: the id that ends a text.
    """

    vocab_size: int = 32_128
    d_model: int = 512
    n_heads: int = 8
    d_head: int = 64
    n_layers: int = 6
    d_ff: int = 2048
    n_buckets: int = 32
    max_distance: int = 128
    dropout: float = 0.1
    eps: float = 1e-6
    pad: int = 0
    end: int = 1

    def __post_init__(self) -> None:
        if self.n_buckets % 4 or self.max_distance <= self.n_buckets // 2:
            raise ValueError(
                f"n_buckets = {self.n_buckets} is a multiple of 4, and max_distance = "
                f"{self.max_distance} lies beyond the {self.n_buckets // 2} near distances"
            )


class T5Norm(nn.Module):
    """Scale each row to a root mean square of 1: `x / √(mean(x²) + eps) · weight`.

    It is `RMSNorm`, with one difference: whatever the dtype, the mean square is taken in float32.
    The published code does so, and float64 results agree with it only when ours does the same.
    """

    def __init__(self, d_model: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d_model)), eps

    def forward(self, x: Float[Tensor, "*B d_model"]) -> Float[Tensor, "*B d_model"]:
        """Return the rows, scaled."""
        mean_square = x.float().square().mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(mean_square + self.eps)).to(self.weight.dtype)


class T5Attention(nn.Module):
    """Attend with several heads, without biases in the projections and without √d."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        d, inner = config.d_model, config.n_heads * config.d_head
        self.n_heads = config.n_heads
        self.w_q, self.w_k, self.w_v = (nn.Linear(d, inner, bias=False) for _ in range(3))
        self.w_o = nn.Linear(inner, d, bias=False)

    def forward(
        self,
        x: Float[Tensor, "B T d_model"],
        read: Float[Tensor, "B S d_model"],
        bias: Float[Tensor, "H T S"] | None = None,
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B T d_model"]:
        """Return what each position of x gathers from those that are read."""
        q, k, v = (
            split_heads(y, self.n_heads) for y in (self.w_q(x), self.w_k(read), self.w_v(read))
        )
        return self.w_o(merge_heads(unscaled_attention(q, k, v, bias, mask)))


class T5EncoderBlock(nn.Module):
    """Attention, then a small network; each reads a normalised copy (pre-norm)."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.norm1, self.attn = T5Norm(config.d_model, config.eps), T5Attention(config)
        self.norm2, self.ff = T5Norm(config.d_model, config.eps), feed_forward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "B S d_model"], bias: Tensor, mask: Bool[Tensor, "..."]
    ) -> Float[Tensor, "B S d_model"]:
        """Return the positions after one round of exchange."""
        y = self.norm1(x)
        x = x + self.dropout(self.attn(y, y, bias, mask))
        return x + self.dropout(self.ff(self.norm2(x)))


class T5DecoderBlock(nn.Module):
    """Attention to what is written, attention to what was read, then a small network."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.norm1, self.attn = T5Norm(config.d_model, config.eps), T5Attention(config)
        self.norm2, self.cross = T5Norm(config.d_model, config.eps), T5Attention(config)
        self.norm3, self.ff = T5Norm(config.d_model, config.eps), feed_forward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "B T d_model"],
        memory: Float[Tensor, "B S d_model"],
        bias: Tensor,
        mask: Bool[Tensor, "..."],
        memory_mask: Bool[Tensor, "..."],
    ) -> Float[Tensor, "B T d_model"]:
        """Return the written positions after one round; the cross-attention has no bias."""
        y = self.norm1(x)
        x = x + self.dropout(self.attn(y, y, bias, mask))
        x = x + self.dropout(self.cross(self.norm2(x), memory, mask=memory_mask))
        return x + self.dropout(self.ff(self.norm3(x)))


def feed_forward(config: T5Config) -> FeedForward:
    """Return the network of a block: two matrices without biases, ReLU between them."""
    return FeedForward(
        config.d_model, config.d_ff, activation="relu", dropout=config.dropout, bias=False
    )


class T5(nn.Module):
    """Read a text, write a text.

    Paper: Raffel et al. 2020, §2.1.

    Args:
        config: its sizes.
    """

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocab_size, config.d_model)
        layers = range(config.n_layers)
        self.encoder = nn.ModuleList(T5EncoderBlock(config) for _ in layers)
        self.decoder = nn.ModuleList(T5DecoderBlock(config) for _ in layers)
        # One table for all layers of a side.
        self.encoder_table = nn.Parameter(torch.zeros(config.n_buckets, config.n_heads))
        self.decoder_table = nn.Parameter(torch.zeros(config.n_buckets, config.n_heads))
        self.encoder_norm = T5Norm(config.d_model, config.eps)
        self.decoder_norm = T5Norm(config.d_model, config.eps)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(self._start)

    def forward(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> Float[Tensor, "B T V"]:
        """Return the logits of the next token at every position of the target.

        Args:
            source: ids, padded with `config.pad`.
            target: what the decoder reads: the start token (`config.pad`), then what was written.
        """
        return self.decode(target, self.encode(source), source)

    def encode(self, source: Int[Tensor, "B S"]) -> Float[Tensor, "B S d_model"]:
        """Return what the encoder makes of each token."""
        x = self.dropout(self.words(source))
        bias = self._bias(self.encoder_table, source.shape[1], both_ways=True)
        for block in self.encoder:
            x = block(x, bias, self._real(source))
        return self.dropout(self.encoder_norm(x))

    def decode(
        self,
        target: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S d_model"],
        source: Int[Tensor, "B S"],
    ) -> Float[Tensor, "B T V"]:
        """Return the logits of the next token, given what the encoder made of the source."""
        n = target.shape[1]
        x, real = self.dropout(self.words(target)), self._real(source)
        bias, mask = self._bias(self.decoder_table, n, both_ways=False), causal_mask(n, x.device)
        for block in self.decoder:
            x = block(x, memory, bias, mask, real)
        x = self.dropout(self.decoder_norm(x))
        # The table that reads also writes; its numbers are large, so the logits are scaled down.
        return (x * self.config.d_model**-0.5) @ self.words.weight.T

    def _bias(self, table: Tensor, n: int, both_ways: bool) -> Float[Tensor, "H n n"]:
        return bucket_bias(table, n, n, self.config.max_distance, both_ways)

    def _real(self, source: Int[Tensor, "B S"]) -> Bool[Tensor, "B 1 1 S"]:
        return (source != self.config.pad)[:, None, None, :]

    def _start(self, module: nn.Module) -> None:
        """Draw first weights; those of queries make up for the missing √d."""
        d, config = self.config.d_model, self.config
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=1.0)
        if isinstance(module, T5Attention):
            nn.init.normal_(module.w_q.weight, std=(d * config.d_head) ** -0.5)
            for linear in (module.w_k, module.w_v):
                nn.init.normal_(linear.weight, std=d**-0.5)
            nn.init.normal_(module.w_o.weight, std=(config.n_heads * config.d_head) ** -0.5)
