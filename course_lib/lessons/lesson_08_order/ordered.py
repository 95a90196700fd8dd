"""A small causal transformer that is told order in one of five ways, or not at all."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.attention.masks import causal_mask
from course_lib.attention.multi_head import merge_heads, split_heads
from course_lib.attention.positions import (
    LearnedPositions,
    alibi_bias,
    alibi_slopes,
    fused_biased_attention,
    relative_bias,
    rotary_attention,
    sinusoidal_positions,
)
from course_lib.attention.scaled_dot_product import fused_attention

ORDERS = ("none", "sinusoidal", "learned", "relative", "rotary", "alibi")


@dataclass(frozen=True, kw_only=True)
class OrderedConfig:
    """Sizes of an `OrderedTransformer`, and how it is told order.

    Args:
        vocab_size: of tokens read and answered.
        order: one of `ORDERS`.
        d_model: width.
        n_heads: heads of each layer; their width is even.
        n_layers: layers.
        max_len: rows of a learned table; the other encodings need none.
        reach: a relative bias tells distances up to this apart. It should be shorter than the texts
            in training: the number for all that is further must be seen to be learned.
    """

    vocab_size: int
    order: str
    d_model: int = 64
    n_heads: int = 4
    n_layers: int = 2
    max_len: int = 512
    reach: int = 8

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ValueError(f"order is one of {', '.join(ORDERS)}, not {self.order!r}")
        if self.d_model % (2 * self.n_heads):
            raise ValueError(
                f"d_model = {self.d_model} does not split into {self.n_heads} heads of even width"
            )


class OrderedAttention(nn.Module):
    """Causal self-attention with several heads; order enters where the config says."""

    slopes: Tensor

    def __init__(self, config: OrderedConfig) -> None:
        super().__init__()
        d, self.order, self.n_heads = config.d_model, config.order, config.n_heads
        self.w_qkv, self.w_o = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        if self.order == "relative":
            self.table = nn.Parameter(torch.zeros(config.n_heads, 2 * config.reach + 1))
        if self.order == "alibi":
            self.register_buffer("slopes", torch.tensor(alibi_slopes(config.n_heads)))

    def forward(self, x: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B T d_model"]:
        """Return what each position gathers from itself and those before."""
        q, k, v = (split_heads(part, self.n_heads) for part in self.w_qkv(x).chunk(3, dim=-1))
        n = x.shape[-2]
        mask = causal_mask(n, x.device)
        if self.order == "rotary":
            out = rotary_attention(q, k, v, mask=mask, fused=True)
        elif self.order == "relative":
            out = fused_biased_attention(q, k, v, relative_bias(self.table, n, n), mask)
        elif self.order == "alibi":
            out = fused_biased_attention(q, k, v, alibi_bias(self.slopes, n, n), mask)
        else:
            out = fused_attention(q, k, v, mask)
        return self.w_o(merge_heads(out))


class OrderedBlock(nn.Module):
    """Attention, then a small network at each position; each reads a normalised copy (pre-norm)."""

    def __init__(self, config: OrderedConfig) -> None:
        super().__init__()
        d = config.d_model
        self.norm1, self.attn = nn.LayerNorm(d), OrderedAttention(config)
        self.norm2 = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round of exchange."""
        x = x + self.attn(self.norm1(x))
        return x + self.ff(self.norm2(x))


class OrderedTransformer(nn.Module):
    """Name the next token at each position; `config.order` says how it is told what comes first."""

    def __init__(self, config: OrderedConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.d_model)
        if config.order == "learned":
            self.positions = LearnedPositions(config.max_len, config.d_model)
        self.blocks = nn.Sequential(*(OrderedBlock(config) for _ in range(config.n_layers)))
        self.norm = nn.LayerNorm(config.d_model)
        self.head = nn.Linear(config.d_model, config.vocab_size)

    def forward(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T vocab_size"]:
        """Return a score for each next token."""
        x = self.embed(tokens)
        if self.config.order == "sinusoidal":
            at = torch.arange(tokens.shape[1], device=x.device, dtype=x.dtype)
            x = x + sinusoidal_positions(at, self.config.d_model)
        if self.config.order == "learned":
            x = self.positions(x)
        return self.head(self.norm(self.blocks(x)))
