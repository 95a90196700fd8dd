"""Lesson 09: listed mistakes in another spelling, and near ones that no name fits."""

import math

import torch
from torch import nn


def cut(x, n):
    b, t, d = x.shape
    return x.view(b, t, n, d // n).permute(0, 2, 1, 3)


def glue(x):
    return torch.cat([x[:, h] for h in range(x.shape[1])], dim=-1)


def attend(q, k, v, mask, scale=None, axis=-1, fill=-math.inf, clean=True):
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) * (scale or q.shape[-1] ** -0.5)
    if mask is not None:
        if mask.dim() == 3:
            mask = mask[:, None]
        scores = scores.masked_fill(torch.logical_not(mask), fill)
    weights = torch.softmax(scores, axis)
    return (weights.nan_to_num(0.0) if clean else weights) @ v


class Cross(nn.Module):
    def __init__(self, d_model, n_heads, d_key, d_value):
        super().__init__()
        self.n = n_heads
        self.w_q, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_k, self.w_v = nn.Linear(d_key, d_model), nn.Linear(d_value, d_model)

    def forward(self, query, key, value, mask=None):
        q, k, v = self.rows(query, key, value)
        return self.w_o(self.join(self.attend(self.cut(q), self.cut(k), self.cut(v), mask)))

    def rows(self, query, key, value):
        return self.w_q(query), self.w_k(key), self.w_v(value)

    def cut(self, x):
        return cut(x, self.n)

    def attend(self, q, k, v, mask):
        return attend(q, k, v, mask)

    def join(self, x):
        return glue(x)


class Own(Cross):
    def __init__(self, d_in, d_model, n_heads):
        super().__init__(d_model, n_heads, d_in, d_in)
        self.w_q = nn.Linear(d_in, d_model)

    def forward(self, x, mask=None):
        return super().forward(x, x, x, mask)


def both(exercise, **parts):
    """Return a class of 9.3 or of 9.4 with some parts changed."""
    base = Own if exercise == "MultiHeadSelfAttention" else Cross
    return type(exercise, (base,), parts)


