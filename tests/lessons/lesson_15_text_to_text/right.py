"""Right answers to lesson 15, written another way."""

import bisect
import math
import re
import string
from collections import Counter
from functools import cache
from itertools import product

import numpy as np
import torch


def corrupt_by_mask(tokens, spans, sentinels):
    place = {start + more: i for i, (start, n) in enumerate(spans) for more in range(n)}
    read, written, last = [], [], None
    for at, token in enumerate(tokens):
        i = place.get(at)
        if i is None:
            read.append(token)
        elif i != last:
            read.append(sentinels[i])
            written.extend([sentinels[i], token])
        else:
            written.append(token)
        last = i
    written.append(sentinels[len(spans)])
    return read, written


def corrupt_from_the_back(tokens, spans, sentinels):
    read, written = list(tokens), [sentinels[len(spans)]]
    for i in reversed(range(len(spans))):
        start, n = spans[i]
        written = [sentinels[i], *read[start : start + n], *written]
        read[start : start + n] = [sentinels[i]]
    return [read, written]


def spans_by_cumulation(n, density, mean_length, cut):
    n_noise = max(1, min(n - 1, int(np.round(n * density))))
    n_spans = min(max(1, int(np.round(n_noise / mean_length))), n - n_noise)
    lengths = np.array(cut(n_noise, n_spans))
    kept = np.array(cut(n - n_noise, n_spans))
    starts = np.cumsum(kept) + np.cumsum(lengths) - lengths
    return [(int(a), int(b)) for a, b in zip(starts, lengths, strict=True)]


def spans_walking(n, density, mean_length, cut):
    taken = round(density * n)
    taken = 1 if taken < 1 else n - 1 if taken > n - 1 else taken
    count = max(round(taken / mean_length), 1)
    if count > n - taken:
        count = n - taken
    lengths, kept = cut(taken, count), cut(n - taken, count)
    return [(sum(kept[: i + 1]) + sum(lengths[:i]), lengths[i]) for i in range(count)]


def buckets_as_published(distance, n_buckets, max_distance, both_ways):
    bucket = 0
    if both_ways:
        n_buckets //= 2
        bucket = (distance > 0).to(torch.long) * n_buckets
        distance = torch.abs(distance)
    else:
        distance = -torch.min(distance, torch.zeros_like(distance))
    exact = n_buckets // 2
    large = exact + (
        torch.log(distance.float() / exact) / math.log(max_distance / exact) * (n_buckets - exact)
    ).to(torch.long)
    large = torch.min(large, torch.full_like(large, n_buckets - 1))
    return bucket + torch.where(distance < exact, distance, large)


def buckets_in_loops(distance, n_buckets, max_distance, both_ways):
    n = n_buckets // 2 if both_ways else n_buckets
    exact = n // 2
    borders = [exact * (max_distance / exact) ** (j / (n - exact)) for j in range(n - exact)]

    def one(d):
        size = abs(d) if both_ways else max(-d, 0)
        here = size if size < exact else exact - 1 + bisect.bisect(borders, size + 1e-6)
        return here + (n if both_ways and d > 0 else 0)

    found = [one(d) for d in distance.flatten().tolist()]
    return torch.tensor(found, device=distance.device).reshape(distance.shape)


def bias_by_embedding(table, n_queries, n_keys, max_distance, both_ways):
    at = torch.arange(max(n_queries, n_keys), device=table.device)
    buckets = buckets_as_published(
        at[None, :n_keys] - at[:n_queries, None], len(table), max_distance, both_ways
    )
    return torch.einsum("tsh->hts", torch.nn.functional.embedding(buckets, table))


def bias_head_by_head(table, n_queries, n_keys, max_distance, both_ways):
    steps = torch.tensor(
        [[s - t for s in range(n_keys)] for t in range(n_queries)], device=table.device
    )
    buckets = buckets_as_published(steps, len(table), max_distance, both_ways)
    return torch.stack([table[:, h][buckets] for h in range(table.shape[1])])


