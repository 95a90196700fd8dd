"""What transformers are made of: norms, the network at each position, and the blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.models.checks import check_dropout, check_heads, check_sizes

#: What bends the hidden layer of a `FeedForward`; "swiglu" has a gate besides.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "swiglu": F.silu,
}


def check_activation(activation: str) -> None:
    """Raise ValueError when there is no such activation."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is one of {', '.join(ACTIVATIONS)}, not {activation!r}")


class RMSNorm(nn.Module):
    """Scale each row to a root mean square of 1: `x / √(mean(x²) + eps) · weight`.

    Unlike layer norm it takes away no mean and adds no bias.

    Paper: Zhang and Sennrich 2019, §4, equation 4.

    Args:
        d_model: width of a row.
        eps: keeps a row of zeros from 0/0.

    >>> RMSNorm(2)(torch.tensor([3.0, 4.0])).square().mean().item()  # doctest: +ELLIPSIS
    0.9999...
    """

    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d_model)), eps

    def forward(self, x: Float[Tensor, "*B d_model"]) -> Float[Tensor, "*B d_model"]:
        """Return the rows, scaled."""
        # Squares of half-precision numbers leave its range soon; the mean is taken in float32.
        exact = x.to(torch.promote_types(x.dtype, torch.float32))
        scale = torch.rsqrt(exact.square().mean(-1, keepdim=True) + self.eps)
        return (exact * scale).to(x.dtype) * self.weight


