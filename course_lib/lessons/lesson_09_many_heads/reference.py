"""The course's own versions of lesson 09's small functions."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.attention.multi_head import merge_heads, split_heads
from course_lib.attention.scaled_dot_product import scaled_dot_product_attention


class MultiHeadSelfAttention(nn.Module):
    """Let a sequence attend to itself with several heads.

    Paper: Vaswani et al. 2017, §3.2.2.

    Args:
        d_in: width of the sequence.
        d_model: width of all heads together, and of the result.
        n_heads: H; it divides `d_model`.
    """

    def __init__(self, d_in: int, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.w_q = nn.Linear(d_in, d_model)
        self.w_k = nn.Linear(d_in, d_model)
        self.w_v = nn.Linear(d_in, d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def forward(
        self, x: Float[Tensor, "B T d_in"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T d_model"]:
        """Return what each token gathers; `mask` is True where a query may attend."""
        q, k, v = (split_heads(w(x), self.n_heads) for w in (self.w_q, self.w_k, self.w_v))
        mask = None if mask is None else mask.unsqueeze(-3)
        return self.w_o(merge_heads(scaled_dot_product_attention(q, k, v, mask)))


def blocked_mask(mask: Bool[Tensor, "B T S"], n_heads: int) -> Bool[Tensor, "BH T S"]:
    """Return a mask as `nn.MultiheadAttention` reads it: True = blocked, one for each head.

    >>> blocked_mask(torch.tensor([[[True, False]], [[True, True]]]), n_heads=2).int().tolist()
    [[[0, 1]], [[0, 1]], [[0, 0]], [[0, 0]]]
    """
    return (~mask).repeat_interleave(n_heads, dim=0)


def fused_projection(
    x: Float[Tensor, "B T d_in"],
    weight: Float[Tensor, "three_d_model d_in"],
    bias: Float[Tensor, " three_d_model"],
    n_heads: int,
) -> tuple[
    Float[Tensor, "B H T d_head"], Float[Tensor, "B H T d_head"], Float[Tensor, "B H T d_head"]
]:
    """Return queries, keys and values of every head from one matrix product.

    Args:
        x: one row a token.
        weight: W_q, W_k and W_v below each other, as `nn.MultiheadAttention` keeps them.
        bias: theirs, one after the other.
        n_heads: H.
    """
    q, k, v = (split_heads(part, n_heads) for part in (x @ weight.T + bias).chunk(3, dim=-1))
    return q, k, v


def referent_shift(
    before: Float[Tensor, "*B T S"], after: Float[Tensor, "*B T S"], query: int, key: int
) -> Float[Tensor, "*B"]:
    """Return how much more a query lets go of a key than the other queries do.

    Args:
        before: weights in the sentence where the key is meant.
        after: weights in the sentence that differs by one word, where it is not.
        query: the word whose link is in question.
        key: the word that it may be linked to.

    >>> before = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
    >>> after = torch.tensor([[0.4, 0.6], [0.4, 0.6]])
    >>> referent_shift(before, after, query=0, key=0)
    tensor(0.4000)
    """
    shift = (before - after)[..., key]
    others = torch.arange(shift.shape[-1], device=shift.device) != query
    return shift[..., query] - shift[..., others].mean(-1)