def attention_by_exponentials(q, k, v, bias, mask):
    scores = (q @ k.transpose(-1, -2) + bias).where(mask, torch.tensor(-torch.inf, dtype=q.dtype))
    highest = scores.amax(-1, keepdim=True).clamp(min=-1e30)
    powers = (scores - highest).exp()
    return powers @ v / powers.sum(-1, keepdim=True).clamp(min=1e-300)


def attention_by_heads(q, k, v, bias, mask):
    mask = mask.expand(*q.shape[:-1], k.shape[-2])
    out = v.new_zeros(*q.shape[:-1], v.shape[-1])
    for b, h, t in product(*map(range, q.shape[:3])):
        seen = mask[b, h, t]
        if seen.any():
            weights = (k[b, h, seen] @ q[b, h, t] + bias[h, t, seen]).softmax(-1)
            out[b, h, t] = weights @ v[b, h, seen]
    return out


def shift_as_published(labels, start, pad):
    read = labels.new_zeros(labels.shape)
    read[..., 1:] = labels[..., :-1].clone()
    read[..., 0] = start
    return read.masked_fill_(read == -100, pad)


def shift_by_padding(labels, start, pad):
    moved = torch.nn.functional.pad(labels, (1, 0), value=start)[:, : labels.shape[1]]
    return torch.where(moved == -100, pad, moved)


def span_in_loops(start, end, passage, longest):
    best, found = -math.inf, None
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            if passage[i] and passage[j] and start[i] + end[j] > best:
                best, found = start[i] + end[j], (i, j)
    return found


def span_in_numpy(start, end, passage, longest):
    i, j = np.indices((len(start), len(start)))
    sums = start.numpy()[:, None] + end.numpy()
    inside = passage.numpy()
    allowed = (i <= j) & (j - i + 1 <= longest) & inside[:, None] & inside
    return np.unravel_index(np.where(allowed, sums, -np.inf).argmax(), sums.shape)


def _squad(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(?:the|an|a)\b", " ", text).split())


def scores_as_published(prediction, truth):
    said, due = _squad(prediction).split(), _squad(truth).split()
    exact = _squad(prediction) == _squad(truth)
    same = sum((Counter(said) & Counter(due)).values())
    if not said or not due:
        return exact, int(exact)
    if same == 0:
        return exact, 0
    precision, recall = same / len(said), same / len(due)
    return exact, 2 * precision * recall / (precision + recall)


def scores_by_removal(prediction, truth):
    said, left = _squad(prediction).split(), _squad(truth).split()
    exact, total, hits = said == left, len(said) + len(left), 0
    for word in said:
        if word in left:
            left.remove(word)
            hits += 2
    return exact, hits / total if total else 1.0


def rouge_by_recursion(target, written):
    @cache
    def longest(i, j):
        if i == len(target) or j == len(written):
            return 0
        if target[i] == written[j]:
            return 1 + longest(i + 1, j + 1)
        return max(longest(i + 1, j), longest(i, j + 1))

    total = len(target) + len(written)
    return 2 * longest(0, 0) / total if total else 0.0


def rouge_by_table(target, written):
    table = np.zeros((len(target) + 1, len(written) + 1))
    for i, j in product(range(len(target)), range(len(written))):
        diagonal = table[i, j] + (target[i] == written[j])
        table[i + 1, j + 1] = max(diagonal, table[i, j + 1], table[i + 1, j])
    if table[-1, -1] == 0:
        return 0.0
    recall, precision = table[-1, -1] / len(target), table[-1, -1] / len(written)
    return 2 * precision * recall / (precision + recall)


RIGHT = {
    "corrupt": [corrupt_by_mask, corrupt_from_the_back],
    "draw_spans": [spans_by_cumulation, spans_walking],
    "relative_buckets": [buckets_as_published, buckets_in_loops],
    "bucket_bias": [bias_by_embedding, bias_head_by_head],
    "unscaled_attention": [attention_by_exponentials, attention_by_heads],
    "shift_right": [shift_as_published, shift_by_padding],
    "best_span": [span_in_loops, span_in_numpy],
    "answer_scores": [scores_as_published, scores_by_removal],
    "rouge_l": [rouge_by_recursion, rouge_by_table],
}
