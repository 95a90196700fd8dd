"""Right answers to lesson 12, written another way."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.attention.masks import causal_mask
from course_lib.models.blocks import EncoderBlock


def merge_by_skipping(pieces, pair):
    out, skip = [], False
    for i, piece in enumerate(pieces):
        if skip:
            skip = False
        elif i + 1 < len(pieces) and piece == pair[0] and pieces[i + 1] == pair[1]:
            out.append(piece + pieces[i + 1])
            skip = True
        else:
            out.append(piece)
    return out


def merge_with_a_stack(pieces, pair):
    out, fresh = [], False
    for piece in pieces:
        if out and not fresh and (out[-1], piece) == pair:
            out[-1] += piece
            fresh = True
        else:
            out.append(piece)
            fresh = False
    return tuple(out)


def merge_on_a_copy(pieces, pair):
    pieces, at = list(pieces), 0
    while at < len(pieces) - 1:
        if (pieces[at], pieces[at + 1]) == pair:
            pieces[at : at + 2] = [pair[0] + pair[1]]
        at += 1
    return pieces


def train_by_lists(words, n_merges):
    split = [(list(word), n) for word, n in words.items()]
    vocab = sorted(set("".join(words)))
    merges = []
    for _ in range(n_merges):
        counts = defaultdict(int)
        for pieces, n in split:
            for i in range(len(pieces) - 1):
                counts[pieces[i], pieces[i + 1]] += n
        if not counts:
            break
        most = max(counts.values())
        tied = [pair for pair in counts if counts[pair] == most]
        tied.sort(key=lambda pair: [vocab.index(piece) for piece in pair])
        merges.append(tied[0])
        if "".join(tied[0]) not in vocab:
            vocab.append("".join(tied[0]))
        split = [(merge_by_skipping(pieces, tied[0]), n) for pieces, n in split]
    return merges


def train_on_the_whole_text(words, n_merges):
    text = [list(word) for word, n in words.items() for _ in range(n)]
    order = {letter: i for i, letter in enumerate(sorted({c for word in text for c in word}))}
    found = []
    while len(found) < n_merges:
        counts = Counter(pair for word in text for pair in pairwise(word))
        if len(counts) == 0:
            return found
        best = sorted(
            counts.items(), key=lambda item: (-item[1], order[item[0][0]], order[item[0][1]])
        )
        pair = best[0][0]
        found.append(pair)
        order.setdefault(pair[0] + pair[1], len(order))
        text = [merge_on_a_copy(word, pair) for word in text]
    return found


def encode_in_one_pass(word, merges):
    pieces = list(word)
    for pair in merges:
        pieces = merge_by_skipping(pieces, pair)
    return pieces


def encode_by_rank(word, merges):
    pieces = list(word)
    while len(pieces) > 1:
        places = [(merges.index(pair), pair) for pair in pairwise(pieces) if pair in merges]
        if not places:
            break
        pieces = merge_with_a_stack(pieces, min(places)[1])
    return list(pieces)


def batch_by_slices(tokens, starts, length):
    rows = [tokens[start : start + length + 1] for start in starts]
    window = torch.stack(rows)
    return window[:, :length], window[:, 1:]


def batch_by_unfold(tokens, starts, length):
    windows = tokens.unfold(0, length + 1, 1)[starts]
    return [windows[..., :-1].contiguous(), windows[..., 1:].contiguous()]


def bigram_by_loop(tokens, vocab_size, smoothing):
    counts = torch.zeros(vocab_size, vocab_size)
    for a, b in pairwise(tokens):
        counts[a, b] += 1
    counts += smoothing
    return torch.log(counts) - torch.log(counts.sum(1, keepdim=True))


def bigram_by_index_put(tokens, vocab_size, smoothing):
    counts = torch.full((vocab_size, vocab_size), smoothing)
    counts.index_put_((tokens[:-1], tokens[1:]), torch.tensor(1.0), accumulate=True)
    return F.normalize(counts, p=1, dim=1).log()


def bigram_by_one_hot(tokens, vocab_size, smoothing):
    one = F.one_hot(tokens, vocab_size).float()
    counts = one[:-1].T @ one[1:] + smoothing
    return (counts / counts.sum(dim=1)[:, None]).log()


def bits_by_numpy(nats_per_token, pieces):
    text = "".join(pieces)
    return np.log2(np.e) * nats_per_token * len(pieces) / len(bytes(text, "utf8"))


def loss_with_where(logits, targets, pad):
    log_p = torch.log_softmax(logits, dim=-1)
    chosen = torch.gather(log_p, 2, targets.unsqueeze(2)).squeeze(2)
    real = targets.ne(pad)
    return -torch.where(real, chosen, torch.zeros_like(chosen)).sum() / real.sum()


def loss_by_logsumexp(logits, targets, pad):
    logits, targets = logits.flatten(0, 1), targets.flatten()
    keep = targets != pad
    logits, targets = logits[keep], targets[keep]
    right = logits[torch.arange(len(targets), device=targets.device), targets]
    return (logits.logsumexp(-1) - right).mean()


def loss_by_loop(logits, targets, pad):
    terms = []
    for row, labels in zip(logits, targets, strict=True):
        for scores, label in zip(row, labels, strict=True):
            if label != pad:
                terms.append(-torch.log_softmax(scores, 0)[label])
    return torch.stack(terms).mean()


class TiedLinear(nn.Module):
    def __init__(self, vocab_size, max_len, config, n_layers):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, config.d_model)
        self.positions = nn.Embedding(max_len, config.d_model)
        self.blocks = nn.ModuleList([EncoderBlock(config) for _ in range(n_layers)])
        self.norm = nn.LayerNorm(config.d_model)
        self.head = nn.Linear(config.d_model, vocab_size, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, start=0):
        at = torch.arange(tokens.shape[1], device=tokens.device) + start
        x = self.embed(tokens) + self.positions(at)[None]
        for block in self.blocks:
            x = block(x, mask=causal_mask(len(at), device=tokens.device))
        return self.head(self.norm(x))


class BufferedMask(nn.Module):
    def __init__(self, vocab_size, max_len, config, n_layers):
        super().__init__()
        d = config.d_model
        self.embed, self.positions = nn.Embedding(vocab_size, d), nn.Embedding(max_len, d)
        self.blocks = nn.Sequential(*(EncoderBlock(config) for _ in range(n_layers)))
        self.norm = nn.LayerNorm(d, eps=config.eps)
        square = torch.ones(max_len, max_len, dtype=torch.bool)
        self.register_buffer("mask", torch.tril(square), persistent=False)

    def forward(self, tokens, start=0):
        _, T = tokens.shape
        x = self.positions.weight[start : start + T] + self.embed.weight[tokens]
        mask = self.mask[:T, :T].expand(len(tokens), T, T)
        for i in range(len(self.blocks)):
            x = self.blocks[i](x, mask)
        return torch.einsum("btd,vd->btv", self.norm(x), self.embed.weight)


def next_by_length(model, tokens, max_len):
    n = tokens.shape[1]
    first = max(0, n - max_len)
    logits = model(tokens[:, first:])
    return logits[:, n - first - 1, :]


def next_if_long(model, tokens, max_len):
    if tokens.size(1) > max_len:
        tokens = tokens.narrow(1, tokens.size(1) - max_len, max_len)
    return model(tokens).select(1, -1)


def induction_by_loop(weights, period):
    total, n = 0, weights.shape[-1]
    for t in range(period, n):
        total = total + weights[..., t, t - period + 1]
    return total / (n - period)


def induction_by_mask(weights, period):
    n = weights.shape[-1]
    t, s = torch.arange(n)[:, None], torch.arange(n)
    asked = ((s == t - period + 1) & (t >= period)).to(weights)
    return (weights * asked).sum((-2, -1)) / asked.sum()


RIGHT = {
    "merge_pair": [merge_by_skipping, merge_with_a_stack, merge_on_a_copy],
    "train_bpe": [train_by_lists, train_on_the_whole_text],
    "encode": [encode_in_one_pass, encode_by_rank],
    "next_token_batch": [batch_by_slices, batch_by_unfold],
    "bigram_log_probs": [bigram_by_loop, bigram_by_index_put, bigram_by_one_hot],
    "bits_per_byte": [
        bits_by_numpy,
        lambda nats_per_token, pieces: (
            nats_per_token / math.log(2) * len(pieces) / sum(len(p.encode()) for p in pieces)
        ),
    ],
    "mean_loss": [loss_with_where, loss_by_logsumexp, loss_by_loop],
    "LanguageModel": [TiedLinear, BufferedMask],
    "next_logits": [next_by_length, next_if_long],
    "induction_score": [induction_by_loop, induction_by_mask],
}