def viewed_cut(self, x):
    return x.reshape(len(x), self.n, x.shape[1], x.shape[2] // self.n)


def viewed_join(self, x):
    return x.reshape(x.shape[0], x.shape[2], -1)


def by_width(self, q, k, v, mask):
    return attend(q, k, v, mask, scale=1 / math.sqrt(q.shape[-1] * self.n))


def unmasked(self, q, k, v, mask):
    return attend(q, k, v, None)


def over_queries(self, q, k, v, mask):
    return attend(q, k, v, mask, axis=2)


def not_cleaned(self, q, k, v, mask):
    return attend(q, k, v, mask, clean=False)


def sharper(self, q, k, v, mask):
    return attend(q, k, v, mask, scale=2 * q.shape[-1] ** -0.5)


def heads_reversed(self, x):
    return torch.cat(x.unbind(1)[::-1], dim=-1)


def spelt(exercise):
    return {
        "view_split": [both(exercise, cut=viewed_cut)],
        "view_merge": [both(exercise, join=viewed_join)],
        "mask_ignored": [both(exercise, attend=unmasked)],
        "softmax_over_queries": [both(exercise, attend=over_queries)],
        "nan_rows": [both(exercise, attend=not_cleaned)],
    }


def one_column_each(w_o, heads, n_heads):
    keep = torch.ones(w_o.shape[1], dtype=w_o.dtype)
    keep[list(heads)] = 0
    return w_o * keep


def out_rows(w_o, heads, n_heads):
    out = w_o.clone()
    for h, part in enumerate(out.chunk(n_heads, 0)):
        if h in heads:
            part.zero_()
    return out


def others(w_o, heads, n_heads):
    parts = w_o.detach().clone().split(w_o.shape[1] // n_heads, 1)
    return torch.cat([0 * p if h not in heads else p for h, p in enumerate(parts)], 1) + 0 * w_o


def half_silenced(w_o, heads, n_heads):
    parts = w_o.chunk(n_heads, 1)
    return torch.cat([p / 2 if h in heads else p for h, p in enumerate(parts)], 1)


def all_after(w_o, heads, n_heads):
    out, width = w_o.clone(), w_o.shape[1] // n_heads
    for h in heads:
        out[:, h * width :] = 0
    return out


def per_head(w_o, v):
    return w_o.chunk(v.shape[1], dim=1)


def contributions(weights, v, w_o, cut=per_head):
    parts = cut(w_o, v)
    return torch.stack([weights[:, h] @ v[:, h] @ parts[h].T for h in range(v.shape[1])], 1)


def lengths(weights, v, w_o, power=2.0):
    parts = per_head(w_o, v)
    rows = [v[:, h] @ parts[h].T for h in range(v.shape[1])]
    sizes = torch.stack([row.abs().pow(power).sum(-1).pow(1 / power) for row in rows], 1)
    return weights * sizes[:, :, None]


def fused(x, weight, bias, n_heads, order=(0, 1, 2), cut_one=cut):
    rows = (torch.einsum("btd,ed->bte", x, weight) + bias).chunk(3, -1)
    return tuple(cut_one(rows[i], n_heads) for i in order)


def fell(before, after, query, key):
    return before[..., :, key] - after[..., :, key]


def shift(before, after, query, key, base=None):
    change = fell(before, after, query, key)
    rest = (change.sum(-1) - change[..., query]) / (change.shape[-1] - 1)
    return change[..., query] - (rest if base is None else base(change))


SPELT = {
    "split_heads": {
        "view_without_transpose": [lambda x, n: x.view(len(x), n, -1, x.shape[-1] // n)],
        "interleaved": [lambda x, n: torch.stack([x[..., h::n] for h in range(n)], 1)],
        "heads_behind_tokens": [lambda x, n: torch.stack(x.chunk(n, -1), dim=2)],
    },
    "merge_heads": {
        "view_without_transpose": [lambda x: x.reshape(x.shape[0], x.shape[2], -1)],
        "heads_summed": [lambda x: torch.einsum("bhtd->btd", x)],
        "interleaved": [lambda x: torch.stack(x.unbind(1), -1).flatten(-2)],
    },
    "MultiHeadSelfAttention": spelt("MultiHeadSelfAttention")
    | {"scale_by_d_model": [both("MultiHeadSelfAttention", attend=by_width)]},
    "MultiHeadAttention": spelt("MultiHeadAttention"),
    "blocked_mask": {
        "not_flipped": [lambda mask, n: torch.stack([mask] * n, 1).flatten(0, 1)],
        "heads_outside": [lambda mask, n: torch.cat([mask.logical_not()] * n)],
        "no_heads": [lambda mask, n: mask == 0],
    },
    "fused_projection": {
        "keys_first": [lambda *args: fused(*args, order=(1, 0, 2))],
        "values_before_keys": [lambda *args: fused(*args, order=(0, 2, 1))],
        "no_bias": [lambda x, weight, bias, n: fused(x, weight, 0 * bias, n)],
        "no_heads": [lambda *args: fused(*args, cut_one=lambda x, n: x)],
    },
    "head_contributions": {
        "summed": [lambda weights, v, w_o: glue(weights @ v) @ w_o.T],
        "no_projection": [lambda weights, v, w_o: torch.einsum("bhts,bhsd->bhtd", weights, v)],
        "same_slice": [
            lambda *args: contributions(*args, cut=lambda w, v: [per_head(w, v)[0]] * v.shape[1])
        ],
    },
    "ablate": {
        "one_column": [one_column_each],
        "rows": [out_rows],
        "keeps_only": [others],
    },
    "weighted_norms": {
        "squared": [lambda *args: lengths(*args) ** 2 / args[0].clamp(min=1e-30)],
        "sum_of_sizes": [lambda *args: lengths(*args, power=1.0)],
        "weights_alone": [lambda weights, v, w_o: weights + 0 * v.sum() * w_o.sum()],
    },
    "referent_shift": {
        "no_base_rate": [lambda *args: shift(*args, base=lambda change: 0.0)],
        "itself_in_the_base": [lambda *args: shift(*args, base=lambda change: change.mean(-1))],
        "turned_round": [lambda before, after, q, k: shift(after, before, q, k)],
    },
}

NEAR = {
    "split_heads": [lambda x, n: cut(x, n).flip(1), lambda x, n: cut(x.flip(1), n)],
    "merge_heads": [lambda x: glue(x.flip(1)), lambda x: glue(x) / x.shape[1] ** 0.5],
    "MultiHeadSelfAttention": [
        both("MultiHeadSelfAttention", attend=sharper),
        both("MultiHeadSelfAttention", join=heads_reversed),
    ],
    "MultiHeadAttention": [
        both("MultiHeadAttention", attend=sharper),
        both("MultiHeadAttention", join=heads_reversed),
    ],
    "blocked_mask": [
        lambda mask, n: (~mask).repeat_interleave(n, 0).flip(-1),
        lambda mask, n: torch.ones_like(mask).repeat_interleave(n, 0),
    ],
    "fused_projection": [
        lambda *args: fused(*args, order=(2, 1, 0)),
        lambda *args: fused(*args, cut_one=lambda x, n: cut(x, n) / 2),
    ],
    "head_contributions": [
        lambda *args: contributions(*args).flip(1),
        lambda *args: contributions(*args).cumsum(1),
    ],
    "ablate": [half_silenced, all_after],
    "weighted_norms": [
        lambda *args: lengths(*args, power=3.0),
        lambda weights, v, w_o: lengths(weights**2, v, w_o),
    ],
    "referent_shift": [
        lambda *args: shift(*args, base=lambda change: change.amax(-1)),
        lambda *args: shift(*args) / 2,
    ],
}
