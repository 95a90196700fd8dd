"""Right answers to lesson 13, written another way."""

import itertools
import math

import numpy as np
import torch


def greedy_by_sort(logits):
    return logits.sort(dim=-1, descending=True, stable=True).indices[:, 0]


def greedy_by_comparison(logits):
    best = logits == logits.max(dim=-1, keepdim=True).values
    return best.int().argmax(-1)


def temperature_by_exponentials(logits, temperature):
    scaled = logits / temperature
    powers = torch.exp(scaled - scaled.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


def temperature_by_logsumexp(logits, temperature):
    scaled = logits * (1 / temperature)
    return (scaled - scaled.logsumexp(-1, keepdim=True)).exp()


def top_k_by_sort(logits, k):
    ordered = logits.sort(dim=-1, descending=True).values
    bar = ordered[:, min(k, logits.shape[1]) - 1, None]
    return torch.where(logits >= bar, logits, -torch.inf)


def top_k_in_loops(logits, k):
    out = torch.full_like(logits, -math.inf)
    for row, kept in zip(logits, out, strict=True):
        bar = sorted(row.tolist(), reverse=True)[: min(k, len(row))][-1]
        for token in range(len(row)):
            if row[token] >= bar:
                kept[token] = row[token]
    return out


def top_p_from_below(logits, p):
    ordered, places = logits.sort(-1)
    gone = ordered.softmax(-1).cumsum(-1) <= 1 - p
    return logits.masked_fill(torch.zeros_like(gone).scatter(-1, places, gone), -torch.inf)


def top_p_in_loops(logits, p):
    out = torch.full_like(logits, -torch.inf)
    for row, kept in zip(logits, out, strict=True):
        share, total = row.softmax(0), 0.0
        for token in share.argsort(descending=True):
            kept[token] = row[token]
            total += share[token].item()
            if total >= p:
                break
    return out


def draw_by_searchsorted(probabilities, uniforms):
    ends = probabilities.cumsum(-1)
    found = torch.searchsorted(ends, uniforms[:, None], right=True)[:, 0]
    return found.clamp(max=probabilities.shape[1] - 1)


def draw_walking(probabilities, uniforms):
    chosen = []
    for row, u in zip(probabilities, uniforms, strict=True):
        left, token = u.clone(), 0
        while token < len(row) - 1 and row[: token + 1].sum() <= left:
            token += 1
        chosen.append(token)
    return torch.tensor(chosen, device=probabilities.device)


def embed_by_arange(tokens, embed, positions, n_cached):
    places = n_cached + torch.arange(tokens.shape[1], device=tokens.device)
    return torch.nn.functional.embedding(tokens, embed) + positions.index_select(0, places)


def embed_in_loops(tokens, embed, positions, n_cached):
    columns = [embed[tokens[:, t]] + positions[n_cached + t] for t in range(tokens.shape[1])]
    return torch.stack(columns, dim=1)


def cached_by_query(q, k, v, past_k, past_v):
    keys, values = torch.cat([past_k, k], 2), torch.cat([past_v, v], 2)
    out, s = [], past_k.shape[2]
    for t in range(q.shape[2]):
        seen = slice(0, s + t + 1)
        scores = q[:, :, t, None] @ keys[:, :, seen].mT / math.sqrt(q.shape[-1])
        out.append(scores.softmax(-1) @ values[:, :, seen])
    return torch.cat(out, 2), keys, values


def cached_by_einsum(q, k, v, past_k, past_v):
    t, s = q.shape[2], past_k.shape[2]
    keys, values = torch.cat((past_k, k), -2), torch.cat((past_v, v), -2)
    scores = torch.einsum("bhtd,bhsd->bhts", q, keys) * q.shape[-1] ** -0.5
    at = torch.arange(s + t, device=q.device)
    scores = scores + torch.where(at <= at[s:, None], 0.0, -torch.inf).to(q.dtype)
    return torch.einsum("bhts,bhsd->bhtd", scores.softmax(-1), values), keys, values


def agreeing_in_loops(model, tokens, sizes):
    cache, start, whole = model.new_cache(len(tokens)), 0, model(tokens)
    for size in sizes:
        part = model(tokens[:, start : start + size], cache)
        for t in range(size):
            if (part[:, t] - whole[:, start + t]).abs().max() > 1e-4:
                return start + t
        start += size
    return tokens.shape[1]


def agreeing_in_numpy(model, tokens, sizes):
    cache = model.new_cache(len(tokens))
    parts = np.concatenate([model(x, cache).numpy() for x in tokens.split(sizes, 1)], axis=1)
    bad = (np.abs(parts - model(tokens).numpy()) > 1e-4).any(axis=(0, 2))
    return int(bad.argmax()) if bad.any() else tokens.shape[1]


def generate_by_columns(model, prompt, n_tokens, choose, stop):
    cache, columns, new = model.new_cache(prompt.shape[0]), [prompt], prompt
    ended = torch.zeros(prompt.shape[0], dtype=torch.bool)
    while len(columns) <= n_tokens and not ended.all():
        new = torch.where(ended, stop, choose(model(new, cache)[:, -1]))[:, None]
        ended |= new[:, 0] == stop
        columns.append(new)
    return torch.cat(columns, 1)


def generate_without_a_cache(model, prompt, n_tokens, choose, stop):
    tokens, start = prompt.clone(), prompt.shape[1]
    for _ in range(n_tokens):
        ended = (tokens[:, start:] == stop).any(1)
        if ended.all():
            break
        chosen = choose(model(tokens)[:, -1])
        tokens = torch.cat([tokens, torch.where(ended, stop, chosen)[:, None]], 1)
    return tokens


def chat_by_list(turns, encode, control, reply):
    ids = []
    for speaker, text in turns:
        ids.append(control[speaker])
        ids.extend(encode(text, parse=False))
        ids.append(control["end"])
    if reply:
        ids.append(control["assistant"])
    return ids


def chat_by_chain(turns, encode, control, reply):
    parts = [[control[who], *encode(said), control["end"]] for who, said in turns]
    return list(itertools.chain(*parts, [control["assistant"]] * reply))


RIGHT = {
    "greedy": [greedy_by_sort, greedy_by_comparison],
    "with_temperature": [temperature_by_exponentials, temperature_by_logsumexp],
    "keep_top_k": [top_k_by_sort, top_k_in_loops],
    "keep_top_p": [top_p_from_below, top_p_in_loops],
    "draw": [draw_by_searchsorted, draw_walking],
    "embed_next": [embed_by_arange, embed_in_loops],
    "cached_attention": [cached_by_query, cached_by_einsum],
    "agreeing_positions": [agreeing_in_loops, agreeing_in_numpy],
    "generate": [generate_by_columns, generate_without_a_cache],
    "render_chat": [chat_by_list, chat_by_chain],
}
