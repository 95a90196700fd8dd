"""Right answers to lesson 11, written another way."""

import heapq
import math
from collections import Counter
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F
from einops import repeat


def masks_by_repeat(source, target, pad):
    words, written = source.ne(pad), target.ne(pad)
    n = torch.arange(target.shape[1], device=target.device)
    encoder = repeat(words, "b s -> b q s", q=source.shape[1])
    memory = repeat(words, "b s -> b q s", q=target.shape[1])
    return encoder, (n[:, None] >= n) & written.unsqueeze(1), memory


def masks_by_broadcast(source, target, pad):
    s, t = torch.ones_like(source, dtype=torch.bool), torch.ones_like(target, dtype=torch.bool)
    encoder = s[:, :, None] & (source != pad)[:, None, :]
    decoder = torch.tril(t[:, :, None] & (target != pad)[:, None, :])
    return [encoder, decoder, t[:, :, None] & (source != pad)[:, None, :]]


def masks_by_triu(source, target, pad):
    m = target.shape[1]
    future = torch.triu(torch.ones((m, m), device=target.device), diagonal=1).bool()
    blocked = torch.eq(target, pad).unsqueeze(-2) | future
    k = torch.logical_not(torch.eq(source, pad)).unsqueeze(-2)
    return k.repeat(1, source.size(1), 1), ~blocked, k.repeat(1, m, 1)


def shift_by_assignment(labels, start):
    out = torch.empty_like(labels)
    out[:, 0] = start
    out[:, 1:] = labels[:, :-1]
    return out


def shift_by_pad(labels, start):
    return F.pad(labels[:, :-1], (1, 0), value=start)


def embed_by_module(ids, table, positions):
    rows = F.embedding(ids, table)
    return rows.mul(math.sqrt(rows.size(-1))).add(positions[: ids.size(1)].unsqueeze(0))


def embed_by_places(ids, table, positions):
    places = torch.arange(ids.shape[1], device=ids.device)
    return torch.index_select(table * table.shape[-1] ** 0.5, 0, ids.flatten()).view(
        *ids.shape, -1
    ) + positions.index_select(0, places)


def smoothed_by_distribution(logits, labels, smoothing, pad):
    v = logits.shape[-1]
    due = torch.full_like(logits, smoothing / v).detach()
    due.scatter_add_(
        -1, labels.unsqueeze(-1), torch.full_like(logits[..., :1], 1 - smoothing).detach()
    )
    word = (labels != pad).to(logits.dtype)
    each = -(due * torch.log_softmax(logits, -1)).sum(-1)
    return (each * word).sum() / word.sum()


def smoothed_flat(logits, labels, smoothing, pad):
    flat, right = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
    flat, right = flat[right != pad], right[right != pad]
    total = torch.logsumexp(flat, 1)
    nll = total - flat[torch.arange(len(right), device=flat.device), right]
    return (nll * (1 - smoothing) + smoothing * (total - flat.mean(1))).mean()


def rate_in_pieces(step, d_model, warmup):
    peak = (d_model * warmup) ** -0.5
    if step < warmup:
        return peak * step / warmup
    return peak * (warmup / step) ** 0.5


def rate_by_numpy(step, d_model, warmup):
    return np.minimum(1 / np.sqrt(step), step / warmup**1.5) / np.sqrt(d_model)


def batches_by_closing(lengths, budget):
    batches, batch = [], []
    for n, place in sorted((n, place) for place, n in enumerate(lengths)):
        if batch and n * (len(batch) + 1) > budget:
            batches.append(batch)
            batch = []
        batch.append(place)
    return [*batches, batch]


def batches_by_slices(lengths, budget):
    order = [int(i) for i in np.argsort(np.array(lengths), kind="stable")]
    batches = []
    while order:
        n = 1
        while n < len(order) and (n + 1) * lengths[order[n]] <= budget:
            n += 1
        batches.append(tuple(order[:n]))
        order = order[n:]
    return batches


def greedy_in_place(decode, prefix, end, max_len):
    out = torch.full((len(prefix), max_len), end, device=prefix.device)
    for t in range(max_len):
        so_far = torch.cat([prefix, out[:, :t]], 1)
        word = decode(so_far)[:, -1, :].softmax(-1).max(-1).indices
        done = (out[:, :t] == end).any(1)
        out[:, t] = torch.where(done, end, word)
        if bool((out[:, : t + 1] == end).any(1).all()):
            break
    return out


