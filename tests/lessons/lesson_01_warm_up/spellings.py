"""Lesson 01: listed mistakes in another spelling, and near ones that no name fits."""

import torch
from torch import nn


def loop_reversed(a, b):
    return torch.stack([torch.stack([other - row for other in b]) for row in a])


def columns_first(a, b):
    return torch.stack([a - row for row in b])


def squared_loop(a, b):
    return torch.stack([((row - b) ** 2).sum(1) for row in a])


def every_row_of_all(x, y):
    rows, others = x.flatten(0, -2), y.flatten(0, -2)
    return torch.einsum("td,sd->ts", rows, others)


def leave_out(text, vocabulary):
    ids = []
    for word in text.lower().split():
        if word in vocabulary:
            ids.append(vocabulary[word])
    return ids


def zero_for_unknown(text, vocabulary):
    ids = []
    for word in text.lower().split():
        try:
            ids.append(vocabulary[word])
        except KeyError:
            ids.append(0)
    return ids


def case_kept(text, vocabulary):
    ids = []
    for word in text.split():
        known = word if word in vocabulary else "<unk>"
        ids.append(vocabulary[known])
    return ids


def reversed_ids(text, vocabulary):
    return [vocabulary.get(w, vocabulary["<unk>"]) for w in reversed(text.lower().split())]


def without_punctuation(text, vocabulary):
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return [vocabulary.get(w, vocabulary["<unk>"]) for w in words]


def summed_by_hand(x, y, w):
    gradient = torch.zeros_like(w)
    for row, target in zip(x, y, strict=True):
        gradient += 2 * (row @ w - target) * row
    return gradient


def halved_by_hand(x, y, w):
    gradient = torch.zeros_like(w)
    for row, target in zip(x, y, strict=True):
        gradient += (row @ w - target) * row
    return gradient / len(x)


def slope(x, y, w):
    return 2 * x.T @ (x @ w - y) / len(y)


def uphill(x, y, w, rate, steps):
    for _ in range(steps):
        w = w + rate * slope(x, y, w)
    return w


def returns_at_once(x, y, w, rate, steps):
    return w - rate * slope(x, y, w)


def never_cleared(x, y, w, rate, steps):
    total = torch.zeros_like(w)
    for _ in range(steps):
        total = total + slope(x, y, w)
        w = w - rate * total
    return w


def rate_shrinks(x, y, w, rate, steps):
    for step in range(steps):
        w = w - rate / (step + 1) * slope(x, y, w)
    return w


def backwards_update(x, y, w, rate, steps):
    for _ in range(steps):
        w = rate * slope(x, y, w) - w
    return w


class Cell(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)


class NoTanh(Cell):
    def forward(self, x, h):
        new = self.w_x(x)
        return new + h @ self.w_h.weight.T


class OwnSigmoid(Cell):
    def forward(self, x, h):
        return 1 / (1 + torch.exp(-self.w_x(x) - self.w_h(h)))


class Reads(Cell):
    def forward(self, x, h):
        new = self.w_x(x).tanh()
        return new + 0 * h


class Twice(Cell):
    def forward(self, x, h):
        return torch.tanh(torch.tanh(self.w_x(x) + self.w_h(h)))


class Halves(Cell):
    def forward(self, x, h):
        return torch.tanh((self.w_x(x) + self.w_h(h)) / 2)


SPELT = {
    "pairwise_differences": {
        "reversed": [loop_reversed],
        "transposed": [columns_first],
        "squared_distances": [squared_loop],
        "absolute": [lambda a, b: torch.maximum(a[:, None] - b, b - a[:, None])],
    },
    "row_products": {
        "transposed": [lambda x, y: torch.einsum("...td,...sd->...st", x, y)],
        "flattened": [every_row_of_all],
        "scaled": [lambda x, y: torch.matmul(x / x.shape[-1] ** 0.5, y.transpose(-2, -1))],
        "not_summed": [lambda x, y: x.unsqueeze(-2) * y.unsqueeze(-3)],
    },
    "encode": {
        "drops_unknown": [leave_out],
        "unknown_is_zero": [zero_for_unknown],
        "keeps_capitals": [case_kept],
    },
    "embed": {
        "counts_from_one": [lambda ids, table: table.roll(1, 0)[ids]],
        "columns": [lambda ids, table: table.T[ids].movedim(-1, 0)],
        "flattened": [lambda ids, table: torch.index_select(table, 0, ids.flatten())],
        "detached": [lambda ids, table: torch.tensor(table.tolist(), dtype=table.dtype)[ids]],
    },
    "error_gradient": {
        "no_two": [halved_by_hand],
        "summed": [summed_by_hand],
        "sign": [lambda x, y, w: -2 * (x.T @ (x @ w - y)) / x.shape[0]],
    },
    "fit": {
        "climbs": [uphill],
        "one_step": [returns_at_once],
        "gradients_pile_up": [never_cleared],
    },
    "RecurrentCell": {"no_tanh": [NoTanh], "sigmoid": [OwnSigmoid], "forgets": [Reads]},
}

NEAR = {
    "pairwise_differences": [
        lambda a, b: a[:, None] - b[None].flip(1),
        lambda a, b: (a[:, None] - b[None]) / 2,
    ],
    "row_products": [
        lambda x, y: x @ y.flip(-2).mT,
        lambda x, y: (x @ y.mT).softmax(-1),
    ],
    "encode": [reversed_ids, without_punctuation],
    "embed": [lambda ids, table: table[ids].flip(-1), lambda ids, table: table.flip(0)[ids]],
    "error_gradient": [
        lambda x, y, w: slope(x, y, w) / 2 / len(w),
        lambda x, y, w: 2 * x.mean(0) * (x @ w - y).mean(),
    ],
    "fit": [rate_shrinks, backwards_update],
    "RecurrentCell": [Twice, Halves],
}
