"""Mistakes in lesson 14, spelt otherwise, and near ones that no list holds."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.lessons.lesson_14_bert import reference as right
from course_lib.lessons.lesson_14_bert.reference import make_block


def masked(ask=0.15, hide=0.8, swap=0.9, safe=True, report="chosen", order=1):
    def answer(tokens, special, choose, change, others, mask_id):
        inputs, chosen = tokens.clone(), torch.zeros_like(special)
        for b in range(tokens.shape[0]):
            for t in range(tokens.shape[1]):
                if choose[b, t] >= ask or (safe and special[b, t]):
                    continue
                chosen[b, t] = True
                if change[b, t] < hide:
                    inputs[b, t] = mask_id
                elif (change[b, t] < swap) == (order == 1):
                    inputs[b, t] = others[b, t]
        return inputs, {"chosen": chosen, "changed": inputs != tokens}[report]

    return answer


def shares_of_chosen(tokens, special, choose, change, others, mask_id):
    asked = choose.lt(0.15) & special.logical_not()
    inputs = torch.where(asked & choose.lt(0.15 * 0.8), mask_id, tokens)
    swap = asked & choose.ge(0.15 * 0.8) & choose.lt(0.15 * 0.9)
    return torch.where(swap, others, inputs), asked


def each_loss(logits, tokens):
    return -logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]


def mlm(weigh, below=lambda chosen: chosen.sum().clamp(min=1), each=each_loss):
    def answer(logits, tokens, chosen):
        return (each(logits, tokens) * weigh(chosen)).sum() / below(chosen)

    return answer


def ignored_mean(logits, tokens, chosen):
    targets = torch.where(chosen, tokens, -100)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def text_by_text(logits, tokens, chosen):
    losses = []
    for z, ids, asked in zip(logits, tokens, chosen, strict=False):
        total = F.cross_entropy(z[asked], ids[asked], reduction="sum")
        losses.append(total / max(int(asked.sum()), 1))
    return torch.stack(losses).mean()


def two_softmaxes(logits, tokens):
    return each_loss(torch.softmax(logits, dim=-1), tokens)


def pack(cls_again=False, middle=True, last=True, segment=lambda place, n, m: int(place >= n + 2)):
    def answer(first, second, cls, sep):
        tokens = [cls, *list(first)]
        if second is None:
            return [*tokens, sep], [0] * (len(first) + 2)
        tokens += [sep] * middle + [cls] * cls_again + list(second) + [sep] * last
        n = len(first) - (not middle)
        return tokens, [segment(i, n, len(tokens)) for i in range(len(tokens))]

    return answer


def marks_exchanged(first, second, cls, sep):
    return right.pack_pair(first, second, sep, cls)


def as_mask(first, second, cls, sep):
    tokens, _segments = right.pack_pair(first, second, cls, sep)
    return tokens, [1] * len(tokens)


def summed(kind=True, place="row", scale=1.0):
    def answer(tokens, segments, words, places, kinds):
        out = F.embedding(tokens, words) * scale
        if place == "row":
            out = out + F.embedding(torch.arange(tokens.size(1)), places)[None]
        elif place == "last rows":
            out = out + places[-tokens.size(1) :]
        elif place == "one on":
            out = out + places[(torch.arange(tokens.size(1)) + 1) % len(places)]
        elif place == "token":
            out = out + places[tokens % len(places)]
        return out + (F.embedding(segments, kinds) if kind else 0)

    return answer


class Whole(nn.Module):
    keys, normed, pre, skip = "padding", True, False, 0

    def __init__(self, vocab_size, d_model, n_heads, n_layers, d_ff, max_len):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        self.segments = nn.Embedding(2, d_model)
        self.norm = nn.LayerNorm(d_model, eps=1e-12)
        self.blocks = nn.ModuleList([make_block(d_model, n_heads, d_ff) for _ in range(n_layers)])

    def embedded(self, tokens, segments):
        at = torch.arange(tokens.size(1), device=tokens.device)
        return self.words(tokens) + self.places(at) + self.segments(segments)

    def mask(self, mask):
        b, t = mask.shape
        return mask.view(b, 1, t).expand(b, t, t)

    def forward(self, tokens, mask, segments):
        x = self.norm(self.embedded(tokens, segments))
        for block in self.blocks:
            x = block(x, self.mask(mask))
        return x


def bert(**changed):
    return type("Bert", (Whole,), changed)


def no_norm(self, tokens, mask, segments):
    x = self.embedded(tokens, segments)
    for block in self.blocks:
        x = block(x, self.mask(mask))
    return x


def not_chained(self, tokens, mask, segments):
    x = self.norm(self.embedded(tokens, segments))
    for block in self.blocks:
        out = block(x, self.mask(mask))
    return out


def residual_around(self, tokens, mask, segments):
    x = self.norm(self.embedded(tokens, segments))
    for block in self.blocks:
        x = x + block(x, self.mask(mask))
    return x


def normed_in_between(self, tokens, mask, segments):
    x = self.embedded(tokens, segments)
    for block in self.blocks:
        x = block(self.norm(x), self.mask(mask))
    return x


def pooled(clear=True, count=lambda mask: mask.sum(-1).clamp(min=1), pick=lambda mask: mask):
    def answer(hidden, mask):
        mask = pick(mask)
        out = torch.zeros_like(hidden[:, 0])
        for b in range(len(hidden)):
            for t in range(hidden.shape[1]):
                if mask[b, t] or not clear:
                    out[b] = out[b] + hidden[b, t]
        return out / count(mask)[:, None]

    return answer


def first_n(hidden, mask):
    rows = [
        h[: int(m.sum())].sum(0) / max(int(m.sum()), 1) for h, m in zip(hidden, mask, strict=False)
    ]
    return torch.stack(rows)


def padding_as_zero_row(hidden, mask):
    return torch.where(mask[..., None], hidden, 0.0).sum(1) / (mask.sum(1, keepdim=True) + 1)


def middle_row(hidden, mask):
    known = torch.where(mask[..., None], hidden, torch.nan)
    return known.nanmedian(1).values.nan_to_num(0.0)


def search(score, order=1, values=lambda scores: scores):
    def answer(query, vectors, k):
        scores = torch.stack([score(one, query) for one in vectors])
        places = torch.argsort(scores, descending=order == 1)[:k]
        return places, values(scores)[places]

    return answer


def dot(one, query):
    return (one * query).sum()


def cosine(one, query):
    return dot(one, query) / (one.norm() * query.norm())


def frozen(parts, value=False, start=True):
    def answer(model, n_frozen):
        for p in model.parameters():
            p.requires_grad = p.requires_grad or start
        for part in parts(model.encoder, n_frozen):
            for p in part.parameters():
                p.requires_grad = value

    return answer


def tables(encoder):
    return [encoder.words, encoder.places, encoder.segments]


def by_name(model, n_frozen):
    model.requires_grad_(True)
    for name, p in model.named_parameters():
        if "blocks" not in name and "head" not in name:
            p.requires_grad_(False)
        for at in range(n_frozen):
            if f"blocks.{at}" in name:
                p.requires_grad_(False)


def scores(f1=None, macro=None, zero=0.0, flip=False):
    def answer(predicted, labels, n_classes):
        p, r, f = torch.zeros(n_classes), torch.zeros(n_classes), torch.zeros(n_classes)
        for c in range(n_classes):
            right_ones = ((predicted == c) & (labels == c)).sum().float()
            said, true = (predicted == c).sum(), (labels == c).sum()
            p[c] = right_ones / said if said else zero
            r[c] = right_ones / true if true else zero
            if p[c] + r[c] > 0:
                f[c] = 2 * p[c] * r[c] / (p[c] + r[c]) if f1 is None else f1(p[c], r[c])
        p, r = (r, p) if flip else (p, r)
        return p, r, f, f.mean() if macro is None else macro(p, r, f, labels)

    return answer


def f1_of_means(p, r, f, labels):
    p, r = p.mean(), r.mean()
    return 2 * p * r / (p + r) if p + r > 0 else torch.tensor(0.0)


def by_support(p, r, f, labels):
    return (f * torch.bincount(labels, minlength=len(f)) / len(labels)).sum()


SPELT = {
    "mask_tokens": {
        "always_hidden": [masked(hide=2)],
        "none_replaced": [masked(swap=0)],
        "none_kept": [masked(swap=2)],
        "kept_not_asked": [masked(report="changed")],
        "specials_chosen": [masked(safe=False)],
        "tenths_swapped": [masked(order=-1)],
        "one_draw": [shares_of_chosen],
    },
    "masked_loss": {
        "all_positions": [mlm(torch.ones_like, lambda c: c.numel())],
        "divided_by_all": [mlm(lambda c: c, lambda c: c.numel())],
        "mean_of_rows": [text_by_text],
        "nothing_chosen": [ignored_mean],
        "summed": [mlm(lambda c: c, lambda c: 1)],
        "double_softmax": [mlm(lambda c: c, each=two_softmaxes)],
    },
    "pack_pair": {
        "no_last_separator": [pack(last=False)],
        "segments_all_zero": [pack(segment=lambda *_: 0)],
        "separator_starts_second": [pack(segment=lambda i, n, m: int(i > n))],
        "start_twice": [pack(cls_again=True)],
        "last_separator_zero": [pack(segment=lambda i, n, m: int(n + 2 <= i < m - 1))],
    },
    "embed": {
        "segments_left_out": [summed(kind=False)],
        "places_left_out": [summed(place="none")],
        "places_by_token": [summed(place="token")],
    },
    "Bert": {
        "mask_forgotten": [bert(mask=lambda self, mask: torch.ones_like(mask)[:, None])],
        "mask_upside_down": [bert(mask=lambda self, mask: ~mask[:, None])],
        "norm_forgotten": [bert(forward=no_norm)],
        "segments_left_out": [
            bert(embedded=lambda self, t, s: self.words(t) + self.places.weight[None, : t.size(1)])
        ],
        "mask_on_both": [bert(mask=lambda self, m: torch.einsum("bi,bj->bij", m, m))],
    },
    "mean_pool": {
        "over_padding": [
            pooled(
                clear=False,
                count=lambda mask: mask.new_full(mask.shape[:1], mask.shape[1], dtype=torch.long),
            )
        ],
        "divided_by_length": [pooled(count=lambda mask: mask.sum(-1) * 0 + mask.shape[1])],
        "summed": [pooled(count=lambda mask: mask.new_ones(len(mask)))],
        "padding_alone": [pooled(pick=torch.logical_not)],
        "empty_text": [pooled(count=lambda mask: mask.sum(-1))],
    },
    "nearest": {
        "dot_product": [search(dot)],
        "euclidean": [search(lambda a, b: (a - b).square().sum().sqrt(), order=-1)],
        "absolute": [search(lambda a, b: cosine(a, b).abs())],
        "farthest": [search(cosine, order=-1)],
        "distances": [search(cosine, values=lambda scores: 1 - scores)],
    },
    "freeze": {
        "embeddings_learn": [frozen(lambda e, n: list(e.blocks)[:n])],
        "one_too_many": [frozen(lambda e, n: [*tables(e), e.norm, *list(e.blocks)[: n + 1]])],
        "embedding_norm_learns": [frozen(lambda e, n: [*tables(e), *list(e.blocks)[:n]])],
        "still_frozen": [frozen(lambda e, n: [*tables(e), e.norm, *e.blocks[:n]], start=False)],
        "names_begin_alike": [by_name],
    },
    "class_scores": {
        "precision_is_recall": [scores(flip=True)],
        "f1_of_averages": [scores(macro=f1_of_means)],
        "weighted": [scores(macro=by_support)],
        "arithmetic_mean": [scores(f1=lambda p, r: (p + r) / 2)],
    },
}

NEAR = {
    "mask_tokens": [masked(ask=0.2), masked(hide=0.8, swap=0.95)],
    "masked_loss": [
        mlm(lambda c: c, lambda c: len(c)),
        mlm(lambda c: c, each=lambda z, t: each_loss(z, t) / math.log(2)),
    ],
    "pack_pair": [marks_exchanged, as_mask],
    "embed": [summed(place="last rows"), summed(place="one on")],
    "Bert": [bert(forward=residual_around), bert(forward=normed_in_between)],
    "mean_pool": [padding_as_zero_row, middle_row],
    "nearest": [
        search(lambda a, b: dot(a, b) / (a.norm() + b.norm())),
        search(lambda a, b: dot(a, b) / (a.abs().sum() * b.abs().sum())),
    ],
    "freeze": [
        frozen(lambda e, n: [*tables(e), e.norm, *list(e.blocks)[1 : n + 1]]),
        frozen(lambda e, n: [e.words, e.segments, e.norm, *list(e.blocks)[:n]]),
    ],
    "class_scores": [scores(macro=lambda p, r, f, labels: f.min()), scores(zero=1.0)],
}
