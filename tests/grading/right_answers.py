"""Right answers to the assignments' tasks, written another way: none may be refused."""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn


def prefix_mask(prefix, n):
    rows = torch.ones(n, n, dtype=torch.bool).tril().repeat(len(prefix), 1, 1)
    for row, length in zip(rows, prefix.tolist(), strict=True):
        row[:, :length] = True
    return rows


class CosineAttention(nn.Module):
    """Divides by lengths instead of normalising, lets the fused call do the rest."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.log_scale = nn.Parameter(torch.ones(n_heads) * math.log(10))
        self.w_o, self.w_v = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_k, self.w_q = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, prefix):
        heads = len(self.log_scale)
        q, k, v = (
            rearrange(w(x), "b t (h d) -> b h t d", h=heads) for w in (self.w_q, self.w_k, self.w_v)
        )
        q, k = q / q.norm(dim=-1, keepdim=True), k / k.norm(dim=-1, keepdim=True)
        factor = torch.minimum(torch.exp(self.log_scale), torch.tensor(100.0))
        scores = torch.einsum("bhtd,bhsd,h->bhts", q, k, factor.to(q))
        scores = torch.where(prefix_mask(prefix, x.shape[1])[:, None], scores, -torch.inf)
        out = torch.einsum("bhts,bhsd->bthd", scores.softmax(-1), v)
        return self.w_o(out.reshape(x.shape))


def forgetful_attention(q, k, v, slopes, n_sinks):
    T, S = q.shape[-2], k.shape[-2]
    bias = torch.zeros(len(slopes), T, S, dtype=q.dtype)
    for t in range(T):
        here = S - T + t
        for s in range(S):
            if s > here:
                bias[:, t, s] = -torch.inf
            elif s >= n_sinks:
                bias[:, t, s] = slopes * (s - here)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(len(q), -1, -1, -1))


def talking_heads(q, k, v, before, after, mask):
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) / math.sqrt(q.size(-1))
    mixed = (before @ scores.flatten(2)).unflatten(2, scores.shape[2:])
    grown = torch.exp(mixed - mixed.amax(-1, keepdim=True)) * mask[:, None]
    total = grown.sum(-1, keepdim=True)
    weights = grown / torch.where(total > 0, total, 1.0)
    return (after @ weights.flatten(2)).unflatten(2, weights.shape[2:]) @ v


def streaming_attention(q, blocks):
    out, log_sum = None, None
    for k, v in blocks:
        scores = (k @ q.mT).mT / q.shape[-1] ** 0.5
        here = scores.logsumexp(-1)
        mean = (scores - here[:, None]).exp() @ v
        if out is None:
            out, log_sum = mean, here
            continue
        both = torch.logaddexp(log_sum, here)
        old, new = (log_sum - both).exp()[:, None], (here - both).exp()[:, None]
        out, log_sum = out * old + mean * new, both
    return out, log_sum


class MendedBlock(nn.Module):
    """Cuts the queries by einops and attends with the fused call."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        form = "b t (three h d) -> three b h t d"
        q, k, v = rearrange(self.qkv(self.norm1(x)), form, three=3, h=self.heads)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(rearrange(out, "b h t d -> b t (h d)"))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GroupedQueryAttention(nn.Module):
    """Widens keys and values by indexing; keeps the cache narrow."""

    def __init__(self, d_model, n_heads, n_groups):
        super().__init__()
        self.H, self.G = n_heads, n_groups
        width = d_model // n_heads
        self.w_o = nn.Linear(d_model, d_model, bias=False)
        self.w_v = nn.Linear(d_model, n_groups * width, bias=False)
        self.w_k = nn.Linear(d_model, n_groups * width, bias=False)
        self.w_q = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x, past_k=None, past_v=None):
        B, T, _ = x.shape
        q = self.w_q(x).view(B, T, self.H, -1).permute(0, 2, 1, 3)
        k = self.w_k(x).view(B, T, self.G, -1).permute(0, 2, 1, 3)
        v = self.w_v(x).view(B, T, self.G, -1).permute(0, 2, 1, 3)
        if past_k is not None:
            k, v = torch.cat((past_k, k), -2), torch.cat((past_v, v), -2)
        own = [h * self.G // self.H for h in range(self.H)]
        scores = torch.einsum("bhtd,bhsd->bhts", q, k[:, own]) * q.shape[-1] ** -0.5
        here = torch.arange(k.shape[2] - T, k.shape[2])[:, None]
        scores = scores.masked_fill(torch.arange(k.shape[2]) > here, -torch.inf)
        out = scores.softmax(-1) @ v[:, own]
        return self.w_o(out.permute(0, 2, 1, 3).reshape(x.shape)), k, v


def extend_cache(k, v, positions, new_k, new_v, window, n_sinks):
    place = positions.tolist()
    for _ in range(new_k.shape[1]):
        place.append(place[-1] + 1 if place else 0)
    kept = [
        i for i, p in enumerate(place) if p < n_sinks or p in place[-1:] or p > place[-1] - window
    ]
    k, v = torch.cat([k, new_k], 1), torch.cat([v, new_v], 1)
    return k[:, kept], v[:, kept], torch.tensor([place[i] for i in kept])


def pack(lengths, n):
    document = torch.full((n,), -1)
    positions = torch.zeros(n, dtype=torch.int64)
    start = 0
    for number, length in enumerate(lengths.tolist()):
        document[start : start + length] = number
        positions[start : start + length] = torch.arange(length)
        start += length
    same = (document[:, None] == document) & (document >= 0)
    asked = torch.zeros(n, dtype=torch.bool)
    asked[:-1] = (document[1:] == document[:-1]) & (document[:-1] >= 0)
    return same.tril(), positions, asked


def keep_guesses(draft, target, tokens, uniforms):
    for i, token in enumerate(tokens):
        if uniforms[i] * draft[i, token] >= target[i, token]:
            rest = F.relu(target[i] - draft[i])
            return i, rest / rest.sum()
    return len(tokens), target[len(tokens)]


def merge_patches(x, height, width, weight):
    grid = rearrange(x, "b (h w) d -> b d h w", h=height, w=width)
    grid = F.pad(grid, (0, width % 2, 0, height % 2))
    four = rearrange(grid, "b d (h r) (w c) -> b (h w) (r c d)", r=2, c=2)
    return F.linear(four, weight)


def shifted_window_mask(height, width, window, shift):
    names = torch.zeros(height, width)
    for number, rows in enumerate((slice(height - shift), slice(height - shift, None))):
        names[rows] += number
    for number, columns in enumerate((slice(width - shift), slice(width - shift, None))):
        names[:, columns] += 10 * number
    cut = names.reshape(height // window, window, width // window, window)
    cut = cut.permute(0, 2, 1, 3).reshape(-1, window * window)
    return (cut.unsqueeze(2) - cut.unsqueeze(1)) == 0


def rotate_2d(x, rows, columns, base):
    quarter = x.shape[-1] // 4
    rates = torch.tensor([base ** (-i / quarter) for i in range(quarter)], dtype=x.dtype)
    angles = torch.cat([rows[:, None] * rates, columns[:, None] * rates], dim=-1)
    angles[rows < 0] = 0
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    turned = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2)


def rollout(weights, n_extra):
    share = torch.zeros(weights.shape[1], 1, weights.shape[-1], dtype=weights.dtype)
    share[..., 0] = 1
    for layer in weights.flip(0):
        share = (share + share @ layer.mean(1)) / 2
    patches = share[:, 0, n_extra:]
    return patches / patches.sum(1, keepdim=True)


class _Block(MendedBlock):
    def forward(self, x):
        form = "b t (three h d) -> three b h t d"
        q, k, v = rearrange(self.qkv(self.norm1(x)), form, three=3, h=self.heads)
        out = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(rearrange(out, "b h t d -> b t (h d)"))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class RegisterViT(nn.Module):
    """Cuts patches by einops, puts the extra tokens behind the class token and the patches."""

    def __init__(
        self,
        image_size,
        patch_size,
        n_channels,
        d_model,
        n_heads,
        n_layers,
        d_ff,
        n_registers,
        n_classes,
    ):
        super().__init__()
        self.size = patch_size
        self.extra = nn.Parameter(torch.zeros(1 + n_registers, d_model))
        self.positions = nn.Parameter(torch.zeros((image_size // patch_size) ** 2, d_model))
        self.embed = nn.Linear(n_channels * patch_size * patch_size, d_model)
        self.blocks = nn.ModuleList([_Block(d_model, n_heads, d_ff) for _ in range(n_layers)])
        self.norm, self.head = nn.LayerNorm(d_model), nn.Linear(d_model, n_classes)

    def forward(self, images):
        form = "b c (h p) (w q) -> b (h w) (c p q)"
        patches = rearrange(images, form, p=self.size, q=self.size)
        patches = self.embed(patches) + self.positions
        first, more = (
            e.expand(len(images), -1, -1) for e in self.extra.split([1, len(self.extra) - 1])
        )
        x = nn.Sequential(*self.blocks)(torch.cat([first, patches, more], dim=1))
        return self.head(self.norm(x)[:, 0])


RIGHT = {
    found.__name__: found
    for found in (
        *(prefix_mask, CosineAttention, forgetful_attention, talking_heads, streaming_attention),
        *(MendedBlock, GroupedQueryAttention, extend_cache, pack, keep_guesses),
        *(merge_patches, shifted_window_mask, rotate_2d, rollout, RegisterViT),
    )
}
