"""Lesson 05: listed mistakes in another spelling, and near ones that no name fits."""

import torch
import torch.nn.functional as F

from course_lib.models.recurrent import gru_step as step


def gates(x, h, w_ih, w_hh, b_ih, b_hh):
    """Return the three thirds for the input and for the state."""
    return F.linear(x, w_ih, b_ih).chunk(3, 1), F.linear(h, w_hh, b_hh).chunk(3, 1)


def candidate_from_input(x, h, *weights):
    (x_r, x_z, x_n), (h_r, h_z, _) = gates(x, h, *weights)
    z = torch.sigmoid(x_z + h_z)
    return z * h + (1 - z) * torch.tanh(x_n) + 0 * (x_r + h_r)


def mixed_the_other_way(x, h, *weights):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = gates(x, h, *weights)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    new = torch.tanh(x_n + r * h_n)
    return h + z * (new - h)


def no_second_bias(x, h, w_ih, w_hh, b_ih, b_hh):
    return step(x, h, w_ih, w_hh, b_ih, torch.zeros_like(b_hh))


def reset_inside(x, h, w_ih, w_hh, b_ih, b_hh):
    d = h.shape[1]
    both = x @ w_ih.T + b_ih
    r, z = (
        torch.sigmoid(both[:, a : a + d] + h @ w_hh[a : a + d].T + b_hh[a : a + d]) for a in (0, d)
    )
    new = torch.tanh(both[:, 2 * d :] + (r * h) @ w_hh[2 * d :].T + b_hh[2 * d :])
    return (1 - z) * new + z * h


def halved_update(x, h, *weights):
    return (h + step(x, h, *weights)) / 2


def reset_after_tanh(x, h, *weights):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = gates(x, h, *weights)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return (1 - z) * r * torch.tanh(x_n + h_n) + z * h


def read_all(x, lengths, *weights):
    h = x.new_zeros(len(x), weights[1].shape[1])
    memory = []
    for place in x.unbind(1):
        h = step(place, h, *weights)
        memory.append(h)
    return torch.stack(memory, 1), h


def cut_at_the_end(x, lengths, *weights):
    memory, last = read_all(x, lengths, *weights)
    word = torch.arange(x.shape[1]) < lengths[:, None]
    return memory * word[..., None], last


def last_of_memory(x, lengths, *weights):
    memory, _ = cut_at_the_end(x, lengths, *weights)
    return memory, memory[:, x.shape[1] - 1]


def one_word_short(x, lengths, *weights):
    memory, _ = cut_at_the_end(x, lengths, *weights)
    return memory, memory[torch.arange(len(x)), (lengths - 2).clamp(min=0)]


def mean_of_memory(x, lengths, *weights):
    memory, _ = cut_at_the_end(x, lengths, *weights)
    return memory, memory.sum(1) / lengths[:, None]


def pairs(q, k, w_q, w_k):
    return torch.stack([a[..., None, :] + k @ w_k for a in (q @ w_q).unbind(-2)], -3)


def masked(s, memory, mask, w_q, w_k, v):
    scores = torch.tanh((s @ w_q)[:, None] + memory @ w_k) @ v
    return torch.where(mask, scores, -torch.inf)


def unmasked(s, memory, mask, w_q, w_k, v):
    weights = F.softmax(torch.tanh((s @ w_q).unsqueeze(1) + memory @ w_k) @ v, dim=1)
    return torch.einsum("bs,bsd->bd", weights, memory), weights


def masked_late(s, memory, mask, w_q, w_k, v):
    _, weights = unmasked(s, memory, mask, w_q, w_k, v)
    weights = torch.where(mask, weights, 0.0)
    return torch.bmm(weights[:, None], memory)[:, 0], weights


def of_projected(*args):
    weights = masked(*args).softmax(-1)
    return torch.einsum("bs,bsd->bd", weights, args[1] @ args[4]), weights


def sharpened(*args):
    weights = (2 * masked(*args)).softmax(-1)
    return torch.einsum("bs,bsd->bd", weights, args[1]), weights


def doubled(*args):
    weights = masked(*args).softmax(-1)
    return 2 * torch.einsum("bs,bsd->bd", weights, args[1]), weights


