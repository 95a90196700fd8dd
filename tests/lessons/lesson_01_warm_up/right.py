"""Right answers to lesson 01, written another way; every one must pass."""

import numpy as np
import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import nn


def differences_by_unsqueeze(a, b):
    return a.unsqueeze(1) - b.unsqueeze(0)


def differences_by_loops(a, b):
    out = a.new_zeros(len(a), len(b), a.shape[1])
    for t in range(len(a)):
        for s in range(len(b)):
            out[t, s] = a[t] - b[s]
    return out


def differences_row_by_row(a, b):
    return torch.stack([row - b for row in a])


def differences_by_einops(a, b):
    return rearrange(a, "t d -> t 1 d") - rearrange(b, "s d -> 1 s d")


def differences_by_repeat(a, b):
    return a[:, None].repeat(1, len(b), 1) - b.expand(len(a), -1, -1)


def products_by_einsum(x, y):
    return torch.einsum("...td,...sd->...ts", x, y)


def products_by_einops(x, y):
    return einsum(x, y, "... t d, ... s d -> ... t s")


def products_by_broadcasting(x, y):
    return (x[..., :, None, :] * y[..., None, :, :]).sum(-1)


def products_by_loop(x, y):
    columns = [(x * y[..., s : s + 1, :]).sum(-1) for s in range(y.shape[-2])]
    return torch.stack(columns, dim=-1)


def products_turned(x, y):
    return torch.matmul(y, x.transpose(-1, -2)).transpose(-1, -2)


def encode_by_loop(text, vocabulary):
    ids = []
    for word in text.split():
        word = word.lower()
        if word in vocabulary:
            ids.append(vocabulary[word])
        else:
            ids.append(vocabulary["<unk>"])
    return ids


def encode_by_map(text, vocabulary):
    known = dict(vocabulary)
    for word in text.casefold().split():
        known.setdefault(word, known["<unk>"])
    return list(map(known.__getitem__, text.casefold().split()))


def encode_by_exceptions(text, vocabulary):
    def look_up(word):
        try:
            return vocabulary[word]
        except KeyError:
            return vocabulary["<unk>"]

    return tuple(look_up(word) for word in text.lower().split())


def embed_by_one_hot(ids, table):
    return F.one_hot(ids, table.shape[0]).to(table) @ table


def embed_by_function(ids, table):
    return F.embedding(ids, table)


def embed_by_index_select(ids, table):
    return table.index_select(0, ids.flatten()).view(*ids.shape, -1)


def embed_by_loop(ids, table):
    rows = [table[int(i)] for i in ids.reshape(-1)]
    return torch.stack(rows).reshape(*ids.shape, table.shape[1])


def gradient_as_a_mean(x, y, w):
    miss = x @ w - y
    return (2 * miss[:, None] * x).mean(0)


def gradient_by_loops(x, y, w):
    total = torch.zeros_like(w)
    for row, target in zip(x, y, strict=True):
        total += 2 * (row @ w - target) * row
    return total / len(x)


def gradient_by_einsum(x, y, w):
    return 2 * torch.einsum("nd,n->d", x, torch.mv(x, w) - y) / x.shape[0]


def gradient_expanded(x, y, w):
    return (2 * x.T @ x @ w - 2 * x.T @ y) / y.numel()


def fit_by_hand(x, y, w, rate, steps):
    for _ in range(steps):
        w = w - rate * 2 * ((x @ w - y)[:, None] * x).mean(0)
    return w


def fit_by_backward(x, y, w, rate, steps):
    w = w.clone().requires_grad_()
    for _ in range(steps):
        loss = F.mse_loss(x @ w, y)
        loss.backward()
        with torch.no_grad():
            w -= rate * w.grad
        w.grad.zero_()
    return w.detach()


def fit_by_optimiser(x, y, w, rate, steps):
    w = nn.Parameter(w.clone())
    optimiser = torch.optim.SGD([w], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (x @ w - y).pow(2).mean().backward()
        optimiser.step()
    return w


def fit_by_recursion(x, y, w, rate, steps):
    if steps == 0:
        return w
    return fit_by_recursion(x, y, w - rate * 2 / len(y) * x.T @ (x @ w - y), rate, steps - 1)


class CellByFunctions(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(self, x, h):
        return (F.linear(x, self.w_x.weight, self.w_x.bias) + h @ self.w_h.weight.mT).tanh()


class CellInOneProduct(nn.Module):
    """One wide matrix over [x, h]; the layers are made in another order."""

    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_h = nn.Linear(d_hidden, d_hidden, False)
        self.w_x = nn.Linear(d_in, d_hidden)

    def forward(self, x, h):
        weight = torch.cat([self.w_x.weight, self.w_h.weight], dim=1)
        return torch.tanh(torch.cat([x, h], dim=-1) @ weight.T + self.w_x.bias)


class CellWithItsOwnTanh(nn.Module):
    """A tanh as a layer, in-place sums on own tensors, and a note of the last state."""

    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x, self.w_h = nn.Linear(d_in, d_hidden), nn.Linear(d_hidden, d_hidden, bias=False)
        self.squeeze = nn.Tanh()
        self.last = None

    def forward(self, x, h):
        out = self.w_x(x)
        out += self.w_h(h)
        self.last = self.squeeze(out)
        return self.last


class CellByExponentials(nn.Module):
    def __init__(self, d_in: int, d_hidden: int, dtype=None):
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden, dtype=dtype)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False, dtype=dtype)

    def forward(self, x, h):
        z = self.w_x(x) + self.w_h(h)
        return 2 / (1 + torch.exp(-2 * z)) - 1


def encode_numpy_ids(text, vocabulary):
    return [np.int64(vocabulary.get(word, vocabulary["<unk>"])) for word in text.lower().split()]


RIGHT = {
    "pairwise_differences": [
        differences_by_unsqueeze,
        differences_by_loops,
        differences_row_by_row,
        differences_by_einops,
        differences_by_repeat,
    ],
    "row_products": [
        products_by_einsum,
        products_by_einops,
        products_by_broadcasting,
        products_by_loop,
        products_turned,
    ],
    "encode": [encode_by_loop, encode_by_map, encode_by_exceptions, encode_numpy_ids],
    "embed": [
        embed_by_one_hot,
        embed_by_function,
        embed_by_index_select,
        embed_by_loop,
    ],
    "error_gradient": [
        gradient_as_a_mean,
        gradient_by_loops,
        gradient_by_einsum,
        gradient_expanded,
    ],
    "fit": [fit_by_hand, fit_by_backward, fit_by_optimiser, fit_by_recursion],
    "RecurrentCell": [CellByFunctions, CellInOneProduct, CellWithItsOwnTanh, CellByExponentials],
}
