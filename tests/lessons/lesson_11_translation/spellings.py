"""Lesson 11: listed mistakes in another spelling, and near ones that no name fits."""

import math
from collections import Counter

import torch
import torch.nn.functional as F


def masks(source, target, pad, seen=None, hide_rows=False, target_padding=True, memory=True):
    (b, s), t = source.shape, target.shape[1]
    causal = torch.arange(t)[:, None] >= torch.arange(t) if seen is None else seen(t)
    words, written = source.ne(pad), target.ne(pad)
    encoder = torch.stack([words] * s, 1)
    decoder = torch.stack([written] * t, 1) if target_padding else torch.ones(b, t, t).bool()
    third = torch.stack([words] * t, 1) if memory else torch.ones(b, t, s).bool()
    decoder = torch.logical_and(decoder, causal)
    if hide_rows:
        encoder, decoder = encoder & words[..., None], decoder & written[..., None]
        third = third & written[..., None]
    return encoder, decoder, third


def shifted(labels, start, by=1):
    out = torch.full_like(labels, start)
    out[:, by:] = labels[:, : labels.shape[1] - by]
    return out


def swapped_pairs(labels, start):
    out = shifted(labels, start)
    return out.flip(0) if len(out) > 1 else out + 1


def vectors(ids, table, positions, scale=None, places=None):
    rows = F.embedding(ids, table)
    rows = rows * (math.sqrt(rows.shape[-1]) if scale is None else scale(rows))
    added = positions if places is None else places(positions, ids.shape[1])
    return torch.stack([rows[:, t] + added[t] for t in range(ids.shape[1])], 1)


def loss(logits, labels, eps, pad, share=None, spread=None, words=None):
    logs = F.log_softmax(logits, -1)
    right = -logs.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    even = -logs.mean(-1) if spread is None else spread(logs, labels, pad)
    each = (1 - eps) * right + eps * even
    keep = labels.ne(pad).to(each.dtype) if words is None else words(labels, pad).to(each.dtype)
    return (each * keep).sum() / (keep.sum() if share is None else share(keep))


def over_others(logs, labels, pad):
    v = logs.shape[-1]
    return -(1 - F.one_hot(labels, v)).mul(logs).sum(-1) / (v - 1)


def rate(step, d_model, warmup, up=-1.5, down=-0.5, width=-0.5, choose=min):
    return d_model**width * choose(step**down, step * warmup**up)


def batches(lengths, budget, size=None, order=None):
    size = size or (lambda batch: max(lengths[i] for i in batch) * len(batch))
    queue = sorted(range(len(lengths)), key=lengths.__getitem__) if order is None else order
    out = []
    for i in queue:
        if out and size([*out[-1], i]) <= budget:
            out[-1].append(i)
        else:
            out.append([i])
    return out


def words_only(lengths, budget):
    return batches(lengths, budget, size=lambda batch: sum(lengths[i] for i in batch))


def room_counted_in_sentences(lengths, budget):
    return batches(lengths, budget, size=len)


def given_order(lengths, budget):
    return batches(lengths, budget, order=range(len(lengths)))


def sorted_inside_out(lengths, budget):
    return [batch[::-1] for batch in batches(lengths, budget)]


def one_each(lengths, budget):
    return [[i] for i in sorted(range(len(lengths)), key=lengths.__getitem__)]


def write(decode, prefix, end, max_len, after=None, read=None, choose=torch.argmax, start=None):
    words, over = prefix, torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_len):
        logits = decode(words) if read is None else decode(read(words))
        word = choose(logits[:, -1], -1)
        if after is not None:
            word = torch.where(over, after, word)
        over = over | (word == end)
        words = torch.hstack([words, word.unsqueeze(1)])
    return words[:, prefix.shape[1] if start is None else start :]


def runs_on(*args):
    return write(*args)


def fills_zero(*args):
    return write(*args, after=0)


def by_last_word(decode, prefix, end, max_len):
    return write(decode, prefix, end, max_len, after=end, read=lambda words: words[:, -1:])


def backwards(decode, prefix, end, max_len):
    return write(decode, prefix, end, max_len, after=end).flip(1)


def by_size(decode, prefix, end, max_len):
    return write(decode, prefix, end, max_len, after=end, choose=lambda x, dim: x.abs().argmax(dim))


def beam(log_probs, start, end, width, max_len, alpha, final=None, pool=None, keep=None):
    final = final or (lambda total, n: total / n**alpha)
    live, done = [(0.0, [start])], []
    for _ in range(max_len):
        longer = []
        for total, words in live:
            row = log_probs(torch.tensor([words]))[0]
            longer += [(total + row[w].item(), [*words, w]) for w in range(len(row))]
        longer.sort(key=lambda one: -one[0])
        longer = longer[:width] if keep is None else keep(longer, width)
        done += [one for one in longer if one[1][-1] == end]
        live = [one for one in longer if one[1][-1] != end]
        if not live:
            break
    candidates = done + live if pool is None else pool(done, live)
    total, words = max(candidates, key=lambda one: final(one[0], len(one[1]) - 1))
    return words[1:], final(total, len(words) - 1)


