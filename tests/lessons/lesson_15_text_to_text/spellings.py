"""Mistakes in lesson 15, spelt otherwise, and near ones that no list holds."""

import math
import re
import string
from collections import Counter

import torch
import torch.nn.functional as F

from course_lib.attention.relative_buckets import bucket_bias, relative_buckets


def one_sentinel(tokens, spans, sentinels):
    read, written, at = [], [], 0
    for start, n in spans:
        read.extend(tokens[at:start])
        read.append(sentinels[0])
        written.append(sentinels[0])
        written.extend(tokens[start : start + n])
        at = start + n
    read.extend(tokens[at:])
    written.append(sentinels[0])
    return read, written


def no_closing(tokens, spans, sentinels):
    read, written = list(tokens), []
    for (start, n), mark in reversed(list(zip(spans, sentinels, strict=False))):
        written = [mark, *read[start : start + n], *written]
        read[start : start + n] = [mark]
    return read, written


def each_token_marked(tokens, spans, sentinels):
    read, written = list(tokens), []
    for i, (start, n) in enumerate(spans):
        written += [sentinels[i], *list(tokens[start : start + n])]
        for at in range(start, start + n):
            read[at] = sentinels[i]
    return read, [*written, sentinels[len(spans)]]


def end_given(tokens, spans, sentinels):
    read, written, at = [], [], 0
    for (start, end), mark in zip(spans, sentinels, strict=False):
        read = read + list(tokens[at:start]) + [mark]
        written = [*written, mark, *list(tokens[start:end])]
        at = end
    return read + list(tokens[at:]), [*written, sentinels[len(spans)]]


def closed_by_the_very_last(tokens, spans, sentinels):
    read, written = no_closing(tokens, spans, sentinels)
    return read, [*written, sentinels[-1]]


def off_by_one(tokens, spans, sentinels):
    shorter = [(start, n - 1) for start, n in spans]
    read, written = no_closing(tokens, shorter, sentinels)
    return read, [*written, sentinels[len(spans)]]


def spans_like(taken=round, count=round, begin=0, order=1):
    def draw(n, density, mean_length, cut):
        some = max(1, min(n - 1, taken(n * density)))
        parts = min(max(1, count(some / mean_length)), n - some)
        noise, kept = cut(some, parts), cut(n - some, parts)
        out, at = [], 0
        for i in range(parts)[::order]:
            out.append((at + kept[i] * (1 - begin), noise[i]))
            at = at + kept[i] + noise[i]
        return out

    return draw


def half_up(x):
    return int(x + 0.5)


def start_end(n, density, mean_length, cut):
    return [(a, a + b) for a, b in spans_like()(n, density, mean_length, cut)]


def lonely_starts(n, density, mean_length, cut):
    taken = min(max(round(density * n), 1), n - 1)
    parts = min(max(round(taken / mean_length), 1), n - taken)
    return list(zip(cut(n - taken, parts), cut(taken, parts), strict=False))


def buckets(distance, n_buckets, max_distance, both_ways, whole=torch.floor, far=None, sign=1):
    step, n = sign * distance, n_buckets // (1 + both_ways)
    size = step.abs() if both_ways else (-step).clamp_min(0)
    exact = n // 2
    ratio = (size.double().clamp_min(1) / exact).log2() / math.log2(max_distance / exact)
    ratio = ratio if far is None else far(size, exact, max_distance)
    wide = (exact + whole(ratio * (n - exact)).long()).clamp_max(n - 1)
    return torch.where(size < exact, size, wide) + n * (step > 0) * both_ways


def without_sign(distance, n_buckets, max_distance, both_ways):
    return buckets(
        -distance.abs() if both_ways else distance,
        2 * n_buckets if both_ways else n_buckets,
        max_distance,
        both_ways,
    )


def other_base(size, exact, most):
    return size.clamp(min=1).double().log() / math.log(most)


def roots(size, exact, most):
    return ((size - exact).clamp(min=0) / (most - exact)).sqrt()


def keys_and_queries(table, n_queries, n_keys, max_distance, both_ways, flip=1, last=False):
    steps = torch.zeros(n_queries, n_keys, dtype=torch.long)
    for t in range(n_queries):
        for s in range(n_keys):
            steps[t, s] = flip * (s - t)
    found = F.embedding(relative_buckets(steps, table.shape[0], max_distance, both_ways), table)
    return found if last else torch.einsum("tsh->hts", found)


def decoder_always(table, n_queries, n_keys, max_distance, both_ways):
    return bucket_bias(table, n_queries, n_keys, max_distance, False)


