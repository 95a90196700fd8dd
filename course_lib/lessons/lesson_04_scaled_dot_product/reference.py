"""The course's own versions of lesson 04's small exercises."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


def softmax_jacobian(w: Float[Tensor, " S"]) -> Float[Tensor, "S S"]:
    """Return the derivative of softmax weights by their scores: diag(w) − w wᵀ.

    >>> softmax_jacobian(torch.tensor([0.5, 0.5]))
    tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]])
    """
    return torch.diag(w) - torch.outer(w, w)


def attention_numpy(
    q: Float[np.ndarray, "T d"],
    k: Float[np.ndarray, "S d"],
    v: Float[np.ndarray, "S d_v"],
    mask: Bool[np.ndarray, "T S"],
) -> Float[np.ndarray, "T d_v"]:
    """Return masked attention for one sequence, in NumPy; every row may attend to something."""
    scores = np.where(mask, q @ k.T / math.sqrt(q.shape[-1]), -np.inf)
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True) @ v


def attention_gradient(
    q: Float[Tensor, " d"],
    k: Float[Tensor, "S d"],
    v: Float[Tensor, "S d_v"],
    grad_out: Float[Tensor, " d_v"],
) -> tuple[Float[Tensor, " d"], Float[Tensor, "S d"], Float[Tensor, "S d_v"]]:
    """Return the gradients by q, k and v of one query's attention, without autograd."""
    scale = 1 / math.sqrt(len(q))
    w = (k @ q * scale).softmax(0)
    grad_w = v @ grad_out
    grad_scores = w * (grad_w - w @ grad_w)
    return grad_scores @ k * scale, torch.outer(grad_scores, q) * scale, torch.outer(w, grad_out)


def is_attention(attention: Callable[..., Tensor]) -> bool:
    """Tell whether a function computes masked scaled dot-product attention."""
    rows = torch.Generator().manual_seed(0)
    q, k, v = (
        torch.randn(n, d, generator=rows, dtype=torch.float64) for n, d in ((3, 4), (5, 4), (5, 2))
    )
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]], dtype=torch.bool)
    out = attention(q, k, v, mask)
    due = F.softmax((q @ k.T / 2).masked_fill(~mask, -torch.inf), dim=-1) @ v
    return out.shape == due.shape and bool(torch.allclose(out, due))
