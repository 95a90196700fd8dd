"""Right answers to lesson 07, written another way."""

import itertools
import math

import einops
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# ---------------------------------------------------------------- projected_scores


def scores_by_bilinear_form(x, w_q, w_k):
    return x @ (w_q @ w_k.T) @ x.transpose(-2, -1) / w_q.shape[1] ** 0.5


def scores_einops(x, w_q, w_k):
    q = einops.einsum(x, w_q, "... t d, d h -> ... t h")
    k = einops.einsum(x, w_k, "... s d, d h -> ... s h")
    return einops.einsum(q, k, "... t h, ... s h -> ... t s") * torch.rsqrt(
        torch.tensor(float(q.size(-1)))
    )


def scores_in_loops(x, w_q, w_k):
    flat = x.reshape(-1, *x.shape[-2:])
    out = [
        [[torch.dot(a @ w_q, b @ w_k) / math.sqrt(w_k.size(1)) for b in rows] for a in rows]
        for rows in flat
    ]
    stacked = torch.stack([torch.stack([torch.stack(row) for row in rows]) for rows in out])
    return stacked.reshape(*x.shape[:-1], x.shape[-2])


# ---------------------------------------------------------------- SelfAttention


class ByFusedCall(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        for name in ("w_q", "w_k", "w_v"):
            setattr(self, name, nn.Linear(d_model, d_head, bias=False))

    def forward(self, x, mask=None):
        q, k, v = self.w_q(x), self.w_k(x), self.w_v(x)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class ByExponentials(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.w_q, self.w_k, self.w_v = (nn.Linear(d_model, d_head, False) for _ in range(3))

    def forward(self, x, mask=None):
        scores = torch.einsum("...th,...sh->...ts", self.w_q(x), self.w_k(x))
        scores = scores / self.w_q.out_features**0.5
        powers = torch.exp(scores - scores.amax(-1, keepdim=True))
        if mask is not None:
            powers = powers * mask
        return powers @ self.w_v(x) / powers.sum(-1, keepdim=True).clamp(min=1e-300)


class InOneProduct(nn.Module):
    """Stacks the three weights, multiplies once, and cuts the result."""

    def __init__(self, d_model, d_head):
        super().__init__()
        self.w_q = nn.Linear(d_model, d_head, bias=False)
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(self, x, mask=None):
        w = torch.cat([self.w_q.weight, self.w_k.weight, self.w_v.weight])
        q, k, v = F.linear(x, w).chunk(3, dim=-1)
        scores = q @ k.mT * k.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(mask.logical_not(), float("-inf"))
        return torch.nan_to_num(scores.softmax(-1)) @ v


# ---------------------------------------------------------------- is_equivariant


def one_good_order(layer, x):
    order = torch.tensor([3, 0, 4, 1, 2, *range(len(x) - 1, 4, -1)])[: len(x)]
    if len(x) < 5:
        order = torch.arange(len(x)).roll(1)
    return bool(torch.isclose(layer(x[order]), layer(x)[order]).all())


def all_neighbours_and_more(layer, x):
    rng = np.random.default_rng(4)
    for _ in range(5):
        order = rng.permutation(len(x))
        if (layer(x[order]) - layer(x)[order]).abs().max() > 1e-6:
            return False
    return True


def by_matrices(layer, x):
    p = torch.eye(len(x), dtype=x.dtype)
    orders = itertools.islice(itertools.permutations(range(len(x))), 1, 5000, 611)
    return all(torch.allclose(layer(p[list(o)] @ x), p[list(o)] @ layer(x)) for o in orders)


# ---------------------------------------------------------------- graph_mask


def graph_by_loops(adjacency):
    mask = torch.zeros(adjacency.shape, dtype=torch.bool, device=adjacency.device)
    n = adjacency.shape[-1]
    for s in range(n):
        for t in range(n):
            mask[..., t, s] = True if s == t else adjacency[..., s, t] != 0
    return mask


def graph_filling_the_diagonal(adjacency):
    mask = adjacency.bool().mT.clone()
    mask.diagonal(dim1=-2, dim2=-1).fill_(True)
    return mask


def graph_by_sums(adjacency):
    n = adjacency.size(-1)
    turned = einops.rearrange(adjacency.ne(0), "... s t -> ... t s").int()
    return (turned + torch.eye(n, device=adjacency.device)) > 0


# ---------------------------------------------------------------- AttentionPool


class PoolByMatrixVector(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.seed = nn.Parameter(torch.zeros(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(self, x, mask=None):
        scores = self.w_k(x) @ self.seed / math.sqrt(self.seed.numel())
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = torch.nan_to_num(scores.softmax(dim=-1))
        return einops.einsum(weights, self.w_v(x), "... t, ... t h -> ... h")


class PoolThenProject(nn.Module):
    """Weights first, then one mean of the items, then w_v: it is linear."""

    def __init__(self, d_model, d_head):
        super().__init__()
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(self, x, mask=None):
        asks = self.seed @ self.w_k.weight / self.seed.shape[0] ** 0.5
        powers = torch.exp((x * asks).sum(-1))
        if mask is not None:
            powers = torch.where(mask, powers, 0.0)
        total = powers.sum(-1, keepdim=True)
        weights = powers / torch.where(total == 0, 1.0, total)
        return self.w_v((weights.unsqueeze(-1) * x).sum(-2))


class PoolByFusedCall(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(self, x, mask=None):
        query = self.seed[None, :].expand(*x.shape[:-2], 1, -1)
        row = mask[..., None, :] if mask is not None else None
        out = F.scaled_dot_product_attention(query, self.w_k(x), self.w_v(x), attn_mask=row)
        return out[..., 0, :]


# ---------------------------------------------------------------- copy_distribution


def copy_by_one_hot(weights, tokens, vocab_size):
    rows = F.one_hot(tokens, vocab_size).to(weights.dtype)
    return (weights.unsqueeze(-2) @ rows).squeeze(-2)


def copy_by_comparison(weights, tokens, vocab_size):
    words = torch.arange(vocab_size, device=tokens.device)
    return torch.where(tokens[..., None] == words, weights[..., None], 0.0).sum(-2)


def copy_in_place(weights, tokens, vocab_size):
    out = torch.zeros(*weights.shape[:-1], vocab_size, dtype=weights.dtype, device=weights.device)
    out.scatter_add_(dim=-1, index=tokens, src=weights)
    return out


# ---------------------------------------------------------------- map_overlap


def overlap_by_distance(weights, known):
    rows = known.sum(dim=-1) != 0
    return ((weights + known - (weights - known).abs()).sum(-1)[rows] / 2).mean()


def overlap_in_loops(weights, known):
    shares = []
    for w, m in zip(weights.flatten(0, -2), known.flatten(0, -2), strict=True):
        if m.any():
            shares.append(torch.where(w < m, w, m).sum().item())
    return sum(shares) / len(shares)


def overlap_weighted(weights, known):
    asked = (known.sum(-1) > 0).to(weights.dtype)
    return ((torch.minimum(weights, known).sum(-1) * asked).sum() / asked.sum()).item()


# ---------------------------------------------------------------- best_without_order


def best_by_counting(n):
    hits = {}
    for i in range(n):
        for j in range(n):
            orders = 1 if i == j else 1 / (n - 1)
            hits[i == j] = hits.get(i == j, 0.0) + (j == n - 1 - i) * orders / n
    return max(hits.values())


def best_by_rounding_to_odd(n):
    return 1 / (2 * ((n - 1) // 2) + 1)


RIGHT = {
    "projected_scores": [scores_by_bilinear_form, scores_einops, scores_in_loops],
    "SelfAttention": [ByFusedCall, ByExponentials, InOneProduct],
    "is_equivariant": [one_good_order, all_neighbours_and_more, by_matrices],
    "graph_mask": [graph_by_loops, graph_filling_the_diagonal, graph_by_sums],
    "AttentionPool": [PoolByMatrixVector, PoolThenProject, PoolByFusedCall],
    "copy_distribution": [copy_by_one_hot, copy_by_comparison, copy_in_place],
    "map_overlap": [overlap_by_distance, overlap_in_loops, overlap_weighted],
    "best_without_order": [best_by_counting, best_by_rounding_to_odd],
}
