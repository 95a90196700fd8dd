"""The course's own versions of lesson 08's small exercises."""

from jaxtyping import Float
from torch import Tensor

from course_lib.attention.masks import causal_mask
from course_lib.attention.positions import alibi_bias, biased_attention
from course_lib.attention.scaled_dot_product import scaled_dot_product_attention


def attend_in_order(
    x: Float[Tensor, "*B T d_in"],
    p: Float[Tensor, "T d_in"],
    w_q: Float[Tensor, "d_in d"],
    w_k: Float[Tensor, "d_in d"],
    w_v: Float[Tensor, "d_in d_v"],
) -> Float[Tensor, "*B T d_v"]:
    """Return self-attention over x + p: positions are added before the projections.

    Paper: Vaswani et al. 2017, §3.5.
    """
    h = x + p
    return scaled_dot_product_attention(h @ w_q, h @ w_k, h @ w_v)


def alibi_attention(
    q: Float[Tensor, "*B H T d"],
    k: Float[Tensor, "*B H T d"],
    v: Float[Tensor, "*B H T d_v"],
    slopes: Float[Tensor, " H"],
) -> Float[Tensor, "*B H T d_v"]:
    """Return causal attention where each step back costs a head its slope.

    Paper: Press et al. 2022, §3.
    """
    n = q.shape[-2]
    return biased_attention(q, k, v, alibi_bias(slopes, n, n), causal_mask(n, q.device))