class FeedForward(nn.Module):
    """Send each position through the same two-layer network: `f(x W_in + b_in) W_out + b_out`.

    With "swiglu" the hidden layer is `silu(x W_gate) ⊙ x W_in`.

    Paper: Vaswani et al. 2017, §3.3; Shazeer 2020, equation 6, for "swiglu".

    Args:
        d_model: width of the input and of the result.
        d_ff: width of the hidden layer.
        activation: "gelu", "gelu_tanh" (GPT-2's approximation), "relu" or "swiglu".
        dropout: share of the hidden layer that is dropped in training.
        bias: whether the layers add one.
    """

    def __init__(
        self,
        d_model: int,
        d_ff: int,
        activation: str = "gelu",
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_activation(activation)
        self.activation = ACTIVATIONS[activation]
        self.w_in = nn.Linear(d_model, d_ff, bias=bias)
        self.w_gate = nn.Linear(d_model, d_ff, bias=bias) if activation == "swiglu" else None
        self.w_out = nn.Linear(d_ff, d_model, bias=bias)
        self.drop = dropout_of(dropout)

    def forward(self, x: Float[Tensor, "*B d_model"]) -> Float[Tensor, "*B d_model"]:
        """Return what the network makes of each position."""
        if self.w_gate is None:
            hidden = self.activation(self.w_in(x))
        else:
            hidden = self.activation(self.w_gate(x)) * self.w_in(x)
        return self.w_out(self.drop(hidden))


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """Sizes of a block, and how it is put together.

    Args:
        d_model: width.
        n_heads: heads of each attention; they divide `d_model`.
        d_ff: width of the hidden layer of the `FeedForward`.
        dropout: share dropped in training, of what each part adds and inside the `FeedForward`.
        norm_first: normalise what each part reads (pre-norm), not the sum (post-norm).
        activation: of the `FeedForward`.
        bias: whether linear layers and layer norms add one.
        norm: "layer" or "rms".
        eps: of the norms.
    """

    d_model: int
    n_heads: int
    d_ff: int
    dropout: float = 0.0
    norm_first: bool = True
    activation: str = "gelu"
    bias: bool = True
    norm: str = "layer"
    eps: float = 1e-5

    def __post_init__(self) -> None:
        check_sizes(d_model=self.d_model, n_heads=self.n_heads, d_ff=self.d_ff)
        check_heads(self.d_model, self.n_heads)
        check_dropout(self.dropout)
        check_activation(self.activation)
        if self.norm not in ("layer", "rms"):
            raise ValueError(f"norm is layer or rms, not {self.norm!r}")


class Block(nn.Module):
    """What both blocks share: how a part is added to the stream that runs past it."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.norm_first, self.drop = config.norm_first, dropout_of(config.dropout)

    def add(
        self, x: Float[Tensor, "B T d"], norm: nn.Module, part: Callable[[Any], Any]
    ) -> Float[Tensor, "B T d"]:
        """Return `x + part(norm(x))` (pre-norm) or `norm(x + part(x))` (post-norm).

        Paper: Vaswani et al. 2017, §3.1 (post-norm); Xiong et al. 2020, §3.3 (pre-norm).
        """
        if self.norm_first:
            return x + self.drop(part(norm(x)))
        return norm(x + self.drop(part(x)))


class EncoderBlock(Block):
    """Let positions exchange what they hold, then think about it one by one.

    Paper: Vaswani et al. 2017, §3.1, figure 1, left.

    Args:
        config: its sizes.
    """

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config)
        self.norm1, self.attn = norm_of(config), attention_of(config)
        self.norm2, self.ff = norm_of(config), feed_forward_of(config)

    def forward(
        self, x: Float[Tensor, "B T d_model"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round of exchange.

        Args:
            x: the positions.
            mask: True = may attend; broadcast to (B, T, T). A causal one makes this GPT's block.
        """
        x = self.add(x, self.norm1, lambda x: self.attn(x, x, x, mask))
        return self.add(x, self.norm2, self.ff)


class DecoderBlock(Block):
    """Exchange within the target, read from the source, then think about it one by one.

    Paper: Vaswani et al. 2017, §3.1, figure 1, right.

    Args:
        config: its sizes.
    """

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config)
        self.norm1, self.attn = norm_of(config), attention_of(config)
        self.norm2, self.cross = norm_of(config), attention_of(config)
        self.norm3, self.ff = norm_of(config), feed_forward_of(config)

    def forward(
        self,
        x: Float[Tensor, "B T d_model"],
        memory: Float[Tensor, "B S d_model"],
        mask: Bool[Tensor, "..."] | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B T d_model"]:
        """Return the target's positions after one round of exchange and one of reading.

        Args:
            x: the target's positions.
            memory: what the encoder made of the source.
            mask: True = may attend, within the target; broadcast to (B, T, T).
            memory_mask: True = may attend, to the source; broadcast to (B, T, S).
        """
        x = self.add(x, self.norm1, lambda x: self.attn(x, x, x, mask))
        x = self.add(x, self.norm2, lambda x: self.cross(x, memory, memory, memory_mask))
        return self.add(x, self.norm3, self.ff)

    def cross_weights(
        self,
        x: Float[Tensor, "B T d_model"],
        memory: Float[Tensor, "B S d_model"],
        mask: Bool[Tensor, "..."] | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B H T S"]:
        """Return where each position of the target looks in the source, for every head."""
        x = self.add(x, self.norm1, lambda x: self.attn(x, x, x, mask))
        query = self.norm2(x) if self.norm_first else x
        return self.cross.weights(query, memory, memory_mask)


def dropout_of(dropout: float) -> nn.Module:
    """Return what drops that share, or passes all on."""
    return nn.Dropout(dropout) if dropout else nn.Identity()


def norm_of(config: BlockConfig) -> nn.Module:
    """Return a norm as the config says."""
    if config.norm == "rms":
        return RMSNorm(config.d_model, config.eps)
    return nn.LayerNorm(config.d_model, config.eps, bias=config.bias)


def attention_of(config: BlockConfig) -> MultiHeadAttention:
    """Return an attention as the config says."""
    return MultiHeadAttention(config.d_model, config.n_heads, bias=config.bias, fused=True)


def feed_forward_of(config: BlockConfig) -> FeedForward:
    """Return a network for each position as the config says."""
    return FeedForward(config.d_model, config.d_ff, config.activation, config.dropout, config.bias)
