"""Lesson 07: listed mistakes in another spelling, and near ones that no name fits."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def scores(x, w_q, w_k, scale=None):
    made = torch.einsum("...th,...sh->...ts", x.matmul(w_q), x.matmul(w_k))
    return made * (w_q.shape[1] ** -0.5 if scale is None else scale)


class Layer(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.w_q, self.w_k, self.w_v = (nn.Linear(d_model, d_head, bias=False) for _ in range(3))

    def forward(self, x, mask=None):
        return self.mix(self.weigh(self.meet(x), mask), x)

    def meet(self, x):
        q, k = F.linear(x, self.w_q.weight), F.linear(x, self.w_k.weight)
        return torch.matmul(q, k.transpose(-1, -2)).div(math.sqrt(q.shape[-1]))

    def weigh(self, made, mask):
        if mask is not None:
            made = torch.where(mask, made, -torch.inf)
        return F.softmax(made, dim=-1).nan_to_num()

    def mix(self, weights, x):
        return weights.matmul(self.w_v(x))


def layer(**parts):
    return type("SelfAttention", (Layer,), parts)


def with_nan(self, made, mask):
    return (made if mask is None else made.masked_fill(mask.logical_not(), -math.inf)).softmax(-1)


def open_to_all(self, made, mask):
    return F.softmax(made, -1)


def late_mask(self, made, mask):
    weights = F.softmax(made, -1)
    return weights if mask is None else torch.where(mask, weights, 0.0)


def sharper(self, made, mask):
    return Layer.weigh(self, 2 * made, mask)


def keys_mixed(self, weights, x):
    return weights @ self.w_k(x)


def residual(self, weights, x):
    values = self.w_v(x)
    return values + weights @ values


def asks_itself(self, x):
    q = self.w_q(x)
    return q @ q.mT / q.shape[-1] ** 0.5


class Pool(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.seed = nn.Parameter(torch.zeros(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)

    def forward(self, x, mask=None):
        weights = self.weigh(self.meet(x), mask)
        return torch.einsum("...t,...td->...d", weights, self.w_v(x))

    def meet(self, x):
        return torch.einsum("...td,d->...t", self.w_k(x), self.seed) / math.sqrt(self.seed.numel())

    def weigh(self, made, mask):
        if mask is None:
            return made.softmax(-1)
        return torch.where(mask, made, -torch.inf).softmax(-1).nan_to_num()


def pool(**parts):
    return type("AttentionPool", (Pool,), parts)


def unscaled(self, x):
    return self.w_k(x) @ self.seed


def not_masked(self, made, mask):
    return made.softmax(-1)


def level(self, made, mask):
    return Pool.weigh(self, made * 0, mask)


def loud(self, made, mask):
    return Pool.weigh(self, 3 * made, mask)


def kept_column(self, x, mask=None):
    return Pool.forward(self, x, mask)[..., None, :]


def with_the_mean(self, x, mask=None):
    return Pool.forward(self, x, mask) + self.w_v(x).mean(-2)


def looped(adjacency, sends=lambda a, s, t: a[s, t] != 0, own=True):
    flat = adjacency.reshape(-1, *adjacency.shape[-2:])
    n = flat.shape[-1]
    out = torch.zeros(flat.shape, dtype=torch.bool, device=adjacency.device)
    for mask, a in zip(out, flat, strict=True):
        for t in range(n):
            for s in range(n):
                mask[t, s] = bool(sends(a, s, t)) or (own and s == t)
    return out.reshape(adjacency.shape)


def shuffled(layer, x, same=torch.allclose, put=lambda rows, order: rows[order], tries=10):
    for seed in range(tries):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        if not same(layer(x[order]), put(layer(x), order)):
            return False
    return True


def by_width(layer, x):
    return shuffled(layer, x) and float(layer(x).sum()) > 0


def placed(weights, tokens, n, add=lambda old, new: old + new):
    out = torch.zeros(*weights.shape[:-1], n, dtype=weights.dtype)
    flat = out.reshape(-1, n)
    rows = weights.reshape(-1, weights.shape[-1]), tokens.reshape(-1, tokens.shape[-1])
    result = []
    for row, w, ids in zip(flat, *rows, strict=True):
        row = list(row.unbind())
        for share, word in zip(w, ids.tolist(), strict=True):
            row[word] = add(row[word], share)
        result.append(torch.stack(row))
    return torch.stack(result).reshape(out.shape)


def overlap(weights, known, share=torch.minimum, asked=lambda row: row.sum() > 0, join=sum):
    width = weights.shape[-1]
    rows = zip(weights.reshape(-1, width), known.reshape(-1, width), strict=True)
    found = [float(join(share(w, m))) for w, m in rows if asked(m)]
    return sum(found) / len(found)


SPELT = {
    "projected_scores": {
        "no_scale": [lambda x, w_q, w_k: scores(x, w_q, w_k, scale=1)],
        "scale_by_model": [lambda x, w_q, w_k: scores(x, w_q, w_k, scale=x.shape[-1] ** -0.5)],
        "transposed": [lambda x, w_q, w_k: scores(x, w_q, w_k).transpose(-1, -2)],
        "queries_twice": [lambda x, w_q, w_k: scores(x, w_q, w_q)],
    },
    "SelfAttention": {
        "empty_row_nan": [layer(weigh=with_nan)],
        "mask_ignored": [layer(weigh=open_to_all)],
        "mask_after_softmax": [layer(weigh=late_mask)],
        "keys_as_values": [layer(mix=keys_mixed)],
        "queries_as_keys": [layer(meet=asks_itself)],
    },
    "is_equivariant": {
        "invariance": [lambda f, x: shuffled(f, x, put=lambda rows, order: rows)],
        "exact": [lambda f, x: shuffled(f, x, same=lambda a, b: bool((a == b).all()))],
        "loose": [lambda f, x: shuffled(f, x, same=lambda a, b: (a - b).abs().max() < 0.1)],
    },
    "graph_mask": {
        "transposed": [lambda a: looped(a, lambda a, s, t: a[t, s] != 0)],
        "no_self_loops": [lambda a: looped(a, own=False)],
        "positive_only": [lambda a: looped(a, lambda a, s, t: a[s, t] > 0)],
    },
    "AttentionPool": {
        "no_scale": [pool(meet=unscaled)],
        "mask_ignored": [pool(weigh=not_masked)],
        "mean": [pool(weigh=level)],
        "axis_kept": [pool(forward=kept_column)],
    },
    "copy_distribution": {
        "last_wins": [lambda *args: placed(*args, add=lambda old, new: new)],
        "best_place": [lambda *args: placed(*args, add=torch.maximum)],
        "softmax_again": [lambda *args: F.softmax(placed(*args), dim=-1)],
    },
    "map_overlap": {
        "all_rows": [lambda *args: overlap(*args, asked=lambda row: True)],
        "product": [lambda *args: overlap(*args, share=torch.mul)],
        "mean_of_cells": [lambda *args: overlap(*args, join=torch.mean)],
    },
    "best_without_order": {
        "one_in_n": [lambda n: n**-1],
        "one_in_others": [lambda n: 1.0 if n == 1 else 1 / (n - 1)],
        "parity_swapped": [lambda n: 1 / n if n % 2 == 0 else 1 / max(n - 1, 1)],
    },
}

NEAR = {
    "projected_scores": [
        lambda x, w_q, w_k: scores(x, w_q, w_k).abs(),
        lambda x, w_q, w_k: scores(x, w_q, w_k) + scores(x, w_k, w_q),
    ],
    "SelfAttention": [layer(weigh=sharper), layer(mix=residual)],
    "is_equivariant": [by_width, lambda f, x: not shuffled(f, x)],
    "graph_mask": [
        lambda a: looped(a, lambda a, s, t: a[s, t] != 0 or s < t),
        lambda a: looped(a, lambda a, s, t: abs(a[s, t]) > 0.3),
    ],
    "AttentionPool": [pool(weigh=loud), pool(forward=with_the_mean)],
    "copy_distribution": [
        lambda *args: placed(*args).sqrt(),
        lambda *args: placed(*args).flip(-1),
    ],
    "map_overlap": [
        lambda *args: overlap(*args) ** 0.5,
        lambda *args: overlap(*args, share=torch.maximum) / 2,
    ],
    "best_without_order": [lambda n: 1 / (n + 1), lambda n: 2 / (n + 1)],
}
