"""Causal attention with one product for queries, keys and values, and a cache of what was read."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.attention.scaled_dot_product import masked_softmax, scaled_scores
from course_lib.models.cache import KVCache, bottom_right_mask
from course_lib.models.checks import check_heads


class CausalSelfAttention(nn.Module):
    """Attend to oneself and what came before; one product makes queries, keys and values.

    Row for row it is `MultiHeadAttention(x, x, x, causal_mask)`, with w_q, w_k and w_v stacked in
    `w_qkv`: one large product is faster than three small ones.

    Args:
        d_model: width.
        n_heads: H; it divides `d_model`.
        bias: whether the two projections add one.
    """

    def __init__(self, d_model: int, n_heads: int, bias: bool = True) -> None:
        super().__init__()
        check_heads(d_model, n_heads)
        self.n_heads = n_heads
        self.w_qkv = nn.Linear(d_model, 3 * d_model, bias=bias)
        self.w_o = nn.Linear(d_model, d_model, bias=bias)

    def forward(
        self, x: Float[Tensor, "B T d_model"], cache: KVCache | None = None, layer: int = 0
    ) -> Float[Tensor, "B T d_model"]:
        """Return what each position gathers.

        Args:
            x: the positions; with a cache, the new ones alone.
            cache: keys and values of the positions before; the new ones are added to it.
            layer: which of the cache's layers this is.
        """
        q, k, v = self.project(x)
        if cache is not None:
            k, v = cache.append(layer, k, v)
        out = causal_attention(q, k, v)
        return self.w_o(out.transpose(1, 2).flatten(2))

    def project(
        self, x: Float[Tensor, "B T d_model"]
    ) -> tuple[
        Float[Tensor, "B H T d_head"], Float[Tensor, "B H T d_head"], Float[Tensor, "B H T d_head"]
    ]:
        """Return queries, keys and values of every head."""
        batch, n, _ = x.shape
        rows = self.w_qkv(x).view(batch, n, 3, self.n_heads, -1)
        q, k, v = rows.permute(2, 0, 3, 1, 4)  # (3, B, H, T, d_head)
        return q, k, v

    def weights(self, x: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B H T T"]:
        """Return the attention weights of every head."""
        q, k, _ = self.project(x)
        n = x.shape[1]
        return masked_softmax(scaled_scores(q, k), bottom_right_mask(n, n, x.device))


def causal_attention(
    q: Float[Tensor, "B H T d_head"],
    k: Float[Tensor, "B H S d_head"],
    v: Float[Tensor, "B H S d_head"],
) -> Float[Tensor, "B H T d_head"]:
    """Attend causally, where the queries are the last T of S positions.

    Args:
        q: queries of the last positions.
        k: keys of all positions.
        v: values of all positions.
    """
    n, n_keys = q.shape[-2], k.shape[-2]
    if n == n_keys:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    if n == 1:  # the newest position may attend to all
        return F.scaled_dot_product_attention(q, k, v)
    mask = bottom_right_mask(n, n_keys, q.device)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
