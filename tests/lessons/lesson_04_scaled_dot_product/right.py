"""Right answers to lesson 04, written another way."""

import math

import einops
import numpy as np
import torch
import torch.nn.functional as F


def scores_in_loops(q, k):
    lead, d = q.shape[:-2], q.shape[-1]
    a, b = q.reshape(-1, *q.shape[-2:]), k.reshape(-1, *k.shape[-2:])
    rows = [
        [[(x * y).sum() / d**0.5 for y in keys] for x in queries]
        for queries, keys in zip(a, b, strict=True)
    ]
    flat = torch.stack([torch.stack([torch.stack(row) for row in matrix]) for matrix in rows])
    return flat.reshape(*lead, q.shape[-2], k.shape[-2])


def jacobian_in_place(w):
    out = -w[:, None] * w[None, :]
    out.diagonal().add_(w)
    return out


def jacobian_entries(w):
    out = torch.empty(len(w), len(w), dtype=w.dtype, device=w.device)
    for i in range(len(w)):
        for j in range(len(w)):
            out[i, j] = w[i] * (1 - w[i]) if i == j else -w[i] * w[j]
    return out


def attend_by_exponentials(q, k, v):
    scores = torch.einsum("...td,...sd->...ts", q, k) / torch.sqrt(torch.tensor(q.shape[-1]))
    powers = torch.exp(scores - scores.amax(-1, keepdim=True))
    weights = powers / powers.sum(-1, keepdim=True)
    return torch.einsum("...ts,...sv->...tv", weights, v), weights


def attend_scaling_queries(q, k, v):
    weights = F.softmax((q * q.shape[-1] ** -0.5) @ k.mT, dim=-1)
    return torch.matmul(weights, v), weights


def padding_in_loops(lengths, n_keys):
    mask = torch.zeros(len(lengths), n_keys, dtype=torch.bool, device=lengths.device)
    for row, length in zip(mask, lengths.tolist(), strict=True):
        row[:length] = True
    return mask


def causal_in_loops(n):
    mask = torch.zeros(n, n, dtype=torch.bool)
    for t in range(n):
        mask[t, : t + 1] = True
    return mask


