"""Lesson 04: listed mistakes in another spelling, and near ones that no name fits."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def scores(q, k, root=math.sqrt):
    return torch.einsum("...td,...sd->...ts", q, k) / root(q.shape[-1])


def row_by_row(w, entry):
    n = len(w)
    return torch.stack([torch.stack([entry(i, j) for j in range(n)]) for i in range(n)])


def weighted(q, k, v, dim=-1, root=math.sqrt, sharpen=1):
    powers = torch.exp(sharpen * scores(q, k, root))
    weights = powers / powers.sum(dim, keepdim=True)
    return torch.matmul(weights, v), weights


def real_keys(lengths, n, upto=lambda length: length):
    rows = torch.zeros(len(lengths), n, dtype=torch.bool, device=lengths.device)
    for row, length in zip(rows, lengths.tolist(), strict=True):
        row[: max(upto(length), 0)] = True
    return rows


def behind(n, sees=lambda t, s: s <= t):
    return torch.tensor([[sees(t, s) for s in range(n)] for t in range(n)])


def both(lengths, n, join=torch.logical_and, sees=lambda t, s: s <= t, axis=1):
    return join(real_keys(lengths, n).unsqueeze(axis), behind(n, sees))


def attention(q, k, v, mask=None, fill=-math.inf, root=math.sqrt, clean=True, late=False, dim=-1):
    made = scores(q, k, root)
    if mask is not None and not late:
        made = torch.where(mask, made, torch.full_like(made, fill))
    weights = F.softmax(made, dim=dim)
    if clean:
        weights = torch.nan_to_num(weights)
        if mask is not None and fill == -math.inf:
            weights = weights * mask.any(-1, keepdim=True)
    if late and mask is not None:
        weights = torch.where(mask, weights, 0.0)
    return torch.matmul(weights.to(v.dtype), v)


def flipped(q, k, v, mask=None):
    return attention(q, k, v, None if mask is None else torch.logical_not(mask))


def in_numpy(q, k, v, mask, top=lambda s: s.max(1, keepdims=True), axis=1, fill=-np.inf, root=True):
    s = np.einsum("td,sd->ts", q, k) / (q.shape[1] ** 0.5 if root else 1)
    s = s.copy()
    s[~mask] = fill
    powers = np.exp(s - top(s))
    return (powers / powers.sum(axis, keepdims=True)) @ v


def gradients(q, k, v, g, scale=None, centre=True, weigh=True, values=None):
    scale = len(q) ** -0.5 if scale is None else scale
    w = torch.softmax((k * q).sum(1) * len(q) ** -0.5, 0)
    back = torch.mv(v, g)
    moved = back - (torch.dot(w, back) if centre else 0)
    moved = w * moved if weigh else moved
    value = w if values is None else values(w, moved)
    return scale * (moved[:, None] * k).sum(0), scale * moved[:, None] * q, value[:, None] * g


def compared(candidate, mask=None, look=torch.allclose, d=4):
    g = torch.Generator().manual_seed(7)
    q, k, v = (torch.randn(n, w, generator=g) for n, w in ((3, d), (5, d), (5, 2)))
    mask = torch.rand(3, 5, generator=g) > 0.4 if mask is None else mask
    mask[:, 2] = True
    out, due = candidate(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.shape == due.shape and bool(look(out, due))


SPELT = {
    "scaled_scores": {
        "no_scale": [lambda q, k: scores(q, k, lambda d: 1)],
        "divides_by_d": [lambda q, k: scores(q, k, lambda d: d)],
        "transposed": [lambda q, k: scores(q, k).transpose(-1, -2)],
    },
    "softmax_jacobian": {
        "only_diagonal": [
            lambda w: row_by_row(w, lambda i, j: w[i] * (1 - w[j]) if i == j else 0 * w[i])
        ],
        "plus": [lambda w: row_by_row(w, lambda i, j: w[i] * ((i == j) + w[j]))],
        "sign": [lambda w: row_by_row(w, lambda i, j: w[i] * (w[j] - (i == j)))],
    },
    "attend": {
        "no_scale": [lambda *args: weighted(*args, root=lambda d: 1)],
        "softmax_over_queries": [lambda *args: weighted(*args, dim=-2)],
        "swapped_results": [lambda *args: tuple(reversed(weighted(*args)))],
    },
    "padding_mask": {
        "one_too_many": [lambda lengths, n: real_keys(lengths, n, lambda length: length + 1)],
        "one_too_few": [lambda lengths, n: real_keys(lengths, n, lambda length: length - 1)],
        "inverted": [lambda lengths, n: torch.logical_not(real_keys(lengths, n))],
    },
    "causal_mask": {
        "without_itself": [lambda n: behind(n, lambda t, s: s < t)],
        "looks_ahead": [lambda n: behind(n, lambda t, s: s >= t)],
        "everything": [lambda n: behind(n, lambda t, s: True)],
    },
    "scaled_dot_product_attention": {
        "ignores_mask": [lambda q, k, v, mask=None: attention(q, k, v)],
        "mask_after_softmax": [lambda *args: attention(*args, late=True)],
        "mask_inverted": [flipped],
        "nan_rows": [lambda *args: attention(*args, clean=False)],
        "fill_minus_1e9": [lambda *args: attention(*args, fill=-1e9)],
    },
    "decoder_mask": {
        "either": [lambda *args: both(*args, join=torch.logical_or)],
        "padded_queries": [lambda *args: both(*args, axis=2)],
        "looks_ahead": [lambda *args: both(*args, sees=lambda t, s: s >= t)],
    },
    "attention_numpy": {
        "no_scale": [lambda *args: in_numpy(*args, root=False)],
        "no_max": [lambda *args: in_numpy(*args, top=lambda s: 0)],
        "masked_with_zero": [lambda *args: in_numpy(*args, fill=0)],
    },
    "attention_gradient": {
        "no_scale": [lambda *args: gradients(*args, scale=1)],
        "diagonal_only": [lambda *args: gradients(*args, centre=False)],
        "no_weights": [lambda *args: gradients(*args, weigh=False)],
    },
    "is_attention": {
        "no_mask": [lambda f: compared(f, mask=torch.ones(3, 5).bool())],
        "width_one": [lambda f: compared(f, d=1)],
        "totals": [lambda f: compared(f, look=lambda a, b: abs(a.mean() - b.mean()) < 1e-6)],
    },
}

NEAR = {
    "scaled_scores": [
        lambda q, k: scores(q, k, lambda d: d**0.25),
        lambda q, k: scores(q, k) - scores(q, k).amax(-1, keepdim=True),
    ],
    "softmax_jacobian": [
        lambda w: 2 * (torch.diag(w) - torch.outer(w, w)),
        lambda w: torch.diag(w) - torch.outer(w, w).sqrt(),
    ],
    "attend": [
        lambda *args: weighted(*args, sharpen=2),
        lambda q, k, v: (weighted(q, k, v)[0] + v.mean(-2, keepdim=True), weighted(q, k, v)[1]),
    ],
    "padding_mask": [
        lambda lengths, n: real_keys(lengths, n).flip(0, 1),
        lambda lengths, n: real_keys(lengths, n, lambda length: length // 2),
    ],
    "causal_mask": [
        lambda n: behind(n, lambda t, s: t - 1 <= s <= t),
        lambda n: behind(n, lambda t, s: s == 0),
    ],
    "scaled_dot_product_attention": [
        lambda *args: attention(*args, root=lambda d: d**0.25),
        lambda *args: attention(*args).flip(-1),
    ],
    "decoder_mask": [
        lambda *args: both(*args, join=torch.logical_xor),
        lambda *args: both(*args, sees=lambda t, s: s < t),
    ],
    "attention_numpy": [
        lambda *args: in_numpy(*args)[::-1].copy(),
        lambda *args: in_numpy(*args) / 2,
    ],
    "attention_gradient": [
        lambda *args: tuple(2 * part for part in gradients(*args)),
        lambda *args: (*gradients(*args)[:2], gradients(*args)[2].flip(0)),
    ],
    "is_attention": [
        lambda f: not compared(f),
        lambda f: compared(f, look=lambda a, b: torch.equal(a.argmax(), b.argmax())),
    ],
}
