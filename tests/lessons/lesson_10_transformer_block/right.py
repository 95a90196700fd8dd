"""Right answers to lesson 10, written another way."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.attention.multi_head import MultiHeadAttention


def layer_norm_by_std(x, gain, bias, eps):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return gain * (x - mean) * torch.rsqrt(variance + eps) + bias


def layer_norm_by_sums(x, gain, bias, eps):
    d = x.shape[-1]
    mean = torch.einsum("...d->...", x)[..., None] / d
    variance = torch.einsum("...d,...d->...", x - mean, x - mean)[..., None] / d
    return torch.addcmul(bias, (x - mean) / torch.sqrt(variance + eps), gain)


def layer_norm_by_moments(x, gain, bias, eps):
    variance, mean = torch.var_mean(x, dim=-1, keepdim=True, correction=0)
    return (x - mean) / (variance + eps) ** 0.5 * gain + bias


def rms_by_rsqrt(x, gain, eps):
    return gain * (x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + eps))


def rms_by_length(x, gain, eps):
    d = x.shape[-1]
    squared = (x * x).sum(-1, keepdim=True)
    return x * math.sqrt(d) / torch.sqrt(squared + d * eps) * gain


class FeedByNormal(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        h = self.w_in(x)
        return self.w_out(h * torch.special.ndtr(h))


class FeedBySplitting(nn.Module):
    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.w_out = nn.Linear(d_ff, d_model)
        self.w_in = nn.Linear(d_model, d_ff)

    def forward(self, x):
        h = x @ self.w_in.weight.T + self.w_in.bias
        bent = 0.5 * h + 0.5 * h * torch.erf(h * 2**-0.5)
        return bent @ self.w_out.weight.mT + self.w_out.bias


def swiglu_by_linear(x, w_gate, w_up, w_down):
    g, up = F.linear(x, w_gate), F.linear(x, w_up)
    return F.linear(g / (1 + torch.exp(-g)) * up, w_down)


def swiglu_in_one_product(x, w_gate, w_up, w_down):
    g, up = torch.einsum("...d,fd->...f", x, torch.cat([w_gate, w_up])).chunk(2, dim=-1)
    return torch.einsum("...f,df->...d", g.sigmoid() * g * up, w_down)


def dropout_by_where(x, p, training, noise):
    if training:
        return torch.where(noise < p, torch.zeros_like(x), x / (1 - p))
    return x


def dropout_by_fill(x, p, training, noise):
    if not training or p == 0:
        return x.clone()
    return x.masked_fill(noise < p, 0.0).div(1.0 - p)


def dropout_by_factor(x, p, training, noise):
    kept = (noise >= p).to(x.dtype) if training else torch.ones_like(x)
    return kept * x * (1 / (1 - p) if training else 1)


class Sublayers(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        return self.w_out(F.gelu(self.w_in(x)))


class EncoderByFunction(nn.Module):
    def __init__(self, d_model, n_heads, d_ff, norm_first=True):
        super().__init__()
        self.pre = norm_first
        self.attn = MultiHeadAttention(d_model, n_heads, fused=True)
        self.ff = Sublayers(d_model, d_ff)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)

    def add(self, x, norm, f):
        return x + f(norm(x)) if self.pre else norm(x + f(x))

    def forward(self, x, mask=None):
        x = self.add(x, self.norm1, lambda h: self.attn(h, h, h, mask))
        return self.add(x, self.norm2, self.ff)


class EncoderByBranches(nn.Module):
    def __init__(self, d_model: int, n_heads: int, d_ff: int, norm_first: bool = True):
        super().__init__()
        self.norm_first = norm_first
        for name in ("norm1", "norm2"):
            setattr(self, name, nn.LayerNorm(d_model))
        self.attn, self.ff = MultiHeadAttention(d_model, n_heads), Sublayers(d_model, d_ff)
        self.drop = nn.Dropout(0.0)

    def forward(self, x, mask=None):
        h = self.norm1(x) if self.norm_first else x
        x = torch.add(x, self.drop(self.attn(query=h, key=h, value=h, mask=mask)))
        if not self.norm_first:
            x = self.norm1(x)
        h = self.norm2(x) if self.norm_first else x
        x = self.drop(self.ff(h)) + x
        return x if self.norm_first else self.norm2(x)


class DecoderInOneSum(nn.Module):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.cross = MultiHeadAttention(d_model, n_heads)
        self.ff = Sublayers(d_model, d_ff)

    def forward(self, x, memory, mask=None, memory_mask=None):
        own = self.attn(*[self.norm1(x)] * 3, mask)
        asked = self.cross(self.norm2(x + own), memory, memory, memory_mask)
        return x + own + asked + self.ff(self.norm3(x + own + asked))


class DecoderByLoop(nn.Module):
    def __init__(self, d_model: int, n_heads: int, d_ff: int):
        super().__init__()
        self.attn = MultiHeadAttention(d_model, n_heads, fused=True)
        self.cross = MultiHeadAttention(d_model, n_heads, fused=True)
        self.ff = Sublayers(d_model, d_ff)
        for place in (1, 2, 3):
            setattr(self, f"norm{place}", nn.LayerNorm(d_model))

    def forward(self, x, memory, mask=None, memory_mask=None):
        for norm, part in (
            (self.norm1, lambda h: self.attn(h, h, h, mask=mask)),
            (self.norm2, lambda h: self.cross(h, memory, memory, mask=memory_mask)),
            (self.norm3, self.ff),
        ):
            x = x + part(norm(x))
        return x


class StackByAppend(nn.Module):
    def __init__(self, make_block, d_model, n_layers):
        super().__init__()
        self.norm, self.blocks = nn.LayerNorm(d_model), nn.ModuleList()
        while len(self.blocks) < n_layers:
            self.blocks.append(make_block())

    def forward(self, x, mask=None):
        for i in range(len(self.blocks)):
            x = self.blocks[i](x, mask=mask)
        return self.norm(x)


class StackBySequential(nn.Module):
    def __init__(self, make_block, d_model: int, n_layers: int):
        super().__init__()
        self.blocks = nn.Sequential(*[make_block() for _ in range(n_layers)])
        self.norm = nn.LayerNorm(d_model)

    def forward(self, x, mask=None):
        from functools import reduce

        return self.norm(reduce(lambda rows, block: block(rows, mask), self.blocks, x))


def cost_from_shapes(n_tokens, d_model, d_ff):
    shapes = [(d_model, d_model)] * 4 + [(d_model, d_ff), (d_ff, d_model)]
    parameters = sum((i + 1) * o for i, o in shapes) + 4 * d_model
    flops = sum(2 * n_tokens * i * o for i, o in shapes)
    return parameters, flops + 4 * d_model * n_tokens**2


def cost_by_name(n_tokens, d_model, d_ff):
    d, f, T = d_model, d_ff, n_tokens
    parameters = {"attn": 4 * d * (d + 1), "ff": f * (2 * d + 1) + d, "norms": 4 * d}
    flops = {"attn": 8 * T * d * d, "meetings": 4 * T * T * d, "ff": 4 * T * d * f}
    return [sum(parameters.values()), sum(flops.values())]


def gradients_end_to_end(blocks):
    return [
        torch.cat([p.grad.reshape(-1) for p in b.parameters() if p.grad is not None]).norm()
        for b in blocks
    ]


def gradients_of_norms(blocks):
    found = []
    for block in blocks:
        lengths = [
            torch.linalg.vector_norm(p.grad) for p in block.parameters() if p.grad is not None
        ]
        found.append(torch.stack(lengths).norm().item())
    return tuple(found)


def gradients_by_numpy(blocks):
    return [
        math.sqrt(sum((p.grad.numpy() ** 2).sum() for p in b.parameters() if p.grad is not None))
        for b in blocks
    ]


RIGHT = {
    "layer_norm": [layer_norm_by_std, layer_norm_by_sums, layer_norm_by_moments],
    "rms_norm": [rms_by_rsqrt, rms_by_length],
    "FeedForward": [FeedByNormal, FeedBySplitting],
    "swiglu": [swiglu_by_linear, swiglu_in_one_product],
    "dropout": [dropout_by_where, dropout_by_fill, dropout_by_factor],
    "EncoderBlock": [EncoderByFunction, EncoderByBranches],
    "DecoderBlock": [DecoderInOneSum, DecoderByLoop],
    "Stack": [StackByAppend, StackBySequential],
    "block_cost": [cost_from_shapes, cost_by_name],
    "gradient_norms": [gradients_end_to_end, gradients_of_norms, gradients_by_numpy],
}