def attention_nan_to_num(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    return torch.nan_to_num(torch.softmax(scores, -1)) @ v


def attention_renormalised(q, k, v, mask=None):
    scores = q.double() @ k.double().mT / q.shape[-1] ** 0.5
    powers = torch.exp(scores - scores.amax(-1, keepdim=True).detach())
    if mask is not None:
        powers = powers * mask
    total = powers.sum(-1, keepdim=True)
    return (powers / torch.where(total == 0, 1.0, total) @ v.double()).to(q.dtype)


def attention_added_mask(q, k, v, mask=None):
    scores = einops.einsum(q, k, "... t d, ... s d -> ... t s") / math.sqrt(q.shape[-1])
    if mask is None:
        return F.softmax(scores, dim=-1) @ v
    empty = ~mask.any(-1, keepdim=True)
    mask = mask | empty
    bias = torch.zeros(mask.shape, dtype=q.dtype, device=q.device).masked_fill_(
        mask.logical_not(), -math.inf
    )
    weights = F.softmax(scores + bias, dim=-1)
    return torch.where(empty, torch.zeros_like(weights), weights) @ v


def decoder_by_comparison(lengths, n):
    at = torch.arange(n, device=lengths.device)
    return (at[None, None, :] <= at[None, :, None]) & (at[None, None, :] < lengths[:, None, None])


def decoder_in_loops(lengths, n):
    mask = torch.ones(len(lengths), n, n, dtype=torch.bool, device=lengths.device).tril()
    for b, length in enumerate(lengths):
        mask[b, :, int(length) :] = False
    return mask


def numpy_in_loops(q, k, v, mask):
    out = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        scores = np.array([q[t] @ k[s] for s in range(len(k))]) / math.sqrt(q.shape[1])
        top = scores[mask[t]].max()
        powers = np.array(
            [math.exp(x - top) if ok else 0.0 for x, ok in zip(scores, mask[t], strict=True)]
        )
        out[t] = (powers / powers.sum()) @ v
    return out


def numpy_einsum(q, k, v, mask):
    scores = np.einsum("td,sd->ts", q, k) * q.shape[1] ** -0.5
    scores[~mask] = -np.inf
    w = np.exp(scores - np.max(scores, axis=1)[:, None])
    return np.einsum("ts,sv->tv", w / np.sum(w, axis=1)[:, None], v)


def gradient_by_matrix(q, k, v, grad_out):
    d = q.numel()
    w = torch.softmax((k @ q) / d**0.5, 0)
    grad_s = (torch.diag(w) - torch.outer(w, w)) @ (v @ grad_out)
    return (k.T @ grad_s) / d**0.5, grad_s[:, None] * q[None, :] / d**0.5, w[:, None] * grad_out


def gradient_by_output(q, k, v, grad_out):
    """Uses wᵀ grad_w = out · grad_out."""
    scale = torch.rsqrt(torch.tensor(float(len(q)), dtype=q.dtype))
    w = F.softmax(torch.mv(k, q) * scale, dim=0)
    grad_s = w * (torch.mv(v, grad_out) - torch.dot(w @ v, grad_out)) * scale
    return (
        torch.mv(k.T, grad_s),
        torch.einsum("s,d->sd", grad_s, q),
        torch.einsum("s,v->sv", w, grad_out),
    )


def clinic_with_loops(attention):
    rng = torch.Generator().manual_seed(3)
    for _ in range(3):
        q, k = torch.randn(2, 5, generator=rng), torch.randn(3, 5, generator=rng)
        v = torch.randn(3, 4, generator=rng)
        mask = torch.tensor([[True, False, True], [True, True, False]])
        try:
            out = attention(q, k, v, mask)
            due = attention_nan_to_num(q, k, v, mask)
            torch.testing.assert_close(out, due)
        except AssertionError:
            return False
    return True


def clinic_returning_a_tensor(attention):
    q, k, v = torch.eye(3, 6) * 4, torch.ones(4, 6).cumsum(0), torch.arange(8.0).view(4, 2)
    mask = torch.ones(3, 4, dtype=torch.bool).tril()
    out, due = attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return torch.tensor(out.shape == due.shape) and ((out - due).abs() < 1e-5).all()


RIGHT = {
    "scaled_scores": [
        scores_in_loops,
        lambda q, k: torch.einsum("...td,...sd->...ts", q, k) / q.size(-1) ** 0.5,
        lambda q, k: torch.matmul(q, k.transpose(-1, -2)) / torch.sqrt(torch.tensor(q.shape[-1])),
        lambda q, k: (q[..., :, None, :] * k[..., None, :, :]).sum(-1) / math.sqrt(k.shape[-1]),
        lambda q, k: (q / q.shape[-1] ** 0.25) @ (k / k.shape[-1] ** 0.25).mT,
    ],
    "softmax_jacobian": [
        jacobian_in_place,
        jacobian_entries,
        lambda w: w[:, None] * (torch.eye(len(w), dtype=w.dtype, device=w.device) - w),
    ],
    "attend": [
        attend_by_exponentials,
        attend_scaling_queries,
        lambda q, k, v: list(attend_scaling_queries(q, k, v)),
    ],
    "padding_mask": [
        padding_in_loops,
        lambda lengths, n_keys: (
            lengths.unsqueeze(1) > torch.arange(n_keys, device=lengths.device).unsqueeze(0)
        ),
        lambda lengths, n_keys: torch.stack(
            [torch.arange(n_keys, device=lengths.device) < n for n in lengths]
        ),
    ],
    "causal_mask": [
        causal_in_loops,
        lambda n: torch.tril(torch.ones(n, n)).bool(),
        lambda n: torch.arange(n)[None, :] <= torch.arange(n)[:, None],
        lambda n: ~torch.triu(torch.ones((n, n), dtype=torch.bool), diagonal=1),
        lambda n: torch.tril(torch.ones(n, n)) == 1,
    ],
    "scaled_dot_product_attention": [
        attention_nan_to_num,
        attention_renormalised,
        attention_added_mask,
    ],
    "decoder_mask": [
        decoder_by_comparison,
        decoder_in_loops,
        lambda lengths, n: torch.stack(
            [
                torch.ones(n, n, dtype=torch.bool).tril().to(x.device)
                & (torch.arange(n, device=x.device) < x)
                for x in lengths
            ]
        ),
    ],
    "attention_numpy": [numpy_in_loops, numpy_einsum],
    "attention_gradient": [gradient_by_matrix, gradient_by_output],
    "is_attention": [clinic_with_loops, clinic_returning_a_tensor],
}


def masks_joined(lengths, n):
    return causal_in_loops(n) & padding_in_loops(lengths, n)[:, None, :]


#: Right, and written by somebody who does not think of a GPU.
DEVICE_NAIVE = {"decoder_mask": [masks_joined]}
