"""The course's own versions of lesson 10's parts: norms, feed-forward, dropout, blocks, a stack."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention


def layer_norm(
    x: Float[Tensor, "*B d_model"],
    gain: Float[Tensor, " d_model"],
    bias: Float[Tensor, " d_model"],
    eps: float = 1e-5,
) -> Float[Tensor, "*B d_model"]:
    """Return every row with mean 0 and spread 1, then scaled and shifted.

    (x − mean) / √(variance + eps) · gain + bias; the variance is the mean of squares, divided by d.

    Paper: Ba et al. 2016, §3.

    >>> layer_norm(torch.tensor([1.0, 1.0, 5.0, 5.0]), torch.ones(4), torch.zeros(4), eps=0.0)
    tensor([-1., -1.,  1.,  1.])
    """
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (variance + eps).sqrt() * gain + bias


def rms_norm(
    x: Float[Tensor, "*B d_model"], gain: Float[Tensor, " d_model"], eps: float = 1e-6
) -> Float[Tensor, "*B d_model"]:
    """Return every row divided by the root of its mean square, then scaled.

    x / √(mean of x² + eps) · gain.

    Paper: Zhang and Sennrich 2019, §4.

    >>> rms_norm(torch.tensor([1.0, 7.0]), torch.ones(2), eps=0.0)
    tensor([0.2000, 1.4000])
    """
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain


class FeedForward(nn.Module):
    """Widen every position, bend it, narrow it again: GELU(x W_in) W_out.

    Paper: Vaswani et al. 2017, §3.3; Hendrycks and Gimpel 2016, §2 (GELU).

    Args:
        d_model: width of what comes in and goes out.
        d_ff: width in between.
    """

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.w_in = nn.Linear(d_model, d_ff)
        self.w_out = nn.Linear(d_ff, d_model)

    def forward(self, x: Float[Tensor, "*B d_model"]) -> Float[Tensor, "*B d_model"]:
        """Return what each position makes of itself."""
        hidden = self.w_in(x)
        return self.w_out(hidden * (1 + torch.erf(hidden / 2**0.5)) / 2)


def swiglu(
    x: Float[Tensor, "*B d_model"],
    w_gate: Float[Tensor, "d_ff d_model"],
    w_up: Float[Tensor, "d_ff d_model"],
    w_down: Float[Tensor, "d_model d_ff"],
) -> Float[Tensor, "*B d_model"]:
    """Return a feed-forward with a gate: (SiLU(x W_gate) · x W_up) W_down.

    Paper: Shazeer 2020, §2, equation 6.

    Args:
        x: one row a position.
        w_gate, w_up, w_down: as `nn.Linear` keeps them, outputs down and inputs across.
    """
    gate = x @ w_gate.T
    return (gate * torch.sigmoid(gate) * (x @ w_up.T)) @ w_down.T


def dropout(
    x: Float[Tensor, "*B d_model"], p: float, training: bool, noise: Float[Tensor, "*B d_model"]
) -> Float[Tensor, "*B d_model"]:
    """Return x with a share p of its numbers at 0 and the others enlarged, so that the mean stays.

    Paper: Srivastava et al. 2014, §10 (the scaling during training).

    Args:
        x: what is thinned out.
        p: share that is dropped, at least 0 and below 1.
        training: False leaves x as it is.
        noise: uniform numbers from 0 to 1; a number of x is dropped where its noise is below p.

    >>> x, noise = torch.tensor([4.0, 8.0]), torch.tensor([0.1, 0.7])
    >>> dropout(x, 0.2, True, noise)
    tensor([ 0., 10.])
    """
    if not training:
        return x
    return x * (noise >= p) / (1 - p)


class EncoderBlock(nn.Module):
    """Let positions exchange, then let each think; both are added to what was there.

    Paper: Vaswani et al. 2017, §3.1 (post-norm); Xiong et al. 2020, §3.3 (pre-norm).

    Args:
        d_model, n_heads, d_ff: widths and heads.
        norm_first: pre-norm, x + f(norm(x)); else post-norm, norm(x + f(x)).
    """

    def __init__(self, d_model: int, n_heads: int, d_ff: int, norm_first: bool = True) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.norm1 = nn.LayerNorm(d_model)
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.norm2 = nn.LayerNorm(d_model)
        self.ff = FeedForward(d_model, d_ff)

    def forward(
        self, x: Float[Tensor, "B T d_model"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round; `mask` is True where a query may attend."""
        if self.norm_first:
            h = self.norm1(x)
            x = x + self.attn(h, h, h, mask)
            return x + self.ff(self.norm2(x))
        x = self.norm1(x + self.attn(x, x, x, mask))
        return self.norm2(x + self.ff(x))


class DecoderBlock(nn.Module):
    """An encoder block that also asks another sequence, the memory; pre-norm.

    Paper: Vaswani et al. 2017, §3.1 (decoder).

    Args:
        d_model, n_heads, d_ff: widths and heads.
    """

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model)
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.norm2 = nn.LayerNorm(d_model)
        self.cross = MultiHeadAttention(d_model, n_heads)
        self.norm3 = nn.LayerNorm(d_model)
        self.ff = FeedForward(d_model, d_ff)

    def forward(
        self,
        x: Float[Tensor, "B T d_model"],
        memory: Float[Tensor, "B S d_model"],
        mask: Bool[Tensor, "..."] | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round with each other and with the memory."""
        h = self.norm1(x)
        x = x + self.attn(h, h, h, mask)
        x = x + self.cross(self.norm2(x), memory, memory, memory_mask)
        return x + self.ff(self.norm3(x))


class Stack(nn.Module):
    """Several blocks in a row, each with weights of its own, and one last norm.

    Args:
        make_block: called without arguments, once for each layer; returns a new block.
        d_model: width of the last norm.
        n_layers: how many blocks.
    """

    def __init__(self, make_block: Callable[[], nn.Module], d_model: int, n_layers: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(make_block() for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(
        self, x: Float[Tensor, "B T d_model"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after all blocks; every block gets the same mask."""
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


def block_cost(n_tokens: int, d_model: int, d_ff: int) -> tuple[int, int]:
    """Return the parameters of an encoder block, and the FLOPs of its forward pass on one sequence.

    A product of an (m, k) and a (k, n) matrix costs 2 m k n; sums, norms and activations are left
    out, as PyTorch's counter does.

    >>> block_cost(n_tokens=5, d_model=2, d_ff=3)
    (49, 480)
    """
    attention = 4 * (d_model * d_model + d_model)
    feed_forward = d_model * d_ff + d_ff + d_ff * d_model + d_model
    norms = 2 * 2 * d_model
    matrices = 2 * n_tokens * (4 * d_model * d_model + 2 * d_model * d_ff)
    meetings = 2 * 2 * n_tokens * n_tokens * d_model
    return attention + feed_forward + norms, matrices + meetings


def gradient_norms(blocks: Iterable[nn.Module]) -> list[float]:
    """Return for each block the length of the gradient of all its parameters together.

    The root of the sum of squares over everything; a parameter without a gradient adds nothing.
    """
    norms = []
    for block in blocks:
        grads = [p.grad for p in block.parameters() if p.grad is not None]
        norms.append(sum(grad.square().sum().item() for grad in grads) ** 0.5)
    return norms