def bias_times_two(table, *rest):
    return 2 * bucket_bias(table, *rest)


def shifted_by_one(table, n_queries, n_keys, max_distance, both_ways):
    steps = torch.arange(n_keys) - torch.arange(n_queries)[:, None] - 1
    return table[relative_buckets(steps, len(table), max_distance, both_ways)].movedim(-1, 0)


def attend(change=lambda scores, bias, d: scores + bias, hide=None, back=None):
    def answer(q, k, v, bias, mask):
        scores = change(torch.einsum("bhid,bhjd->bhij", q, k), bias[None], q.size(-1))
        if hide is not None:
            scores = hide(scores, mask)
        weights = torch.nan_to_num(F.softmax(scores, -1))
        return torch.einsum("bhij,bhje->bhie", weights if back is None else back(weights, bias), v)

    return answer


def minus_infinity(scores, mask):
    return torch.where(mask, scores, torch.full_like(scores, float("-inf")))


def moved(labels, start, pad, empty=None):
    read = torch.empty_like(labels)
    read[:, 0] = start
    read[:, 1:] = labels[:, :-1]
    return read if empty is None else torch.where(read == -100, torch.full_like(read, empty), read)


def rolled(labels, start, pad):
    return torch.where(labels < 0, pad, labels)[:, torch.arange(-1, labels.shape[1] - 1)]


def prepended(labels, start, pad):
    return F.pad(torch.where(labels == -100, pad, labels), (1, 0), value=start)


def absolute_labels(labels, start, pad):
    return moved(labels.abs(), start, pad)


def two_starts(labels, start, pad):
    read = moved(labels, start, pad, pad)
    read[:, 1:2] = start
    return read


def common_length(a, b):
    if not a or not b:
        return 0
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            same = 1 + best[i + 1][j + 1] if a[i] == b[j] else 0
            best[i][j] = max(same, best[i + 1][j], best[i][j + 1])
    return best[0][0]


def rouge(score):
    def answer(target, written):
        n = common_length(target, written)
        return score(n / len(target), n / len(written)) if n else 0.0

    return answer


def one_row(target, written):
    if not target or not written:
        return 0.0
    table = [[0] * (len(written) + 1)] * (len(target) + 1)
    for i in range(1, len(target) + 1):
        for j in range(1, len(written) + 1):
            if target[i - 1] == written[j - 1]:
                table[i][j] = table[i - 1][j - 1] + 1
            else:
                table[i][j] = max(table[i - 1][j], table[i][j - 1])
    return 2 * table[len(target)][len(written)] / (len(target) + len(written))


def bag(target, written):
    hits = sum(min(target.count(word), written.count(word)) for word in set(target))
    return 2 * hits / max(len(target) + len(written), 1)


def bags_without_count(target, written):
    a, b = set(target), set(written)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def span(fits, score=lambda a, b: a + b):
    def answer(start, end, passage, longest):
        n, found, best = len(start), (0, 0), -math.inf
        for j in range(n):
            for i in range(n):
                if fits(i, j, passage, longest) and score(start[i], end[j]) > best:
                    found, best = (i, j), score(start[i], end[j])
        return found

    return answer


def inside(i, j, passage, longest):
    return bool(passage[i] and passage[j])


def best_of_each(start, end, passage, longest):
    places = [i for i in range(len(start)) if passage[i]]
    return max(places, key=lambda i: start[i]), max(places, key=lambda i: end[i])


def end_from_start(start, end, passage, longest):
    first = int(torch.where(passage, start, -torch.inf).argmax())
    window = torch.where(passage, end, -torch.inf)[first : first + longest]
    return first, first + int(window.argmax())


def start_from_end(start, end, passage, longest):
    last = int(torch.where(passage, end, -torch.inf).argmax())
    low = max(0, last - longest + 1)
    return low + int(torch.where(passage, start, -torch.inf)[low : last + 1].argmax()), last


def words(text, lower=True, strip=string.punctuation, drop=("a", "an", "the")):
    text = "".join(c for c in (text.lower() if lower else text) if c not in strip)
    return [word for word in text.split() if word.lower() not in drop]


def both(cut=words, f1=None, exact=lambda a, b: a == b):
    def answer(prediction, truth):
        said, due = cut(prediction), cut(truth)
        if not said or not due:
            return exact(said, due), float(said == due)
        n = (Counter(said) & Counter(due)).total()
        p, r = n / len(said), n / len(due)
        return exact(said, due), (2 * p * r / (p + r) if n else 0.0) if f1 is None else f1(p, r)

    return answer


