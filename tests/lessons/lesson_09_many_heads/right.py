"""Right answers to lesson 09, written another way."""

import math

import einops
import torch
import torch.nn.functional as F
from torch import nn


def split_by_slices(x, n_heads):
    d = x.shape[-1] // n_heads
    return torch.stack([x[:, :, h * d : (h + 1) * d] for h in range(n_heads)], dim=1)


def split_by_reshape(x, n_heads):
    B, T, d_model = x.shape
    return x.reshape(B, T, n_heads, d_model // n_heads).permute(0, 2, 1, 3)


def merge_into_place(x):
    B, H, T, d = x.shape
    out = x.new_empty(B, T, H * d)
    for h in range(H):
        out[:, :, h * d : (h + 1) * d] = x[:, h]
    return out


def merge_contiguous(x):
    B, H, T, d = x.shape
    return x.permute(0, 2, 1, 3).contiguous().view(B, T, H * d)


class SelfByEinsum(nn.Module):
    def __init__(self, d_in, d_model, n_heads):
        super().__init__()
        self.w_q, self.w_k, self.w_v = (nn.Linear(d_in, d_model) for _ in range(3))
        self.w_o = nn.Linear(d_model, d_model)
        self.h, self.d = n_heads, d_model // n_heads

    def forward(self, x, mask=None):
        q, k, v = (w(x).view(*x.shape[:2], self.h, self.d) for w in (self.w_q, self.w_k, self.w_v))
        scores = torch.einsum("bthd,bshd->bhts", q, k) / math.sqrt(self.d)
        if mask is not None:
            mask = mask if mask.dim() == 2 else mask[:, None]
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights * mask
        return self.w_o(torch.einsum("bhts,bshd->bthd", weights, v).flatten(2))


class SelfHeadByHead(nn.Module):
    def __init__(self, d_in: int, d_model: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        for name in ("w_q", "w_k", "w_v"):
            setattr(self, name, nn.Linear(d_in, d_model))
        self.w_o = nn.Linear(d_model, d_model)

    def forward(self, x, mask=None):
        found = []
        parts = [w(x).chunk(self.n_heads, dim=-1) for w in (self.w_q, self.w_k, self.w_v)]
        for q, k, v in zip(*parts, strict=True):
            found.append(F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
        return self.w_o(torch.cat(found, dim=-1))


class CrossFused(nn.Module):
    def __init__(self, d_model, n_heads, d_key, d_value):
        super().__init__()
        self.n_heads = n_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_key, d_model)
        self.w_v = nn.Linear(d_value, d_model)
        self.w_o = nn.Linear(d_model, d_model)
        self.register_buffer("root", torch.tensor(1.0), persistent=False)

    def forward(self, query, key, value, mask=None):
        q, k, v = (
            einops.rearrange(x, "b t (h d) -> b h t d", h=self.n_heads)
            for x in (self.w_q(query), self.w_k(key), self.w_v(value))
        )
        if mask is not None and mask.dim() == 3:
            mask = einops.rearrange(mask, "b t s -> b 1 t s")
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.w_o(einops.rearrange(out, "b h t d -> b t (h d)"))


class CrossFoldedIntoBatch(nn.Module):
    def __init__(self, d_model, n_heads, d_key, d_value):
        super().__init__()
        self.H, self.d = n_heads, d_model // n_heads
        self.w_q, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_k, self.w_v = nn.Linear(d_key, d_model), nn.Linear(d_value, d_model)

    def fold(self, x):
        B, T, _ = x.shape
        return x.view(B, T, self.H, self.d).transpose(1, 2).reshape(B * self.H, T, self.d)

    def forward(self, query, key, value, mask=None):
        q, k, v = self.fold(self.w_q(query)), self.fold(self.w_k(key)), self.fold(self.w_v(value))
        scores = torch.bmm(q, k.transpose(1, 2)) * self.d**-0.5
        if mask is not None:
            mask = mask.expand(len(query), *scores.shape[1:]).repeat_interleave(self.H, 0)
            scores = scores.masked_fill(mask.logical_not(), -1e30)
            weights = F.softmax(scores, -1) * mask
        else:
            weights = F.softmax(scores, -1)
        out = torch.bmm(weights, v).view(len(query), self.H, -1, self.d)
        return self.w_o(out.transpose(1, 2).flatten(2))


def blocked_by_expand(mask, n_heads):
    B, T, S = mask.shape
    return mask.logical_not()[:, None].expand(B, n_heads, T, S).reshape(B * n_heads, T, S)


def blocked_by_stack(mask, n_heads):
    return torch.stack([mask == 0] * n_heads, dim=1).flatten(0, 1)


def fused_by_einops(x, weight, bias, n_heads):
    rows = F.linear(x, weight, bias)
    return tuple(einops.rearrange(rows, "b t (three h d) -> three b h t d", three=3, h=n_heads))


def fused_by_three(x, weight, bias, n_heads):
    d = weight.shape[0] // 3
    out = []
    for i in range(3):
        part = x @ weight[i * d : (i + 1) * d].T + bias[i * d : (i + 1) * d]
        out.append(part.unflatten(-1, (n_heads, d // n_heads)).transpose(1, 2))
    return out


def contributions_by_loop(weights, v, w_o):
    d, out = v.shape[-1], []
    for h in range(v.shape[1]):
        out.append(weights[:, h] @ v[:, h] @ w_o[:, h * d : (h + 1) * d].T)
    return torch.stack(out, dim=1)


def contributions_by_einsum(weights, v, w_o):
    cut = w_o.view(w_o.shape[0], v.shape[1], v.shape[-1])
    return torch.einsum("bhts,bhsd,ohd->bhto", weights, v, cut)


def contributions_by_zeros(weights, v, w_o):
    found = (weights @ v).transpose(1, 2)
    only = torch.eye(v.shape[1], dtype=v.dtype, device=v.device)
    return torch.stack([(found * one[:, None]).flatten(2) @ w_o.T for one in only], dim=1)


def ablate_by_loop(w_o, heads, n_heads):
    d, out = w_o.shape[1] // n_heads, w_o.clone()
    for h in heads:
        out[:, h * d : (h + 1) * d] = 0
    return out


def ablate_by_comparison(w_o, heads, n_heads):
    owner = torch.arange(w_o.shape[1], device=w_o.device) // (w_o.shape[1] // n_heads)
    for h in heads:
        w_o = w_o.masked_fill(owner == h, 0.0)
    return w_o.clone()


def ablate_by_concatenation(w_o, heads, n_heads):
    parts = w_o.chunk(n_heads, dim=1)
    return torch.cat([p * 0 if h in heads else p for h, p in enumerate(parts)], dim=1)


def norms_in_full(weights, v, w_o):
    cut = w_o.unflatten(1, (v.shape[1], -1))
    return torch.einsum("bhts,bhsd,ohd->bhtso", weights, v, cut).norm(dim=-1)


def norms_by_loop(weights, v, w_o):
    d, out = v.shape[-1], []
    for h in range(v.shape[1]):
        added = v[:, h] @ w_o[:, h * d : (h + 1) * d].T
        out.append(weights[:, h] * added.square().sum(-1).sqrt()[:, None, :])
    return torch.stack(out, 1)


def shift_by_sums(before, after, query, key):
    shift = before[..., :, key] - after[..., :, key]
    n = shift.shape[-1]
    return shift[..., query] - (shift.sum(-1) - shift[..., query]) / (n - 1)


def shift_of_two_contrasts(before, after, query, key):
    def special(w):
        rest = torch.cat([w[..., :query, key], w[..., query + 1 :, key]], dim=-1)
        return w[..., query, key] - rest.mean(dim=-1)

    return special(before) - special(after)


RIGHT = {
    "split_heads": [
        split_by_slices,
        split_by_reshape,
        lambda x, n_heads: torch.stack(x.chunk(n_heads, dim=-1), dim=1),
        lambda x, n_heads: einops.rearrange(x, "b t (h d) -> b h t d", h=n_heads),
    ],
    "merge_heads": [
        merge_into_place,
        merge_contiguous,
        lambda x: torch.cat(tuple(x[:, h] for h in range(x.shape[1])), dim=-1),
        lambda x: einops.rearrange(x, "b h t d -> b t (h d)"),
    ],
    "MultiHeadSelfAttention": [SelfByEinsum, SelfHeadByHead],
    "MultiHeadAttention": [CrossFused, CrossFoldedIntoBatch],
    "blocked_mask": [blocked_by_expand, blocked_by_stack],
    "fused_projection": [fused_by_einops, fused_by_three],
    "head_contributions": [
        contributions_by_loop,
        contributions_by_einsum,
        contributions_by_zeros,
    ],
    "ablate": [ablate_by_loop, ablate_by_comparison, ablate_by_concatenation],
    "weighted_norms": [norms_in_full, norms_by_loop],
    "referent_shift": [shift_by_sums, shift_of_two_contrasts],
}