def steps_then_attends(y, s, attend, cell):
    context, _ = attend(s)
    state = cell(torch.cat([y, context], dim=1), s)
    context, weights = attend(state)
    return state, context, weights


def context_first(y, s, attend, cell):
    context, weights = attend(s)
    return cell(torch.hstack([context, y]), s), context, weights


def same_state(y, s, attend, cell):
    context, weights = attend(s)
    cell(torch.cat([y, context], 1), s)
    return s, context, weights


def adds_the_old(y, s, attend, cell):
    context, weights = attend(s)
    return s + cell(torch.cat([y, context], 1), s), context, weights


def halves_the_context(y, s, attend, cell):
    context, weights = attend(s)
    return cell(torch.cat([y, context / 2], 1), s), context, weights


def loss_of(inputs, due, decode, pad):
    return F.cross_entropy(decode(inputs).transpose(1, 2), due, ignore_index=pad)


def unshifted(decode, targets, start, pad):
    return loss_of(targets, targets, decode, pad)


def over_everything(decode, targets, start, pad):
    first = torch.full((len(targets), 1), start)
    logits = decode(torch.cat([first, targets[:, :-1]], 1))
    return F.cross_entropy(logits.transpose(1, 2), targets)


def total(decode, targets, start, pad):
    first = torch.full((len(targets), 1), start)
    logits = decode(torch.cat([first, targets[:, :-1]], 1))
    return F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=pad, reduction="sum")


def two_starts(decode, targets, start, pad):
    first = torch.full((len(targets), 2), start)
    return loss_of(
        torch.cat([first, targets[:, :-2]], 1)[:, : targets.shape[1]], targets, decode, pad
    )


def smoothed(decode, targets, start, pad):
    first = torch.full((len(targets), 1), start)
    logits = decode(torch.cat([first, targets[:, :-1]], 1)).transpose(1, 2)
    return F.cross_entropy(logits, targets, ignore_index=pad, label_smoothing=0.1)


def write(step, state, start, end, max_len, feed=lambda word, start: word, choose=torch.argmax):
    word, rows, over = torch.full((len(state),), start), [], torch.zeros(len(state)).bool()
    for _ in range(max_len):
        logits, state = step(feed(word, start), state)
        word = torch.where(over, end, choose(logits, -1))
        over |= word == end
        rows.append(word)
    return torch.stack(rows, 1)


def fed_start(*args):
    return write(*args, feed=lambda word, start: torch.full_like(word, start))


def never_ends(step, state, start, end, max_len):
    word, rows = torch.full((len(state),), start), []
    for _ in range(max_len):
        logits, state = step(word, state)
        word = logits.max(-1).indices
        rows.append(word)
    return torch.stack(rows, dim=1)


def one_by_one_zero(step, state, start, end, max_len):
    out = torch.zeros(len(state), max_len, dtype=torch.long)
    for row, first in enumerate(state):
        word, now = torch.tensor([start]), first[None]
        for t in range(max_len):
            logits, now = step(word, now)
            word = logits.argmax(-1)
            out[row, t] = word[0]
            if word == end:
                break
    return out


def backwards(*args):
    return write(*args).flip(1)


def largest_in_size(*args):
    return write(*args, choose=lambda logits, dim: logits.abs().argmax(dim))


def luong(q, k, w=None, v=None, scale=1.0, order=lambda a, b: (a, b), squeeze=torch.tanh):
    if w is None:
        return q @ k.mT * scale
    if v is None:
        return q @ w @ k.mT * scale
    rows = []
    for query in q.unbind(-2):
        pair = order(query[..., None, :].expand(*k.shape[:-1], -1), k)
        rows.append(squeeze(torch.cat(pair, -1) @ w) @ v)
    return torch.stack(rows, -2)


def scaled_dots(q, k, w=None, v=None):
    if v is not None:
        return luong(q, k, w, v)
    return luong(q, k, w, v, scale=1 / k.shape[-1] ** 0.5)


def late(y, h, attend, cell, w_c, ask=None, mix=torch.tanh):
    new = cell(y, h)
    context, weights = attend(new if ask is None else ask(h))
    return mix(torch.hstack([context, new]) @ w_c), new, weights


def state_first(y, h, attend, cell, w_c):
    new = cell(y, h)
    context, weights = attend(new)
    return torch.hstack([new, context]).matmul(w_c).tanh(), new, weights


