"""Where an answer was gathered from: attention of every head, followed through the layers."""

import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.attention.multi_head import split_heads
from course_lib.attention.scaled_dot_product import scaled_scores


def attention_per_head(
    x: Float[Tensor, "*B T d_model"],
    w_q: Float[Tensor, "d_model d_model"],
    w_k: Float[Tensor, "d_model d_model"],
    n_heads: int,
) -> Float[Tensor, "*B H T T"]:
    """Return softmax(q_h k_hᵀ / √d_head) of every head h, with q = x W_qᵀ and k = x W_kᵀ.

    Paper: Vaswani et al. 2017, §3.2.2.

    Args:
        x: what the attention reads, one row a token.
        w_q: of the queries, as `nn.Linear` keeps it.
        w_k: of the keys, likewise.
        n_heads: H; it divides the width.

    >>> x = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    >>> attention_per_head(x, torch.zeros(2, 2), torch.eye(2), n_heads=2)[1].tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    q, k = (split_heads(x @ w.mT, n_heads) for w in (w_q, w_k))
    return scaled_scores(q, k).softmax(-1)


def rollout(weights: Float[Tensor, "L *B H T T"]) -> Float[Tensor, "*B T T"]:
    """Return Â_L ⋯ Â_2 Â_1: how much of each first token every last token holds, by attention.

    Â is half the mean of the heads and half the identity, which stands for the residual path;
    each of its rows is scaled to sum to 1.

    Paper: Abnar and Zuidema 2020, §3 (attention rollout).

    Args:
        weights: of every layer, the first layer first.

    >>> looks_at_0 = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    >>> rollout(looks_at_0).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer in weights:
        mixed = 0.5 * layer.mean(-3) + 0.5 * eye
        out = mixed / mixed.sum(-1, keepdim=True) @ out
    return out


def class_map(
    matrix: Float[Tensor, "*B T T"], rows: int, columns: int
) -> Float[Tensor, "*B rows columns"]:
    """Return the class token's row, without its own entry, laid out as the patches lie.

    Args:
        matrix: row t says where token t gathers from; token 0 is the class token, and the
            patches follow row by row.
        rows: of patches.
        columns: of patches.

    >>> class_map(torch.arange(25.0).view(5, 5), rows=2, columns=2).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return matrix[..., 0, 1:].unflatten(-1, (rows, columns))


def relevance(
    weights: Float[Tensor, "L *B H T T"], gradients: Float[Tensor, "L *B H T T"]
) -> Float[Tensor, "*B T T"]:
    """Return R after R ← R + Ā R for every layer, from R = I; Ā is the heads' mean of (∇A ⊙ A)⁺.

    Paper: Chefer, Gur and Wolf 2021 (Generic Attention-model Explainability), for self-attention.

    Args:
        weights: of every layer, the first layer first.
        gradients: of the answer's logit with respect to each of them.

    >>> weights = torch.tensor([[[[0.5, 0.5], [1.0, 0.0]]]])
    >>> relevance(weights, torch.tensor([[[[1.0, 2.0], [-3.0, 0.0]]]])).tolist()
    [[1.5, 1.0], [0.0, 1.0]]
    """
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer, gradient in zip(weights, gradients, strict=True):
        out = out + (gradient * layer).clamp(min=0).mean(-3) @ out
    return out
