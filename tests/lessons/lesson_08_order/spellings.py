"""Lesson 08: listed mistakes in another spelling, and near ones that no name fits."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def clock(positions, d, base=10_000.0, first=0, step=2, power=1.0):
    """Return the angles, column by column."""
    rates = [base ** (-step * (i + first) / d * power) for i in range(d // 2)]
    return torch.stack([positions.squeeze() * rate for rate in rates], -1).reshape(-1, d // 2)


def filled(positions, d, even=torch.sin, odd=torch.cos, angle=None):
    angle = clock(positions, d) if angle is None else angle
    table = torch.zeros(len(positions), d, dtype=angle.dtype)
    table[:, ::2], table[:, 1::2] = even(angle), odd(angle)
    return table


class Table(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(max_len, d_model))

    def forward(self, x):
        return self.mix(x, F.embedding(self.at(x), self.table))

    def at(self, x):
        return torch.arange(x.shape[-2])

    def mix(self, x, rows):
        return x + rows


def table(**parts):
    return type("LearnedPositions", (Table,), parts)


def attend(q, k, v, root=None, axis=-1, bias=0.0):
    scores = torch.einsum("...td,...sd->...ts", q, k) / (root or math.sqrt(k.shape[-1]))
    return torch.softmax(scores + bias, axis) @ v


def own(x, w_q, w_k, w_v, **more):
    return attend(x @ w_q, x @ w_k, x @ w_v, **more)


def looked_up(table, n_queries, n_keys, column):
    """Fill the bias entry by entry; `column(step, r)` is where each number stands."""
    r = table.shape[-1] // 2
    rows = [[table[:, column(s - t, r)] for s in range(n_keys)] for t in range(n_queries)]
    return torch.stack([torch.stack(row, -1) for row in rows], 1)


def clip(step, r):
    return max(-r, min(step, r))


def turn(x, positions, angle=None, signs=(1, 1)):
    """Turn by the rotated copy, as some libraries write it."""
    first, second = x.chunk(2, -1)
    angle = clock(positions, x.shape[-1]) if angle is None else angle
    angle = torch.cat([angle, angle], -1)
    other = torch.cat([-signs[0] * second, signs[1] * first], -1)
    return x * angle.cos() + other * angle.sin()


def counted(x, first=0, **more):
    return turn(x, first + torch.arange(x.shape[-2], dtype=x.dtype), **more)


def by_pairs(x, positions):
    angle = clock(positions, x.shape[-1])
    a, b = x[..., ::2], x[..., 1::2]
    out = torch.empty_like(x)
    out[..., ::2] = a * angle.cos() - b * angle.sin()
    out[..., 1::2] = b * angle.cos() + a * angle.sin()
    return out


def set_of(n):
    return [0.5 ** (8 * (h + 1) / n) for h in range(n)]


def rest(n, pick, power=None):
    power = power or 2 ** math.floor(math.log2(n))
    return set_of(power) + (pick(set_of(2 * power), n - power) if n > power else [])


def every_second(slopes, n):
    return slopes[0 : 2 * n : 2]


def far(q):
    at = torch.arange(q.shape[-2], dtype=q.dtype)
    return at.unsqueeze(1) - at.unsqueeze(0)


def biased(q, k, v, slopes, bias=None, hidden=None, fill=-math.inf, root=None):
    """Attend head by head, below the diagonal."""
    hidden = torch.ones(q.shape[-2], q.shape[-2]).triu(1).bool() if hidden is None else hidden
    bias = -torch.einsum("h,ts->hts", slopes, far(q)) if bias is None else bias
    scores = torch.einsum("...td,...sd->...ts", q, k) / (root or q.shape[-1] ** 0.5)
    return torch.where(hidden, fill, scores + bias).softmax(-1) @ v


def strict(q, k, v, slopes):
    bias = -slopes.view(-1, 1, 1) * far(q)
    scores = (q @ k.mT / q.shape[-1] ** 0.5 + bias).masked_fill(far(q) <= 0, -math.inf)
    return torch.nan_to_num(scores.softmax(-1)) @ v


SPELT = {
    "angles": {
        "off_by_one": [lambda p, d, base=1e4: clock(p, d, base, first=1)],
        "no_two": [lambda p, d, base=1e4: clock(p, d, base, step=1)],
        "faster_and_faster": [lambda p, d, base=1e4: clock(p, d, 1 / base)],
        "base_left_out": [lambda p, d, base=1e4: clock(p, d)],
        "whole_numbers_kept": [
            lambda p, d, base=1e4: (
                p[:, None]
                * torch.tensor([base ** (-2 * i / d) for i in range(d // 2)]).type(p.dtype)
            ),
        ],
        "transposed": [lambda p, d, base=1e4: clock(p, d, base).mT],
    },
    "sinusoidal_positions": {
        "halves": [lambda p, d: torch.hstack([torch.sin(clock(p, d)), torch.cos(clock(p, d))])],
        "cosine_first": [lambda p, d: filled(p, d, torch.cos, torch.sin)],
        "sine_alone": [lambda p, d: clock(p, d).sin().repeat_interleave(2, 1)],
        "off_by_one": [lambda p, d: filled(p, d, angle=clock(p, d, first=1))],
    },
    "LearnedPositions": {
        "from_one": [table(at=lambda self, x: torch.arange(x.shape[-2]) + 1)],
        "last_rows": [
            table(at=lambda self, x: torch.arange(len(self.table) - x.shape[-2], len(self.table)))
        ],
        "by_batch": [table(forward=lambda self, x: x + self.table[torch.arange(len(x))])],
        "multiplied": [table(mix=lambda self, x, rows: torch.mul(rows, x))],
        "detached": [table(mix=lambda self, x, rows: x + rows.data)],
        "alone": [table(mix=lambda self, x, rows: rows + 0 * x)],
    },
    "attend_in_order": {
        "values_without": [
            lambda x, p, w_q, w_k, w_v: attend((p + x) @ w_q, x @ w_k + p @ w_k, x @ w_v)
        ],
        "no_positions": [lambda x, p, *w: own(x, *w)],
        "softmax_over_queries": [lambda x, p, *w: own(x + p, *w, axis=-2)],
        "no_scale": [lambda x, p, *w: own(x + p, *w, root=1.0)],
        "multiplied": [lambda x, p, *w: own(torch.mul(p, x), *w)],
    },
    "relative_bias": {
        "transposed": [lambda b, t, s: looked_up(b, t, s, lambda step, r: clip(-step, r) + r)],
        "not_clipped": [lambda b, t, s: looked_up(b, t, s, lambda step, r: step + r)],
        "not_shifted": [lambda b, t, s: looked_up(b, t, s, clip)],
        "no_sign": [lambda b, t, s: looked_up(b, t, s, lambda step, r: clip(abs(step), r) + r)],
        "wraps": [lambda b, t, s: looked_up(b, t, s, lambda step, r: (step + r) % (2 * r + 1))],
    },
    "rotate_halves": {
        "pairs": [by_pairs],
        "other_way": [lambda x, at: turn(x, at, signs=(-1, -1))],
        "no_minus": [lambda x, at: turn(x, at, signs=(-1, 1))],
        "angles_reversed": [
            lambda x, at: turn(
                x, at, clock(at, x.shape[-1])[:, range(x.shape[-1] // 2 - 1, -1, -1)]
            )
        ],
        "off_by_one": [lambda x, at: turn(x, at, clock(at, x.shape[-1], first=1))],
        "counted_anew": [lambda x, at: counted(x)],
    },
    "pairs_to_halves": {
        "other_direction": [lambda x: x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)],
        "odd_first": [
            lambda x: torch.cat([x[..., i::2] for i in (1, 0)], -1),
        ],
        "halves_swapped": [lambda x: torch.cat(x.chunk(2, -1)[::-1], -1)],
        "neighbours_swapped": [lambda x: x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)],
    },
    "rotary_attention": {
        "values_turned": [lambda q, k, v: attend(counted(q), counted(k), counted(v))],
        "queries_only": [lambda q, k, v: attend(counted(q), k, v)],
        "not_turned": [lambda q, k, v: attend(q, k, v)],
        "no_scale": [lambda q, k, v: attend(counted(q), counted(k), v, root=1.0)],
        "two_layouts": [
            lambda q, k, v: attend(
                *(by_pairs(x, torch.arange(x.shape[-2], dtype=x.dtype)) for x in (q, k)), v
            )
        ],
    },
    "alibi_slopes": {
        "one_formula": [set_of],
        "from_one": [
            lambda n: [s / set_of(2 ** math.floor(math.log2(n)))[0] for s in rest(n, every_second)]
        ],
        "every_second_wrong": [lambda n: rest(n, lambda slopes, m: slopes[1 : 2 * m : 2])],
        "extra_in_order": [lambda n: rest(n, lambda slopes, m: slopes[:m])],
        "sorted": [lambda n: sorted(rest(n, every_second))[::-1]],
        "negative": [lambda n: [0 - s for s in rest(n, every_second)]],
    },
    "alibi_attention": {
        "rewards_distance": [lambda q, k, v, m: biased(q, k, v, -m)],
        "no_bias": [lambda q, k, v, m: biased(q, k, v, m, bias=0.0)],
        "not_causal": [
            lambda q, k, v, m: attend(q, k, v, bias=-m.reshape(-1, 1, 1) * far(q).abs())
        ],
        "no_scale": [lambda q, k, v, m: biased(q, k, v, m, root=1.0)],
        "not_itself": [strict],
        "slopes_on_queries": [lambda q, k, v, m: biased(q, k, v, m, bias=-(m[:, None] * far(q)))],
    },
}

NEAR = {
    "angles": [
        lambda p, d, base=1e4: clock(p, d, base) * math.pi,
        lambda p, d, base=1e4: clock(p, d, base).flip(1),
    ],
    "sinusoidal_positions": [
        lambda p, d: filled(p, d) / 2,
        lambda p, d: filled(p, d, torch.sin, lambda angle: -angle.cos()),
    ],
    "LearnedPositions": [
        table(mix=lambda self, x, rows: x - rows),
        table(mix=lambda self, x, rows: (x + rows) / 2),
    ],
    "attend_in_order": [
        lambda x, p, *w: own(x - p, *w),
        lambda x, p, *w: own((x + p) / 2, *w),
    ],
    "relative_bias": [
        lambda b, t, s: looked_up(b, t, s, lambda step, r: r - abs(clip(step, r))),
        lambda b, t, s: looked_up(b, t, s, lambda step, r: clip(step - 1, r) + r),
    ],
    "rotate_halves": [
        lambda x, at: turn(x, 2 * at),
        lambda x, at: turn(x, at, clock(at, x.shape[-1], step=4)),
    ],
    "pairs_to_halves": [
        lambda x: torch.cat([x[..., 0::2], x[..., 1::2].flip(-1)], -1),
        lambda x: torch.cat([x[..., 0::2], x[..., 0::2]], -1),
    ],
    "rotary_attention": [
        lambda q, k, v: attend(counted(q), counted(k, first=1), v),
        lambda q, k, v: attend(counted(q), counted(k), v) / 2,
    ],
    "alibi_slopes": [
        lambda n: [s / 2 for s in rest(n, every_second)],
        lambda n: [s * s for s in rest(n, every_second)],
    ],
    "alibi_attention": [
        lambda q, k, v, m: biased(q, k, v, m / 2),
        lambda q, k, v, m: biased(q, k, v, m.flip(0)),
    ],
}