def window(scores, centre, reach, sigma=None, cut=True, floor=-torch.inf):
    places = torch.arange(scores.shape[-1], dtype=scores.dtype)
    away = places - centre.unsqueeze(-1)
    if cut:
        scores = torch.where(away.abs() <= reach, scores, floor)
    bell = torch.exp(-(away**2) / (2 * (sigma or reach / 2) ** 2))
    return F.softmax(scores, -1) * bell


def flat_window(scores, centre, reach):
    places = torch.arange(scores.shape[-1], dtype=scores.dtype)
    inside = (places - centre[..., None]).abs() <= reach
    return torch.where(inside, scores, -torch.inf).softmax(-1)


def renormalised(scores, centre, reach):
    weights = window(scores, centre, reach)
    return weights / weights.sum(-1, keepdim=True)


SPELT = {
    "gru_step": {
        "reset_before_the_product": [reset_inside],
        "update_turned": [mixed_the_other_way],
        "reset_after_the_tanh": [reset_after_tanh],
        "hidden_bias_lost": [no_second_bias],
    },
    "encode": {
        "padding_read": [read_all],
        "last_column": [cut_at_the_end],
        "last_row_of_memory": [last_of_memory],
    },
    "additive_scores": {
        "no_tanh": [lambda q, k, w_q, w_k, v: pairs(q, k, w_q, w_k) @ v],
        "no_v": [lambda q, k, w_q, w_k, v: pairs(q, k, w_q, w_k).tanh().sum(-1) + 0 * v.sum()],
        "scaled": [
            lambda q, k, w_q, w_k, v: pairs(q, k, w_q, w_k).tanh() @ (v / q.shape[-1] ** 0.5)
        ],
    },
    "additive_attention": {
        "padding_attended": [unmasked],
        "mask_after_softmax": [masked_late],
        "context_from_keys": [of_projected],
    },
    "bahdanau_step": {
        "wrong_decoder_state": [steps_then_attends],
        "order_of_inputs": [context_first],
        "old_state_returned": [same_state],
    },
    "teacher_forced_loss": {
        "not_shifted": [unshifted],
        "padding_in_the_loss": [over_everything],
        "summed": [total],
    },
    "greedy_decode": {
        "always_fed_start": [fed_start],
        "runs_on": [never_ends],
        "zeros_after_the_end": [one_by_one_zero],
    },
    "luong_scores": {
        "scaled": [scaled_dots],
        "concat_order": [lambda *args, **named: luong(*args, **named, order=lambda a, b: (b, a))],
        "concat_without_tanh": [lambda *args, **named: luong(*args, **named, squeeze=lambda x: x)],
    },
    "luong_step": {
        "wrong_decoder_state": [lambda *args: late(*args, ask=lambda h: h)],
        "order": [state_first],
        "no_tanh": [lambda *args: late(*args, mix=lambda x: x)],
    },
    "local_weights": {
        "no_bell": [flat_window],
        "sums_to_one_again": [renormalised],
        "sigma_is_reach": [lambda scores, centre, reach: window(scores, centre, reach, reach)],
    },
}

NEAR = {
    "gru_step": [candidate_from_input, halved_update],
    "encode": [one_word_short, mean_of_memory],
    "additive_scores": [
        lambda q, k, w_q, w_k, v: (q @ w_q).unsqueeze(-2).sub((k @ w_k).unsqueeze(-3)).tanh() @ v,
        lambda q, k, w_q, w_k, v: pairs(q, k, w_q, w_k).tanh().abs() @ v,
    ],
    "additive_attention": [sharpened, doubled],
    "bahdanau_step": [adds_the_old, halves_the_context],
    "teacher_forced_loss": [smoothed, two_starts],
    "greedy_decode": [backwards, largest_in_size],
    "luong_scores": [
        lambda *args, **named: 2 * luong(*args, **named),
        lambda *args, **named: luong(*args, **named).softmax(-1),
    ],
    "luong_step": [
        lambda *args: late(*args, mix=torch.relu),
        lambda *args: late(*args, mix=lambda x: 2 * x.tanh()),
    ],
    "local_weights": [
        lambda scores, centre, reach: window(scores, centre, reach, floor=0.0),
        lambda scores, centre, reach: window(scores, centre, reach).mT.mT * 2,
    ],
}
