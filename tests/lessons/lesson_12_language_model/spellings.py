"""Lesson 12: listed mistakes in another spelling, and near ones that no name fits."""

import math
from collections import Counter
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.attention.masks import causal_mask
from course_lib.models.blocks import EncoderBlock


def joined(pieces, pair, same=lambda a, b: a == b, tail=True):
    out, at = [], 0
    while at + 1 < len(pieces):
        hit = same((pieces[at], pieces[at + 1]), tuple(pair))
        out.append(pieces[at] + pieces[at + 1] if hit else pieces[at])
        at += 1 + hit
    return out + list(pieces[at:]) if tail else out


def joined_once(pieces, pair):
    out, done = [], False
    for piece in pieces:
        if out and not done and (out[-1], piece) == pair:
            out[-1], done = out[-1] + piece, True
        else:
            out.append(piece)
    return out


def joined_without_a_step(pieces, pair):
    out = []
    for at, piece in enumerate(pieces):
        hit = at + 1 < len(pieces) and (piece, pieces[at + 1]) == pair
        out += [piece + pieces[at + 1]] if hit else [piece]
    return out


def joined_backwards(pieces, pair):
    out, at = [], len(pieces) - 1
    while at >= 0:
        hit = at > 0 and (pieces[at - 1], pieces[at]) == pair
        out.insert(0, "".join(pair) if hit else pieces[at])
        at -= 1 + hit
    return out


def trained(words, n, key=None, weigh=lambda n: n, once=False, best=min, merge=joined):
    split = [(list(word), weigh(n)) for word, n in words.items()]
    age = {letter: at for at, letter in enumerate(sorted(set("".join(words))))}
    key = key or (lambda counts, age, p: (-counts[p], age[p[0]], age[p[1]]))
    found = []
    while len(found) < n:
        counts = Counter()
        for pieces, often in split:
            pairs = list(pairwise(pieces))
            for pair in dict.fromkeys(pairs) if once else pairs:
                counts[pair] += often
        if not counts:
            break
        pair = best(counts, key=lambda p: key(counts, age, p))
        found.append(pair)
        age.setdefault("".join(pair), len(age))
        split = [(merge(pieces, pair), often) for pieces, often in split]
    return found


def encoded(word, merges, choose=lambda places: min(places), again=True):
    pieces = list(word)
    while places := [(merges.index(p), at) for at, p in enumerate(pairwise(pieces)) if p in merges]:
        pieces = joined(pieces, merges[choose(places)[0]])
        if not again:
            break
    return pieces


def longest(word, merges):
    known, out = ["".join(pair) for pair in merges], []
    while word:
        piece = max((p for p in known if word.startswith(p)), key=len, default=word[0])
        out.append(piece)
        word = word[len(piece) :]
    return out


def windows(tokens, starts, length, ahead=1, each=lambda s, n: s):
    rows = [each(int(s), length) for s in starts]
    inputs = [[tokens[(s + t) % len(tokens)] for t in range(length)] for s in rows]
    labels = [[tokens[min(s + t + ahead, len(tokens) - 1)] for t in range(length)] for s in rows]
    return torch.tensor(inputs), torch.tensor(labels)


def turned_round(tokens, starts, length):
    inputs = torch.stack([tokens[s : s + length] for s in starts.tolist()])
    return inputs, torch.cat([inputs[:, 1:], inputs[:, :1]], 1)


def bigram(tokens, v, smoothing, dim=1, log=torch.log, pairs=pairwise, put=None):
    counts = torch.zeros(v, v)
    for a, b in pairs(tokens.tolist()):
        counts[a, b] = 1 if put else counts[a, b] + 1
    counts = counts + smoothing
    return log(counts / counts.sum(dim, keepdim=True))


def whole_table(tokens, v, smoothing):
    table = torch.full((v, v), smoothing)
    for a, b in pairwise(tokens.tolist()):
        table[a, b] += 1
    return torch.log(table) - torch.log(table.sum())


def loss(logits, targets, pad, term=lambda row, y: -F.log_softmax(row, 0)[y], skip=True):
    terms = [
        term(row, y)
        for rows, ys in zip(logits, targets, strict=True)
        for row, y in zip(rows, ys.tolist(), strict=True)
        if y != pad or not skip
    ]
    return torch.stack(terms).mean()


