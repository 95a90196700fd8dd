"""Self-attention: one sequence asks, is compared, and answers, each by a projection of its own."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.attention.scaled_dot_product import (
    fused_attention,
    masked_softmax,
    scaled_dot_product_attention,
    scaled_scores,
)


def projected_scores(
    x: Float[Tensor, "*B T d_model"],
    w_q: Float[Tensor, "d_model d_head"],
    w_k: Float[Tensor, "d_model d_head"],
) -> Float[Tensor, "*B T T"]:
    """Compare every token as a query with every token as a key: `(x W_q)(x W_k)ᵀ / √d_head`.

    Paper: Vaswani et al. 2017, §3.2.1, with the projections of §3.2.2.

    Args:
        x: one token a row.
        w_q, w_k: what makes queries and keys of tokens; `nn.Linear` keeps them transposed.

    >>> x, w_q, w_k = torch.eye(2), torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [3.0]])
    >>> projected_scores(x, w_q, w_k).tolist()
    [[0.0, 3.0], [0.0, 0.0]]
    """
    return scaled_scores(x @ w_q, x @ w_k)


class SelfAttention(nn.Module):
    """Let every token of a sequence gather from all: `softmax(q kᵀ / √d_head) v`, one head.

    Here q = x W_q, k = x W_k and v = x W_v, all of the same x.

    Paper: Vaswani et al. 2017, §3.2.1 and §3.2.3.

    Args:
        d_model: width of the tokens.
        d_head: width of queries, keys and values, and so of the result.
        fused: use PyTorch's one fused call, which stores no weights, instead of the formula.

    >>> SelfAttention(4, 3)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 3])
    """

    def __init__(self, d_model: int, d_head: int, *, fused: bool = False) -> None:
        super().__init__()
        self.fused = fused
        self.w_q = nn.Linear(d_model, d_head, bias=False)
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(
        self, x: Float[Tensor, "*B T d_model"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "*B T d_head"]:
        """Return what each token gathers.

        Args:
            x: one token a row.
            mask: True = may attend; broadcast to (*B, T, T). A token that may attend to nothing
                gets zeros.
        """
        attention = fused_attention if self.fused else scaled_dot_product_attention
        return attention(self.w_q(x), self.w_k(x), self.w_v(x), mask)

    def weights(
        self, x: Float[Tensor, "*B T d_model"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "*B T T"]:
        """Return how much each token (a row) takes from each (a column)."""
        return masked_softmax(scaled_scores(self.w_q(x), self.w_k(x)), mask)


class AttentionPool(nn.Module):
    """Make one vector of a set: `softmax(k seed / √d_head) v`, for one learned query, the seed.

    Here k = x W_k and v = x W_v. The result is the same in whatever order the items come.

    Paper: Lee et al. 2019, §3.2 (pooling by multihead attention), with one head and one seed.

    Args:
        d_model: width of the items.
        d_head: width of the seed, the keys and the values, and so of the result.

    >>> AttentionPool(4, 3)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(self, d_model: int, d_head: int) -> None:
        super().__init__()
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(
        self, x: Float[Tensor, "*B T d_model"], mask: Bool[Tensor, "*B T"] | None = None
    ) -> Float[Tensor, "*B d_head"]:
        """Return one vector for each set.

        Args:
            x: one item a row.
            mask: True where an item is real, False where it is padding. An empty set gives zeros.
        """
        v: Tensor = self.w_v(x)
        return (self.weights(x, mask).unsqueeze(-2) @ v).squeeze(-2)

    def weights(
        self, x: Float[Tensor, "*B T d_model"], mask: Bool[Tensor, "*B T"] | None = None
    ) -> Float[Tensor, "*B T"]:
        """Return how much the result takes from each item."""
        k = self.w_k(x)
        scores = scaled_scores(self.seed.expand(*k.shape[:-2], 1, -1), k)
        return masked_softmax(scores, None if mask is None else mask.unsqueeze(-2)).squeeze(-2)


def graph_mask(adjacency: Tensor) -> Bool[Tensor, "*B N N"]:
    """Return who may attend to whom when news travels along the edges of a graph.

    A node attends to the nodes with an edge to it, and to itself.

    Paper: Veličković et al. 2018, §2.1 (masked attention).

    Args:
        adjacency: (*B, N, N), of any dtype: not 0 at [s, t] where an edge runs from s to t.

    Returns:
        True at [t, s] where there is an edge from s to t, and on the diagonal.

    >>> graph_mask(torch.tensor([[0, 1, 0], [0, 0, 1], [0, 0, 0]])).int().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    itself = torch.eye(adjacency.shape[-1], dtype=torch.bool, device=adjacency.device)
    return (adjacency != 0).transpose(-2, -1) | itself


def copy_distribution(
    weights: Float[Tensor, "*B T"], tokens: Int[Tensor, "*B T"], vocab_size: int
) -> Float[Tensor, "*B V"]:
    """Turn weights over places into probabilities of words: `p[w] = Σ weights[t]`, `tokens[t] = w`.

    Paper: Vinyals et al. 2015, §2.3 (attention as a pointer); See et al. 2017, §2.2 (the sum over
    the places of a word).

    Args:
        weights: one for each place; they sum to 1.
        tokens: the word at each place.
        vocab_size: V.

    >>> copy_distribution(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([2, 0, 2]), 4).tolist()
    [0.25, 0.0, 0.75, 0.0]
    """
    zeros = weights.new_zeros(*weights.shape[:-1], vocab_size)
    return zeros.scatter_add(-1, tokens, weights)
