"""Lesson 13: listed mistakes in another spelling, and near ones that no name fits."""

import math

import torch
import torch.nn.functional as F


def heated(logits, temperature, power=1.0, dim=-1):
    powers = (logits - logits.amax(dim, keepdim=True)).div(temperature**power).exp()
    return powers / powers.sum(dim, keepdim=True)


def top_k(logits, k, fill=-math.inf, ties=False, more=0):
    out = torch.full_like(logits, fill)
    for row, cut in zip(logits, out, strict=True):
        n = min(k + more, len(row))
        ordered, places = row.sort(descending=True)
        places = places[: int((ordered >= ordered[n - 1]).sum())] if ties else places[:n]
        cut[places] = row[places]
    return out


def common_bar(logits, k):
    bar = logits.flatten().sort(descending=True).values[min(k, logits.numel()) - 1]
    return torch.where(logits >= bar, logits, -torch.inf)


def halved_k(logits, k):
    return top_k(logits, (k + 1) // 2)


def top_p(logits, p, goes_on=lambda total, p: total < p, largest=True, fill=-math.inf):
    out = torch.full_like(logits, fill)
    for row, cut in zip(logits, out, strict=True):
        total, share = 0.0, row.softmax(0)
        for place in share.argsort(descending=largest).tolist():
            if not goes_on(total, p):
                break
            cut[place] = row[place]
            total += share[place].item()
    return out


def without_the_crossing(logits, p):
    out = torch.full_like(logits, -math.inf)
    for row, cut in zip(logits, out, strict=True):
        total, share = 0.0, row.softmax(0)
        for place in share.argsort(descending=True).tolist():
            total += share[place].item()
            if total > p:
                break
            cut[place] = row[place]
    return out


def walk(probabilities, uniforms, passes=lambda total, u: total > u, last=-1):
    chosen = []
    for row, u in zip(probabilities, uniforms, strict=True):
        total, at = 0.0, len(row) + last
        for place, share in enumerate(row.tolist()):
            total += share
            if passes(total, u.item()):
                at = place
                break
        chosen.append(at)
    return torch.tensor(chosen)


def embedded(tokens, embed, positions, n_cached, first=0, sign=1):
    places = torch.arange(tokens.shape[1], device=tokens.device) + first
    return F.embedding(tokens, embed) + sign * positions[places]


def cached(q, k, v, past_k, past_v, reach=None, keep=None):
    keys, values = torch.cat((past_k, k), 2), torch.cat((past_v, v), 2)
    s = past_k.shape[2]
    out = []
    for t in range(q.shape[2]):
        n = s + t + 1 if reach is None else reach(s, t, keys.shape[2])
        weights = (q[:, :, t : t + 1] @ keys[:, :, :n].mT / math.sqrt(q.shape[3])).softmax(-1)
        out.append(weights @ values[:, :, :n])
    kept = (keys, values) if keep is None else keep(k, v, past_k, past_v)
    return torch.cat(out, 2), *kept


def unscaled(q, *rest):
    return cached(q * math.sqrt(q.shape[3]), *rest)


def agreeing(model, tokens, sizes, same=lambda a, b: torch.allclose(a, b, atol=1e-4), rows=None):
    cache, start, logits = model.new_cache(len(tokens)), 0, []
    for size in sizes:
        logits.append(model(tokens[:, start : start + size], cache))
        start += size
    one, other = torch.cat(logits, 1)[:rows], model(tokens)[:rows]
    for place in range(tokens.shape[1]):
        if not same(one[:, place], other[:, place]):
            return place
    return tokens.shape[1]


def counted_anywhere(model, tokens, sizes):
    cache = model.new_cache(len(tokens))
    logits = torch.cat([model(part, cache) for part in tokens.split(list(sizes), 1)], 1)
    gaps = (logits - model(tokens)).abs().flatten(2).amax((0, 2))
    return int((gaps < 1e-4).sum())


def last_agreeing(model, tokens, sizes):
    return max(agreeing(model, tokens, sizes) - 1, 0)


def first_differing_part(model, tokens, sizes):
    n, total = agreeing(model, tokens, sizes), 0
    for size in sizes:
        if total + size > n:
            return total
        total += size
    return total


def written(model, prompt, n_tokens, choose, stop, silent=True, leave=True, feed_all=False, at=-1):
    cache, rows = model.new_cache(len(prompt)), [prompt]
    over = torch.zeros(len(prompt), dtype=torch.bool)
    for _ in range(n_tokens):
        read = torch.cat(rows, 1) if feed_all else rows[-1]
        token = choose(model(read, cache)[:, at])
        token = torch.where(over, stop, token) if silent else token
        rows.append(token[:, None])
        over = over | (token == stop)
        if leave and bool(over.all()):
            break
    return torch.cat(rows, 1)


def reversed_text(*args):
    return written(*args).flip(1)


def without_prompt_start(model, prompt, *rest):
    return written(model, prompt, *rest)[:, 1:]


def chat(turns, encode, control, reply, end=True, order=lambda who, text, end: [*who, *text, *end]):
    ids = []
    for who, said in turns:
        ids.extend(order([control[who]], list(encode(said)), [control["end"]] if end else []))
    if reply:
        ids.append(control["assistant"])
    return ids


def parsed(turns, encode, control, reply):
    text = "".join(f"<|{who}|>{said}<|end|>" for who, said in turns)
    return encode(text + "<|assistant|>" * reply, parse=True)


SPELT = {
    "greedy": {
        "least_likely": [lambda logits: (-logits).argmax(dim=1)],
        "number_not_place": [lambda logits: torch.amax(logits, -1)],
        "over_the_batch": [lambda logits: logits.max(0).indices],
    },
    "with_temperature": {
        "multiplies": [lambda logits, temperature: heated(logits, temperature, -1.0)],
        "after_softmax": [lambda logits, temperature: heated(logits, 1.0) * (1 / temperature)],
        "no_effect": [lambda logits, temperature: heated(logits, 1.0)],
    },
    "keep_top_k": {
        "one_too_many": [
            lambda logits, k: torch.where(
                logits >= logits.sort(-1).values[:, -min(k + 1, logits.shape[1])][:, None],
                logits,
                -torch.inf,
            )
        ],
        "zeros": [
            lambda logits, k: (
                logits * (logits >= logits.topk(min(k, logits.shape[1])).values[:, -1:])
            )
        ],
        "one_bar_for_all": [common_bar],
        "ties_cut": [top_k],
    },
    "keep_top_p": {
        "drops_crossing": [without_the_crossing],
        "smallest_first": [lambda logits, p: top_p(logits, p, largest=False)],
        "zeros": [lambda logits, p: top_p(logits, p, fill=0.0)],
    },
    "draw": {
        "likeliest": [lambda probabilities, uniforms: probabilities.max(-1).indices],
        "border_belongs_to_both": [lambda p, u: walk(p, u, lambda total, u: total >= u)],
        "beyond_the_last": [lambda p, u: walk(p, u, last=0)],
        "one_number_for_all": [lambda p, u: walk(p, u[:1].expand(len(u)))],
    },
    "embed_next": {
        "not_advanced": [lambda *args: embedded(*args)],
        "one_ahead": [lambda *args: embedded(*args, first=args[3] + 1)],
        "no_positions": [lambda *args: embedded(*args, sign=0)],
    },
    "cached_attention": {
        "no_mask": [lambda *args: cached(*args, reach=lambda s, t, n: n)],
        "one_ahead": [lambda *args: cached(*args, reach=lambda s, t, n: s + t + 2)],
        "no_scale": [unscaled],
        "returns_new_only": [lambda *args: cached(*args, keep=lambda k, v, *past: (k, v))],
    },
    "agreeing_positions": {
        "first_text_only": [lambda *args: agreeing(*args, rows=1)],
        "counts_later_ones": [counted_anywhere],
        "to_the_last_bit": [lambda *args: agreeing(*args, same=torch.equal)],
        "chosen_tokens": [
            lambda *args: agreeing(*args, same=lambda a, b: torch.equal(a.argmax(-1), b.argmax(-1)))
        ],
    },
    "generate": {
        "feeds_everything": [lambda *args: written(*args, feed_all=True)],
        "runs_to_the_limit": [lambda *args: written(*args, leave=False)],
        "writes_on": [lambda *args: written(*args, silent=False)],
        "first_position": [lambda *args: written(*args, at=0)],
    },
    "render_chat": {
        "turns_do_not_end": [lambda *args: chat(*args, end=False)],
        "text_becomes_control": [parsed],
        "always_opens": [lambda turns, encode, control, reply: chat(turns, encode, control, True)],
    },
}

NEAR = {
    "greedy": [
        lambda logits: logits.sort(-1).indices[:, logits.shape[1] // 2],
        lambda logits: logits.shape[1] - 1 - logits.argmax(-1),
    ],
    "with_temperature": [
        lambda logits, temperature: heated(logits + temperature, 1.0 + temperature),
        lambda logits, temperature: heated(logits, temperature, 3.0),
    ],
    "keep_top_k": [halved_k, lambda logits, k: top_k(logits, k, fill=-1e9)],
    "keep_top_p": [
        lambda logits, p: torch.where(logits.softmax(-1) > 1 / logits.shape[1], logits, -torch.inf),
        lambda logits, p: top_p(logits, p**2),
    ],
    "draw": [
        lambda p, u: walk(p, u / 2),
        lambda p, u: walk(p**2 / (p**2).sum(-1, keepdim=True), u),
    ],
    "embed_next": [
        lambda *args: embedded(*args, first=args[3], sign=-1),
        lambda *args: embedded(*args, first=args[3], sign=0.5),
    ],
    "cached_attention": [
        lambda *args: cached(*args, reach=lambda s, t, n: max(s, 1)),
        lambda *args: cached(args[0] * 2, *args[1:]),
    ],
    "agreeing_positions": [last_agreeing, first_differing_part],
    "generate": [reversed_text, without_prompt_start],
    "render_chat": [
        lambda *args: chat(*args, order=lambda who, text, end: [*text, *who, *end]),
        lambda turns, *rest: chat(turns[::-1], *rest),
    ],
}