def greedy_by_lists(decode, prefix, end, max_len):
    rows = [[] for _ in prefix]
    first = prefix.tolist()
    for _ in range(max_len):
        words = torch.tensor([a + b for a, b in zip(first, rows, strict=True)])
        for row, logits in zip(rows, decode(words), strict=True):
            row.append(end if end in row else int(logits[-1].argmax()))
    return torch.tensor(rows)


def beam_by_heap(log_probs, start, end, width, max_len, alpha):
    live, done = [(0.0, (start,))], []
    while live and len(live[0][1]) <= max_len:
        every = [
            (score + float(more), (*words, word))
            for score, words in live
            for word, more in enumerate(log_probs(torch.tensor([words]))[0])
        ]
        live = []
        for one in heapq.nlargest(width, every):
            (done if one[1][-1] == end else live).append(one)
    ranked = sorted(
        ((score / (len(words) - 1) ** alpha, words) for score, words in done + live), reverse=True
    )
    return list(ranked[0][1][1:]), ranked[0][0]


def beam_by_topk(log_probs, start, end, width, max_len, alpha):
    words, total = torch.tensor([[start]]), torch.zeros(1, dtype=torch.float64)
    best, best_score = None, -math.inf
    for t in range(1, max_len + 1):
        grown = total[:, None] + log_probs(words)
        top = grown.flatten().topk(min(width, grown.numel()))
        parent = torch.div(top.indices, grown.shape[1], rounding_mode="floor")
        word = top.indices % grown.shape[1]
        words, total = torch.cat([words[parent], word[:, None]], 1), top.values
        leaves = (word == end) if t < max_len else torch.ones_like(word, dtype=torch.bool)
        for row, score in zip(words[leaves], total[leaves], strict=True):
            if score.item() / t**alpha > best_score:
                best, best_score = row[1:].tolist(), score.item() / t**alpha
        words, total = words[~leaves], total[~leaves]
        if len(words) == 0:
            break
    return best, best_score


def bleu_by_dictionaries(candidates, references):
    def counts(words, n):
        found = {}
        for i in range(len(words) - n + 1):
            key = " ".join(words[i : i + n])
            found[key] = found.get(key, 0) + 1
        return found

    log_sum = 0.0
    for n in (1, 2, 3, 4):
        hit = every = 0
        for ours, theirs in zip(candidates, references, strict=True):
            due = counts(theirs, n)
            for key, k in counts(ours, n).items():
                hit += min(k, due.get(key, 0))
                every += k
        if hit == 0:
            return 0.0
        log_sum += math.log(hit / every) / 4
    c, r = sum(len(x) for x in candidates), sum(len(x) for x in references)
    return 100 * math.exp(log_sum + min(0, 1 - r / c))


def bleu_by_numpy(candidates, references):
    hits, totals = np.zeros(4), np.zeros(4)
    for ours, theirs in zip(candidates, references, strict=True):
        for n in range(4):
            a = sorted(zip(*(ours[i:] for i in range(n + 1)), strict=False))
            b = Counter(zip(*(theirs[i:] for i in range(n + 1)), strict=False))
            totals[n] += len(a)
            hits[n] += sum(min(len(list(same)), b[gram]) for gram, same in groupby(a))
    if (hits == 0).any():
        return 0.0
    short = np.sum([len(r) for r in references]) / np.sum([len(c) for c in candidates])
    return float(
        np.exp(np.log(hits / totals).mean()) * 100 * (np.exp(1 - short) if short > 1 else 1)
    )


RIGHT = {
    "three_masks": [masks_by_repeat, masks_by_broadcast, masks_by_triu],
    "shift_right": [shift_by_assignment, shift_by_pad],
    "embed": [embed_by_module, embed_by_places],
    "smoothed_loss": [smoothed_by_distribution, smoothed_flat],
    "warmup_rate": [rate_in_pieces, rate_by_numpy],
    "batches_by_length": [batches_by_closing, batches_by_slices],
    "greedy_translate": [greedy_in_place, greedy_by_lists],
    "beam_search": [beam_by_heap, beam_by_topk],
    "bleu": [bleu_by_dictionaries, bleu_by_numpy],
}