def unnormalised(*args):
    return beam(*args, final=lambda total, n: total)


def by_mean(*args):
    return beam(*args, final=lambda total, n: total / n)


def ended_only(*args):
    return beam(*args, pool=lambda done, live: done or live)


def ended_while_alive(*args):
    return beam(*args, pool=lambda done, live: live or done)


def by_length_plus_one(*args):
    return beam(*args, final=lambda total, n: total / (n + 1) ** (2 * args[-1]))


def grams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def score(candidates, references, clip=True, penalise=True, percent=100, most=4):
    logs = 0.0
    for n in range(1, most + 1):
        hit = total = 0
        for ours, due in zip(candidates, references, strict=True):
            have, want = Counter(grams(ours, n)), Counter(grams(due, n))
            total += sum(have.values())
            for gram, count in have.items():
                hit += min(count, want[gram]) if clip else count * (gram in want)
        if not hit:
            return 0.0
        logs += math.log(hit / total) / most
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return percent * math.exp(logs) * (math.exp(1 - r / c) if penalise and c < r else 1.0)


SPELT = {
    "three_masks": {
        "no_causal_mask": [lambda *args: masks(*args, seen=lambda t: torch.ones(t, t).bool())],
        "only_causal": [lambda *args: masks(*args, target_padding=False)],
        "hides_queries_too": [lambda *args: masks(*args, hide_rows=True)],
        "memory_not_masked": [lambda *args: masks(*args, memory=False)],
    },
    "shift_right": {
        "not_shifted": [lambda labels, start: torch.stack(labels.unbind(1), 1)],
        "one_column_more": [lambda labels, start: F.pad(labels, (1, 0), value=start)],
        "two_places": [lambda labels, start: shifted(labels, start, min(2, labels.shape[1]))],
    },
    "embed": {
        "scale_missing": [lambda *args: vectors(*args, scale=lambda rows: 1)],
        "scaled_by_d": [lambda *args: vectors(*args, scale=lambda rows: rows.shape[-1])],
        "divided": [lambda *args: vectors(*args, scale=lambda rows: rows.shape[-1] ** -0.5)],
    },
    "smoothed_loss": {
        "padding_in_the_loss": [
            lambda *args: loss(*args, words=lambda y, pad: torch.ones(y.shape))
        ],
        "over_the_others": [lambda *args: loss(*args, spread=over_others)],
        "divided_by_all_places": [lambda *args: loss(*args, share=lambda keep: keep.numel())],
    },
    "warmup_rate": {
        "maximum": [lambda *args: rate(*args, choose=max)],
        "width_left_out": [lambda *args: rate(*args, width=0)],
        "warmup_exponent": [lambda *args: rate(*args, up=-0.5)],
    },
    "batches_by_length": {
        "padding_not_counted": [words_only],
        "sentences_counted": [room_counted_in_sentences],
        "not_sorted": [given_order],
    },
    "greedy_translate": {
        "not_frozen": [runs_on],
        "zeros_after_the_end": [fills_zero],
        "last_word_alone": [by_last_word],
    },
    "beam_search": {
        "no_length_normalisation": [unnormalised],
        "alpha_ignored": [by_mean],
        "alive_left_out": [ended_only],
    },
    "bleu": {
        "not_clipped": [lambda *args: score(*args, clip=False)],
        "no_brevity_penalty": [lambda *args: score(*args, penalise=False)],
        "not_in_percent": [lambda *args: score(*args, percent=1)],
        "up_to_three": [lambda *args: score(*args, most=3)],
    },
}

NEAR = {
    "three_masks": [
        lambda *args: masks(*args)[::-1],
        lambda *args: masks(*args, seen=lambda t: torch.eye(t).bool()),
    ],
    "shift_right": [swapped_pairs, lambda labels, start: shifted(labels, start).flip(1)],
    "embed": [
        lambda *args: vectors(*args, places=lambda rows, t: -rows[:t]),
        lambda *args: vectors(*args, places=lambda rows, t: rows[:t].flip(0)) * 2,
    ],
    "smoothed_loss": [
        lambda logits, labels, eps, pad: loss(logits, labels, eps / 2, pad),
        lambda *args: loss(*args) ** 2,
    ],
    "warmup_rate": [
        lambda *args: rate(*args, down=-0.25),
        lambda *args: rate(*args, choose=lambda a, b: (a + b) / 2),
    ],
    "batches_by_length": [sorted_inside_out, one_each],
    "greedy_translate": [backwards, by_size],
    "beam_search": [ended_while_alive, by_length_plus_one],
    "bleu": [lambda *args: score(*args, most=5), lambda *args: score(*args) ** 2 / 100],
}