def over_everything(logits, targets, pad):
    nats = (-logits.log_softmax(-1)).gather(2, targets.unsqueeze(-1)).squeeze(-1)
    return nats.masked_fill(targets == pad, 0.0).sum() / targets.numel()


def text_by_text(logits, targets, pad):
    return torch.stack(
        [loss(one[None], y[None], pad) for one, y in zip(logits, targets, strict=True)]
    ).mean()


class Model(nn.Module):
    causal = True

    def __init__(self, vocab_size, max_len, config, n_layers):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, config.d_model)
        self.positions = nn.Embedding(max_len, config.d_model)
        self.blocks = nn.Sequential(*(EncoderBlock(config) for _ in range(n_layers)))
        self.norm = nn.LayerNorm(config.d_model)

    def start(self, x, start):
        return x + self.positions(torch.arange(start, start + x.shape[1]))

    def end(self, x):
        return torch.einsum("btd,vd->btv", self.norm(x), self.embed.weight)

    def forward(self, tokens, start=0):
        x = self.start(self.embed(tokens), start)
        mask = causal_mask(tokens.shape[1]) if self.causal else None
        for block in self.blocks:
            x = block(x, mask)
        return self.end(x)


class AllSeen(Model):
    causal = False


class FromZero(Model):
    def start(self, x, start):
        return x + self.positions.weight[: x.shape[1]]


class Unnormed(Model):
    def end(self, x):
        return x @ self.embed.weight.mT


class Scaled(Model):
    def start(self, x, start):
        return super().start(x * math.sqrt(x.shape[-1]), start)


class Subtracted(Model):
    def start(self, x, start):
        return x - self.positions(torch.arange(start, start + x.shape[1]))


class Halved(Model):
    def end(self, x):
        return super().end(x) / math.sqrt(x.shape[-1])


def diagonal(weights, period, offset=1, first=None, mean=lambda x: x.mean(-1)):
    found = [
        weights[..., t, max(t - period + offset, 0)]
        for t in range(period if first is None else first(period), weights.shape[-1])
    ]
    return mean(torch.stack(found, -1))


