"""Right answers to lesson 08, written another way."""

import math

import einops
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def angles_by_exp(positions, d, base=10_000.0):
    rate = torch.exp(torch.arange(0, d, 2, device=positions.device) * (-math.log(base) / d))
    return positions.unsqueeze(1) * rate


def angles_by_division(positions, d, base=10_000.0):
    i = torch.arange(d // 2, device=positions.device)
    return positions[:, None] / torch.pow(base, 2 * i / d)


def angles_in_loops(positions, d, base=10_000.0):
    return torch.stack([positions / base ** (2 * i / d) for i in range(d // 2)], dim=1)


def angles_outer(positions, d, base=10_000.0):
    """Constants in float64, as a list first."""
    rate = torch.tensor([base ** (-2 * i / d) for i in range(d // 2)], dtype=torch.float64)
    made = torch.einsum("t,i->ti", positions.double(), rate.to(positions.device))
    return made.to(positions.dtype if positions.is_floating_point() else torch.float32)


def table_filled(positions, d):
    turned = angles_by_exp(positions, d)
    table = torch.empty(len(positions), d, dtype=turned.dtype, device=turned.device)
    table[:, 0::2] = torch.sin(turned)
    table[:, 1::2] = torch.cos(turned)
    return table


def table_by_shift(positions, d):
    """A cosine is a sine a quarter turn ahead."""
    column = torch.arange(d, device=positions.device)
    angle = positions[:, None] * 10_000.0 ** (-(column - column % 2) / d)
    return torch.sin(angle + (column % 2) * (math.pi / 2))


def table_einops(positions, d):
    turned = angles_by_division(positions, d)
    return einops.rearrange([turned.sin(), turned.cos()], "two t i -> t (i two)")


class LearnedByLookup(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(max_len, d_model))

    def forward(self, x):
        return x + F.embedding(torch.arange(x.size(-2), device=x.device), self.table)


class LearnedBySlices(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Parameter(torch.empty(max_len, d_model))
        nn.init.normal_(self.table, std=0.02)

    def forward(self, x):
        *_, n, d = x.shape
        return torch.add(self.table[0:n, 0:d].expand_as(x), x)


class LearnedInLoops(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Parameter(torch.rand(max_len, d_model))

    def forward(self, x):
        rows = [x[..., t, :] + self.table[t] for t in range(x.shape[-2])]
        return torch.stack(rows, dim=-2)


def in_order_fused(x, p, w_q, w_k, w_v):
    h = x + p
    return F.scaled_dot_product_attention(h @ w_q, h @ w_k, h @ w_v)


def in_order_by_parts(x, p, w_q, w_k, w_v):
    """A projection of a sum is the sum of projections: added after w, but through w."""
    q, k = x @ w_q + p @ w_q, x @ w_k + p @ w_k
    scores = torch.einsum("...td,...sd->...ts", q, k) / q.shape[-1] ** 0.5
    return F.softmax(scores, dim=-1) @ (x @ w_v + p @ w_v)


def bias_in_loops(table, n_queries, n_keys):
    r = table.shape[1] // 2
    out = torch.zeros(table.shape[0], n_queries, n_keys, dtype=table.dtype, device=table.device)
    for t in range(n_queries):
        for s in range(n_keys):
            out[:, t, s] = table[:, max(-r, min(r, s - t)) + r]
    return out


def bias_one_hot(table, n_queries, n_keys):
    """A lookup is a product with ones and zeros."""
    r = (table.shape[1] - 1) // 2
    at = torch.arange(max(n_queries, n_keys), device=table.device)
    steps = (at[None, :n_keys] - at[:n_queries, None]).clip(-r, r) + r
    return torch.einsum("hc,tsc->hts", table, F.one_hot(steps, table.shape[1]).to(table.dtype))


def bias_numpy_index(table, n_queries, n_keys):
    r = table.shape[1] // 2
    steps = np.subtract.outer(-np.arange(n_queries), -np.arange(n_keys))
    index = torch.as_tensor(np.clip(steps, -r, r) + r, device=table.device)
    return table.index_select(1, index.flatten()).view(-1, n_queries, n_keys)


def rotate_as_hugging_face(x, positions):
    turned = angles_by_exp(positions, x.shape[-1])
    emb = torch.cat((turned, turned), dim=-1)
    half = x.shape[-1] // 2
    return x * emb.cos() + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * emb.sin()


def rotate_by_matrices(x, positions):
    turned = angles_by_exp(positions, x.shape[-1])
    c, s = turned.cos(), turned.sin()
    matrix = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    points = torch.stack(x.chunk(2, -1), -1)
    return torch.cat((matrix @ points[..., None]).squeeze(-1).unbind(-1), -1)


def rotate_complex(x, positions):
    half = x.shape[-1] // 2
    turned = angles_by_division(positions, x.shape[-1]).to(x.dtype)
    point = torch.complex(x[..., :half], x[..., half:]) * torch.exp(1j * turned)
    return torch.cat([point.real, point.imag], dim=-1)


def rotate_in_place(x, positions):
    turned = angles_in_loops(positions, x.shape[-1])
    out, half = torch.empty_like(x), x.shape[-1] // 2
    for i in range(half):
        c, s = turned[:, i].cos(), turned[:, i].sin()
        out[..., i] = c * x[..., i] - s * x[..., i + half]
        out[..., i + half] = s * x[..., i] + c * x[..., i + half]
    return out


def rotary_from_seven(q, k, v):
    """Any first position will do: only distances count."""
    at = torch.arange(max(q.shape[-2], k.shape[-2]), device=q.device) + 7
    turned = [rotate_complex(x, at[: x.shape[-2]].to(x.dtype)) for x in (q, k)]
    return F.scaled_dot_product_attention(*turned, v)


def rotary_by_hand(q, k, v):
    def turn(x):
        return rotate_as_hugging_face(x, torch.arange(x.shape[-2], dtype=x.dtype, device=x.device))

    return torch.softmax(turn(q) @ turn(k).mT / math.sqrt(q.shape[-1]), -1) @ v


def rotary_by_distance(q, k, v):
    """The keys, turned by their distance from each query; the query stays as it is."""
    at = [torch.arange(x.shape[-2], dtype=x.dtype, device=x.device) for x in (q, k)]
    rows = []
    for t in range(q.shape[-2]):
        near = rotate_complex(k, at[1] - at[0][t])
        scores = (q[..., t : t + 1, :] * near).sum(-1) / q.shape[-1] ** 0.5
        rows.append((scores.softmax(-1)[..., None] * v).sum(-2))
    return torch.stack(rows, -2)


def slopes_as_bloom(n_heads):
    closest = 2 ** math.floor(math.log2(n_heads))
    base = 2.0 ** (-(2.0 ** -(math.log2(closest) - 3)))
    slopes = [base**h for h in range(1, closest + 1)]
    if closest < n_heads:
        extra = 2.0 ** (-(2.0 ** -(math.log2(2 * closest) - 3)))
        slopes += [extra**h for h in range(1, 1 + 2 * (n_heads - closest), 2)]
    return slopes


def slopes_as_mpt(n_heads):
    """Those of the next larger power: every second one from the second on, then the others."""
    power = 2 ** math.ceil(math.log2(n_heads))
    slopes = 2.0 ** (-8.0 / power * np.arange(1, power + 1))
    if power == n_heads:
        return tuple(slopes.tolist())
    return np.concatenate([slopes[1::2], slopes[::2]])[:n_heads].tolist()


def slopes_by_ratio(n_heads):
    power = 1
    while 2 * power <= n_heads:
        power *= 2
    ratio, out = 2.0 ** (-8 / power), []
    for _ in range(power):
        out.append((out[-1] if out else 1.0) * ratio)
    for j in range(n_heads - power):
        out.append(math.sqrt(ratio) * ratio**j)
    return out


def alibi_bias_of_keys(q, k, v, slopes):
    """+ slope · s differs from −slope · (t − s) by a constant of the row, which cancels."""
    at = torch.arange(k.shape[-2], dtype=q.dtype, device=q.device)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + slopes.view(-1, 1, 1) * at
    ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(ahead, -torch.inf).softmax(-1) @ v


def alibi_head_by_head(q, k, v, slopes):
    n = q.shape[-2]
    at = torch.arange(n, device=q.device)
    out = []
    for h in range(len(slopes)):
        scores = q[..., h, :, :] @ k[..., h, :, :].mT / q.shape[-1] ** 0.5
        scores = scores - slopes[h] * (at[:, None] - at[None, :])
        scores = scores.masked_fill(at[None, :] > at[:, None], float("-inf"))
        out.append(scores.softmax(-1) @ v[..., h, :, :])
    return torch.stack(out, dim=-3)


def alibi_tril(q, k, v, slopes):
    n = q.shape[-2]
    lower = torch.ones(n, n, dtype=torch.bool, device=q.device).tril()
    back = (torch.arange(n, device=q.device)[:, None] - torch.arange(n, device=q.device)).clamp(0)
    bias = (-einops.rearrange(slopes, "h -> h 1 1") * back).masked_fill(~lower, -math.inf)
    return F.scaled_dot_product_attention(q, k, v, bias.expand(*q.shape[:-1], n))


RIGHT = {
    "angles": [angles_by_exp, angles_by_division, angles_in_loops, angles_outer],
    "sinusoidal_positions": [table_filled, table_by_shift, table_einops],
    "LearnedPositions": [LearnedByLookup, LearnedBySlices, LearnedInLoops],
    "attend_in_order": [in_order_fused, in_order_by_parts],
    "relative_bias": [bias_in_loops, bias_one_hot, bias_numpy_index],
    "rotate_halves": [
        rotate_as_hugging_face,
        rotate_by_matrices,
        rotate_complex,
        rotate_in_place,
    ],
    "pairs_to_halves": [
        lambda x: einops.rearrange(x, "... (i two) -> ... (two i)", two=2),
        lambda x: x.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2),
        lambda x: x[..., [*range(0, x.shape[-1], 2), *range(1, x.shape[-1], 2)]],
    ],
    "rotary_attention": [rotary_from_seven, rotary_by_hand, rotary_by_distance],
    "alibi_slopes": [slopes_as_bloom, slopes_as_mpt, slopes_by_ratio],
    "alibi_attention": [alibi_bias_of_keys, alibi_head_by_head, alibi_tril],
}
