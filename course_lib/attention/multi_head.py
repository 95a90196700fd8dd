"""Many heads: several attentions side by side, each in a slice of the width."""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.attention.scaled_dot_product import (
    fused_attention,
    masked_softmax,
    scaled_dot_product_attention,
    scaled_scores,
)


def split_heads(x: Float[Tensor, "*B T d_model"], n_heads: int) -> Float[Tensor, "*B H T d_head"]:
    """Cut every row into `n_heads` slices: head `h` gets the columns `h·d_head … (h+1)·d_head − 1`.

    Args:
        x: one row a position.
        n_heads: H; it divides the width.

    >>> split_heads(torch.arange(8.0).view(2, 4), n_heads=2).tolist()
    [[[0.0, 1.0], [4.0, 5.0]], [[2.0, 3.0], [6.0, 7.0]]]
    """
    return rearrange(x, "... t (h d) -> ... h t d", h=n_heads)


def merge_heads(x: Float[Tensor, "*B H T d_head"]) -> Float[Tensor, "*B T d_model"]:
    """Lay the heads side by side again: the inverse of `split_heads`.

    >>> x = torch.arange(8.0).view(2, 4)
    >>> torch.equal(merge_heads(split_heads(x, n_heads=2)), x)
    True
    """
    return rearrange(x, "... h t d -> ... t (h d)")


class MultiHeadAttention(nn.Module):
    """Attend with several heads: `concat(head_1, …, head_H) W_o`, each in a slice of the width.

    head_h is softmax(q_h k_hᵀ / √d_head) v_h, with q = query W_q, k = key W_k, v = value W_v.

    Paper: Vaswani et al. 2017, §3.2.2.

    Args:
        d_model: width of all heads together.
        n_heads: H; it divides `d_model`.
        d_query, d_key, d_value: widths of the three inputs; `d_model` when left out.
        d_out: width of the result; `d_model` when left out.
        bias: whether the four projections add one.
        fused: use PyTorch's one fused call, which stores no weights, instead of the formula.

    Raises:
        ValueError: when `n_heads` does not divide `d_model`.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        *,
        d_query: int | None = None,
        d_key: int | None = None,
        d_value: int | None = None,
        d_out: int | None = None,
        bias: bool = True,
        fused: bool = False,
    ) -> None:
        super().__init__()
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(
                f"d_model = {d_model} does not split into {n_heads} heads of one width"
            )
        self.n_heads, self.fused = n_heads, fused
        self.w_q = nn.Linear(d_query or d_model, d_model, bias=bias)
        self.w_k = nn.Linear(d_key or d_model, d_model, bias=bias)
        self.w_v = nn.Linear(d_value or d_model, d_model, bias=bias)
        self.w_o = nn.Linear(d_model, d_out or d_model, bias=bias)

    def forward(
        self,
        query: Float[Tensor, "*B T d_query"],
        key: Float[Tensor, "*B S d_key"],
        value: Float[Tensor, "*B S d_value"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T d_out"]:
        """Return what each query gathers from the values.

        Args:
            query: asks; self-attention passes the same tensor three times.
            key: is compared with the queries.
            value: is mixed.
            mask: True = may attend; broadcast to (*B, T, S), the same for all heads. A query that
                may attend to nothing gets `w_o`'s bias.
        """
        q, k, v = self.project(query, key, value)
        attend = fused_attention if self.fused else scaled_dot_product_attention
        return self.w_o(merge_heads(attend(q, k, v, for_all_heads(mask))))

    def project(
        self,
        query: Float[Tensor, "*B T d_query"],
        key: Float[Tensor, "*B S d_key"],
        value: Float[Tensor, "*B S d_value"],
    ) -> tuple[
        Float[Tensor, "*B H T d_head"],
        Float[Tensor, "*B H S d_head"],
        Float[Tensor, "*B H S d_head"],
    ]:
        """Return queries, keys and values of every head."""
        rows = (self.w_q(query), self.w_k(key), self.w_v(value))
        q, k, v = (split_heads(x, self.n_heads) for x in rows)
        return q, k, v

    def weights(
        self,
        query: Float[Tensor, "*B T d_query"],
        key: Float[Tensor, "*B S d_key"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B H T S"]:
        """Return the attention weights of every head."""
        q, k = (split_heads(x, self.n_heads) for x in (self.w_q(query), self.w_k(key)))
        return masked_softmax(scaled_scores(q, k), for_all_heads(mask))


def for_all_heads(mask: Bool[Tensor, "..."] | None) -> Bool[Tensor, "..."] | None:
    """Give a mask (…, T, S) an axis of size 1 for the heads: (…, 1, T, S)."""
    return None if mask is None else mask.unsqueeze(-3)


def head_contributions(
    weights: Float[Tensor, "*B H T S"],
    v: Float[Tensor, "*B H S d_head"],
    w_o: Float[Tensor, "d_out d_model"],
) -> Float[Tensor, "*B H T d_out"]:
    """Return what each head adds to the output: `weights_h v_h W_o[:, slice h]ᵀ`.

    Their sum over the heads, plus `w_o`'s bias, is the output of `MultiHeadAttention`.

    Paper: Elhage et al. 2021, “Attention Heads are Independent and Additive”.

    Args:
        weights: of every head.
        v: values of every head.
        w_o: as `nn.Linear` keeps it, outputs down and inputs across.

    >>> weights, v = torch.ones(2, 1, 1), torch.tensor([[[1.0]], [[10.0]]])
    >>> head_contributions(weights, v, torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[[1.0, 3.0]], [[20.0, 40.0]]]
    """
    slices = rearrange(w_o, "o (h d) -> h d o", h=weights.shape[-3])
    return weights @ v @ slices


def ablate(
    w_o: Float[Tensor, "d_out d_model"], heads: list[int], n_heads: int
) -> Float[Tensor, "d_out d_model"]:
    """Return `w_o` without the columns of some heads, so that they add nothing to the output.

    Paper: Michel et al. 2019, §2.3, sets the mask variable of a head to 0, to the same effect.

    Args:
        w_o: as `nn.Linear` keeps it; it is left as it is.
        heads: which ones to silence.
        n_heads: how many there are.

    >>> ablate(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), heads=[1], n_heads=2)
    tensor([[1., 2., 0., 0.]])
    """
    keep = torch.ones(n_heads, dtype=w_o.dtype, device=w_o.device)
    keep[heads] = 0
    return w_o * keep.repeat_interleave(w_o.shape[-1] // n_heads)


def weighted_norms(
    weights: Float[Tensor, "*B H T S"],
    v: Float[Tensor, "*B H S d_head"],
    w_o: Float[Tensor, "d_out d_model"],
) -> Float[Tensor, "*B H T S"]:
    """Return how much each key really adds: `‖weights[h, t, s] · v_h[s] W_o[:, slice h]ᵀ‖`.

    Paper: Kobayashi et al. 2020.

    Args:
        weights: of every head.
        v: values of every head.
        w_o: as `nn.Linear` keeps it.

    >>> weights, v = torch.tensor([[[0.9, 0.1]]]), torch.tensor([[[0.1], [2.0]]])
    >>> weighted_norms(weights, v, torch.tensor([[1.0]]))
    tensor([[[0.0900, 0.2000]]])
    """
    slices = rearrange(w_o, "o (h d) -> h d o", h=weights.shape[-3])
    return weights * (v @ slices).norm(dim=-1).unsqueeze(-2)