SPELT = {
    "merge_pair": {
        "first_only": [joined_once],
        "second_piece_twice": [joined_without_a_step],
        "from_right": [joined_backwards],
        "last_piece_lost": [lambda pieces, pair: joined(pieces, pair, tail=False)],
        "either_order": [lambda pieces, pair: joined(pieces, pair, lambda a, b: {*a} == {*b})],
        "same_text": [
            lambda pieces, pair: joined(pieces, pair, lambda a, b: a[0] + a[1] == b[0] + b[1])
        ],
    },
    "train_bpe": {
        "words_once": [lambda words, n: trained(words, n, weigh=lambda n: 1)],
        "ties_first_met": [lambda words, n: trained(words, n, lambda c, age, p: -c[p])],
        "ties_by_alphabet": [lambda words, n: trained(words, n, lambda c, age, p: (-c[p], *p))],
        "once_a_word": [lambda words, n: trained(words, n, once=True)],
        "joined": [lambda words, n: [a + b for a, b in trained(words, n)]],
    },
    "encode": {
        "longest_match": [longest],
        "leftmost": [
            lambda word, merges: encoded(word, merges, lambda found: min(found, key=lambda f: f[1]))
        ],
        "one_merge": [lambda word, merges: encoded(word, merges, again=False)],
        "latest_first": [lambda word, merges: encoded(word, merges, max)],
    },
    "next_token_batch": {
        "not_shifted": [lambda *args: windows(*args, ahead=0)],
        "shifted_by_two": [lambda *args: windows(*args, ahead=2)],
        "rolled": [turned_round],
    },
    "bigram_log_probs": {
        "pairs_lost": [lambda *args: bigram(*args, put=True)],
        "joint": [whole_table],
        "columns": [lambda *args: bigram(*args, dim=0)],
        "backwards": [
            lambda *args: bigram(*args, pairs=lambda x: ((b, a) for a, b in pairwise(x)))
        ],
        "probabilities": [lambda *args: bigram(*args, log=lambda x: x)],
        "in_bits": [lambda *args: bigram(*args) / math.log(2)],
    },
    "bits_per_byte": {
        "nats": [lambda n, pieces: n / (len(b"".join(p.encode() for p in pieces)) / len(pieces))],
        "multiplied": [
            lambda n, pieces: math.log(2) * n * len(pieces) / sum(len(p.encode()) for p in pieces)
        ],
        "characters": [
            lambda n, pieces: math.log2(math.exp(n)) * len(pieces) / len("".join(pieces))
        ],
        "per_token": [lambda n, pieces: math.log2(math.exp(n))],
    },
    "mean_loss": {
        "mean_over_padding": [lambda *args: loss(*args, skip=False)],
        "divided_by_all": [over_everything],
        "mean_of_means": [text_by_text],
        "positive_log": [lambda *args: loss(*args, lambda row, y: row[y] - row.logsumexp(0))],
        "no_softmax": [lambda *args: loss(*args, lambda row, y: -row[y])],
    },
    "LanguageModel": {
        "no_mask": [AllSeen],
        "positions_restarted": [FromZero],
        "no_last_norm": [Unnormed],
        "scaled_embeddings": [Scaled],
    },
    "next_logits": {
        "keeps_the_beginning": [
            lambda model, t, n: model(t.narrow(1, 0, min(n, t.shape[1])))[:, -1]
        ],
        "one_token_less": [lambda model, t, n: model(t[:, max(0, t.shape[1] - n + 1) :])[:, -1, :]],
        "every_place": [lambda model, t, n: model(t[..., -n:])],
        "tokens": [lambda model, t, n: model(t[:, -n:])[:, -1].max(-1).indices],
    },
    "induction_score": {
        "same_token": [lambda *args: diagonal(*args, offset=0)],
        "two_after": [lambda *args: diagonal(*args, offset=2)],
        "one_query_more": [lambda *args: diagonal(*args, first=lambda p: p - 1)],
        "summed": [lambda *args: diagonal(*args, mean=lambda x: x.sum(-1))],
        "heads_mixed": [lambda *args: diagonal(*args, mean=torch.mean)],
    },
}

NEAR = {
    "merge_pair": [
        lambda pieces, pair: joined(pieces, pair)[::-1],
        lambda pieces, pair: joined(pieces, pair, lambda a, b: a[1] == b[1]),
    ],
    "train_bpe": [
        lambda words, n: trained(words, n, lambda c, age, p: (-c[p], age[p[1]], age[p[0]])),
        lambda words, n: trained(words, n, lambda c, age, p: (-c[p], len(p[0] + p[1]), *p[::-1])),
    ],
    "encode": [
        lambda word, merges: encoded(word, merges)[::-1],
        lambda word, merges: encoded(word, merges[: len(merges) // 2]),
    ],
    "next_token_batch": [
        lambda *args: tuple(x.flip(1) for x in windows(*args)),
        lambda tokens, starts, n: windows(tokens, starts.sort().values, n),
    ],
    "bigram_log_probs": [
        lambda tokens, v, s: bigram(tokens, v, s * v),
        lambda tokens, v, s: bigram(tokens[1:], v, s),
    ],
    "bits_per_byte": [
        lambda n, pieces: n / math.log(10) * len(pieces) / sum(len(p.encode()) for p in pieces),
        lambda n, pieces: (
            n / math.log(2) * len(pieces) / sum(len(p.encode("utf-16")) for p in pieces)
        ),
    ],
    "mean_loss": [
        lambda *args: loss(*args) / math.log(2),
        lambda logits, targets, pad: loss(logits / 2, targets, pad),
    ],
    "LanguageModel": [Subtracted, Halved],
    "next_logits": [
        lambda model, t, n: model(t[:, -n:]).mean(1),
        lambda model, t, n: model(t[:, -n:])[:, -1].softmax(-1),
    ],
    "induction_score": [
        lambda *args: diagonal(*args, mean=lambda x: x.median(-1).values),
        lambda *args: diagonal(*args, mean=lambda x: x[..., -1]),
    ],
}
