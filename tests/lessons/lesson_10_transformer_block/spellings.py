"""Lesson 10: listed mistakes in another spelling, and near ones that no name fits."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.lessons.lesson_10_transformer_block.reference import FeedForward, Stack


def row_by_row(x, gain, bias, eps, change):
    rows = [change(row) for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape) * gain + bias


def by_std(x, gain, bias, eps):
    return row_by_row(x, gain, bias, eps, lambda r: (r - r.mean()) / (torch.std(r) + eps))


def by_var(x, gain, bias, eps):
    return row_by_row(x, gain, bias, eps, lambda r: (r - r.mean()) / torch.sqrt(torch.var(r) + eps))


def over_two_axes(x, gain, bias, eps):
    axes = (-2, -1) if x.dim() > 1 else (-1,)
    mean = x.mean(axes, keepdim=True)
    variance = ((x - mean) ** 2).mean(axes, keepdim=True)
    return gain * (x - mean) / torch.sqrt(variance + eps) + bias


def whole_batch(x, gain, bias, eps):
    return (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps) * gain + bias


def by_median(x, gain, bias, eps):
    middle = x.median(-1, keepdim=True).values
    return (x - middle) / torch.sqrt(x.var(-1, keepdim=True, correction=0) + eps) * gain + bias


def by_range(x, gain, bias, eps):
    low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
    return (x - low) / (high - low + eps) * gain + bias


def rms(x, gain, eps, power=-0.5, total=torch.mean):
    return gain * x * (total(x * x, -1, keepdim=True) + eps) ** power


def gelu_from_normal(x):
    return x * torch.special.ndtr(x)


class Feed(nn.Module):
    bend = staticmethod(gelu_from_normal)

    def __init__(self, d_model, d_ff):
        super().__init__()
        self.w_in = nn.Linear(d_model, d_ff)
        self.w_out = nn.Linear(d_ff, d_model)

    def forward(self, x):
        return self.w_out(self.bend(self.w_in(x)))


def feed(**parts):
    return type("FeedForward", (Feed,), parts)


def before(self, x):
    return self.w_out(self.w_in(self.bend(x)))


def with_x(self, x):
    hidden = self.bend(self.w_in(x))
    return torch.add(x, self.w_out(hidden))


def gated(x, w_gate, w_up, w_down, bend=F.silu, join=torch.mul):
    g, u = F.linear(x, w_gate), F.linear(x, w_up)
    return F.linear(join(bend(g), u), w_down)


def swapped(x, w_gate, w_up, w_down):
    return gated(x, w_up, w_gate, w_down)


def drop(x, p, training, noise, kept=lambda noise, p: noise >= p, scale=lambda p: 1 / (1 - p)):
    if not training:
        return x
    return torch.where(kept(noise, p), x * scale(p), torch.zeros_like(x))


def drop_always(x, p, training, noise):
    return drop(x, p, True, noise)


class Encoder(nn.Module):
    def __init__(self, d_model, n_heads, d_ff, norm_first=True):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.ff = FeedForward(d_model, d_ff)
        self.first = norm_first

    def forward(self, x, mask=None):
        steps = ((self.norm1, lambda h: self.attn(h, h, h, mask)), (self.norm2, self.ff))
        for norm, part in steps:
            x = self.step(x, norm, part)
        return x

    def step(self, x, norm, part):
        return x + part(norm(x)) if self.first else norm(x + part(x))


def encoder(**parts):
    return type("EncoderBlock", (Encoder,), parts)


def only_pre(self, x, norm, part):
    return part(norm(x)).add(x)


def only_post(self, x, norm, part):
    return norm(part(x).add(x))


def replaces(self, x, norm, part):
    return part(norm(x)) if self.first else norm(part(x))


def no_mask(self, x, mask=None):
    return Encoder.forward(self, x)


def half_step(self, x, norm, part):
    return x + part(norm(x)) / 2 if self.first else norm(x + part(x) / 2)


def subtracts(self, x, norm, part):
    return x - part(norm(x)) if self.first else norm(x - part(x))


class Decoder(nn.Module):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.cross = MultiHeadAttention(d_model, n_heads)
        self.ff = FeedForward(d_model, d_ff)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.look(x, mask)
        x = self.read(x, memory, memory_mask)
        return x + self.ff(self.norm3(x))

    def look(self, x, mask):
        h = self.norm1(x)
        return x + self.attn(h, h, h, mask)

    def read(self, x, memory, mask):
        return x + self.cross(self.norm2(x), memory, memory, mask)


def decoder(**parts):
    return type("DecoderBlock", (Decoder,), parts)


def masks_crossed(self, x, memory, mask=None, memory_mask=None):
    return Decoder.forward(self, x, memory, memory_mask, mask)


def raw_feed(self, x, memory, mask=None, memory_mask=None):
    x = self.read(self.look(x, mask), memory, memory_mask)
    return x + self.ff(x)


def reads_first(self, x, memory, mask=None, memory_mask=None):
    x = self.look(self.read(x, memory, memory_mask), mask)
    return x + self.ff(self.norm3(x))


def read_normed(self, x, memory, mask):
    memory = self.norm2(memory)
    return x + self.cross(self.norm2(x), memory, memory, mask)


def reads_twice(self, x, memory, mask):
    x = Decoder.read(self, x, memory, mask)
    return Decoder.read(self, x, memory, mask)


def build(self, blocks, d_model):
    nn.Module.__init__(self)
    self.blocks, self.norm = blocks, nn.LayerNorm(d_model)


def stack(make=None, forward=None):
    parts = {} if forward is None else {"forward": forward}
    if make is not None:
        parts["__init__"] = lambda self, make_block, d_model, n_layers: build(
            self, make(make_block, n_layers), d_model
        )
    return type("Stack", (Stack,), parts)


def shared(make_block, n_layers):
    block = make_block()
    return nn.ModuleList([block for _ in range(n_layers)])


def without_norm(self, x, mask=None):
    for place in range(len(self.blocks)):
        x = self.blocks[place](x, mask)
    return x


def unmasked(self, x, mask=None):
    for block in self.blocks:
        x = block(x)
    return self.norm(x)


def normed_on_both_sides(self, x, mask=None):
    return self.norm(without_norm(self, self.norm(x), mask))


def mean_of_layers(self, x, mask=None):
    total = 0 * x
    for block in self.blocks:
        x = block(x, mask)
        total = total + x
    return self.norm(total / len(self.blocks))


def cost(n_tokens, d_model, d_ff, linear=2.0, heads=4, meet=4, norms=4):
    weights = heads * d_model**2 + 2 * d_model * d_ff
    parameters = weights + heads * d_model + d_ff + d_model + norms * d_model
    return parameters, int(linear * n_tokens * weights + meet * n_tokens**2 * d_model)


def lengths(blocks, join=lambda parts: math.sqrt(sum(g.pow(2).sum().item() for g in parts))):
    found = []
    for block in blocks:
        found.append(join([p.grad for p in block.parameters() if p.grad is not None]))
    return found


SPELT = {
    "layer_norm": {
        "unbiased_variance": [by_var],
        "std_plus_epsilon": [by_std],
        "over_all_axes": [over_two_axes],
    },
    "rms_norm": {
        "centred": [lambda x, gain, eps: F.layer_norm(x, x.shape[-1:], gain, None, eps)],
        "length": [
            lambda x, gain, eps: rms(x, gain, eps, total=torch.sum),
            lambda x, gain, eps: F.normalize(x, dim=-1) * gain,
        ],
        "no_root": [lambda x, gain, eps: rms(x, gain, eps, power=-1.0)],
    },
    "FeedForward": {
        "tanh_approximation": [feed(bend=lambda self, x: F.gelu(x, approximate="tanh"))],
        "relu": [feed(bend=lambda self, x: x.clamp(min=0))],
        "residual_inside": [feed(forward=with_x)],
    },
    "swiglu": {
        "sigmoid_gate": [lambda *args: gated(*args, bend=lambda g: 1 / (1 + (-g).exp()))],
        "roles_swapped": [swapped],
        "added": [lambda *args: gated(*args, join=torch.add)],
    },
    "dropout": {
        "not_scaled": [lambda *args: drop(*args, scale=lambda p: 1.0)],
        "drops_in_evaluation": [drop_always],
        "keeps_p_scaled": [lambda *args: drop(*args, kept=lambda noise, p: noise < p)],
    },
    "EncoderBlock": {
        "always_pre_norm": [encoder(step=only_pre)],
        "always_post_norm": [encoder(step=only_post)],
        "no_residual": [encoder(step=replaces)],
        "mask_ignored": [encoder(forward=no_mask)],
    },
    "DecoderBlock": {
        "masks_swapped": [decoder(forward=masks_crossed)],
        "cross_first": [decoder(forward=reads_first)],
        "memory_normalised": [decoder(read=read_normed)],
    },
    "Stack": {
        "one_shared_module": [stack(make=shared)],
        "last_norm_unused": [stack(forward=without_norm)],
        "mask_ignored": [stack(forward=unmasked)],
    },
    "block_cost": {
        "multiplications_only": [lambda t, d, f: cost(t, d, f, linear=1.0, meet=2)],
        "no_meetings": [lambda t, d, f: cost(t, d, f, meet=0)],
        "no_norms": [lambda t, d, f: cost(t, d, f, norms=0)],
    },
    "gradient_norms": {
        "root_missing": [
            lambda blocks: lengths(blocks, lambda p: sum((g * g).sum().item() for g in p))
        ],
        "sum_of_norms": [
            lambda blocks: lengths(blocks, lambda p: float(sum(torch.linalg.norm(g) for g in p)))
        ],
        "absolute_sum": [
            lambda blocks: lengths(blocks, lambda p: sum(g.abs().sum().item() for g in p))
        ],
    },
}

NEAR = {
    "layer_norm": [by_median, by_range],
    "rms_norm": [
        lambda x, gain, eps: rms(x, gain, eps) * 2,
        lambda x, gain, eps: gain * x / (x.abs().amax(-1, keepdim=True) + eps),
    ],
    "FeedForward": [feed(bend=lambda self, x: F.softplus(x)), feed(forward=before)],
    "swiglu": [
        lambda *args: gated(*args, bend=torch.tanh),
        lambda *args: gated(*args, bend=lambda g: -F.silu(g)),
    ],
    "dropout": [
        lambda *args: drop(*args, kept=lambda noise, p: noise > 0.5),
        lambda *args: drop(*args, scale=lambda p: 1 + p),
    ],
    "EncoderBlock": [encoder(step=half_step), encoder(step=subtracts)],
    "DecoderBlock": [decoder(forward=raw_feed), decoder(read=reads_twice)],
    "Stack": [stack(forward=normed_on_both_sides), stack(forward=mean_of_layers)],
    "block_cost": [
        lambda t, d, f: cost(t, d, f, norms=8),
        lambda t, d, f: cost(t, d, f, linear=4.0),
    ],
    "gradient_norms": [
        lambda blocks: lengths(blocks)[::-1],
        lambda blocks: [length / 2 for length in lengths(blocks)],
    ],
}