def set_scores(prediction, truth):
    said, due = words(prediction), words(truth)
    n = len(set(said) & set(due))
    if not said or not due:
        return said == due, float(said == due)
    p, r = n / len(set(said)), n / len(set(due))
    return set(said) == set(due), 2 * p * r / (p + r) if n else 0.0


def set_f1(prediction, truth):
    said, due = words(prediction), words(truth)
    return said == due, set_scores(prediction, truth)[1]


SPELT = {
    "corrupt": {
        "sentinels_reused": [one_sentinel],
        "last_sentinel_missing": [no_closing],
        "a_sentinel_for_each_token": [each_token_marked],
        "length_as_end": [end_given],
    },
    "draw_spans": {
        "rounds_down": [spans_like(math.floor, math.floor)],
        "rounds_half_up": [spans_like(half_up, half_up)],
        "starts_with_a_gap": [spans_like(begin=1)],
        "ends_for_lengths": [start_end],
        "starts_do_not_add_up": [lonely_starts],
    },
    "relative_buckets": {
        "direction_reversed": [lambda *a: buckets(*a, sign=-1)],
        "rounded": [lambda *a: buckets(*a, whole=torch.round)],
        "sign_lost": [without_sign],
    },
    "bucket_bias": {
        "distance_reversed": [lambda *a: keys_and_queries(*a, flip=-1)],
        "heads_last": [lambda *a: keys_and_queries(*a, last=True)],
        "always_one_way": [decoder_always],
    },
    "unscaled_attention": {
        "scores_scaled": [attend(lambda s, b, d: s * d**-0.5 + b, minus_infinity)],
        "bias_scaled_too": [attend(lambda s, b, d: (s + b) / math.sqrt(d), minus_infinity)],
        "mask_dropped": [attend()],
        "no_bias": [attend(lambda s, b, d: s, minus_infinity)],
    },
    "shift_right": {
        "ignored_left_in": [moved],
        "start_missing": [rolled],
        "one_longer": [prepended],
        "ignored_become_start": [lambda labels, start, pad: moved(labels, start, pad, start)],
    },
    "rouge_l": {
        "recall_alone": [rouge(lambda r, p: r)],
        "arithmetic_mean": [rouge(lambda r, p: r / 2 + p / 2)],
        "without_order": [bag],
        "half": [rouge(lambda r, p: p * r / (p + r))],
        "on_sets": [bags_without_count],
        "one_row_many_times": [one_row],
    },
    "best_span": {
        "each_alone": [best_of_each],
        "start_first": [end_from_start],
        "no_limit": [span(lambda i, j, p, n: i <= j and inside(i, j, p, n))],
        "one_too_long": [span(lambda i, j, p, n: i <= j <= i + n and inside(i, j, p, n))],
        "outside": [span(lambda i, j, p, n: 0 <= j - i < n)],
    },
    "answer_scores": {
        "case_counts": [both(lambda text: words(text, lower=False))],
        "articles_count": [both(lambda text: words(text, drop=()))],
        "punctuation_counts": [both(lambda text: words(text, strip=""))],
        "precision_alone": [both(f1=lambda p, r: p)],
        "on_sets": [set_scores],
    },
}

NEAR = {
    "corrupt": [closed_by_the_very_last, off_by_one],
    "draw_spans": [spans_like(math.ceil, math.ceil), spans_like(order=-1)],
    "relative_buckets": [lambda *a: buckets(*a, far=other_base), lambda *a: buckets(*a, far=roots)],
    "bucket_bias": [bias_times_two, shifted_by_one],
    "unscaled_attention": [
        attend(lambda s, b, d: s - b, minus_infinity),
        attend(lambda s, b, d: s / d + b, minus_infinity),
    ],
    "shift_right": [absolute_labels, two_starts],
    "rouge_l": [rouge(lambda r, p: p * r), rouge(lambda r, p: (p * r) ** 0.5)],
    "best_span": [
        start_from_end,
        span(lambda i, j, p, n: 0 <= j - i < n and inside(i, j, p, n), lambda a, b: max(a, b)),
    ],
    "answer_scores": [
        both(lambda text: [w.strip(string.punctuation) for w in words(text, strip="")]),
        both(lambda text: words(text.lower().strip(string.punctuation), strip="")),
        both(lambda text: re.findall(r"\w+", text.lower())),
        both(lambda text: words(text, drop=("a", "the"))),
        both(
            lambda text: [w for w in words(text) if len(w) > 1 or w.isdigit()], lambda p, r: p * r
        ),
    ],
}
