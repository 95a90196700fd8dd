"""Right answers to lesson 05, written another way."""

import math

import einops
import torch
import torch.nn.functional as F


def gru_by_linear(x, h, w_ih, w_hh, b_ih, b_hh):
    d = h.shape[-1]
    gi, gh = F.linear(x, w_ih, b_ih), F.linear(h, w_hh, b_hh)
    r = torch.sigmoid(gi[:, :d] + gh[:, :d])
    z = torch.sigmoid(gi[:, d : 2 * d] + gh[:, d : 2 * d])
    n = torch.tanh(gi[:, 2 * d :] + r * gh[:, 2 * d :])
    return n + z * (h - n)


def gru_gate_by_gate(x, h, w_ih, w_hh, b_ih, b_hh):
    parts = []
    d = h.shape[1]
    for i in range(2):
        rows = slice(i * d, (i + 1) * d)
        parts.append(
            1 / (1 + torch.exp(-(x @ w_ih[rows].T + h @ w_hh[rows].T + b_ih[rows] + b_hh[rows])))
        )
    rows = slice(2 * d, None)
    n = torch.tanh(
        torch.einsum("bi,oi->bo", x, w_ih[rows])
        + b_ih[rows]
        + parts[0] * (h @ w_hh[rows].mT + b_hh[rows])
    )
    return torch.lerp(n, h, parts[1])


def encode_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    h = torch.zeros(x.size(0), w_hh.size(1), dtype=x.dtype, device=x.device)
    memory = []
    for t, column in enumerate(x.unbind(1)):
        new = gru_by_linear(column, h, w_ih, w_hh, b_ih, b_hh)
        word = (lengths > t).to(x.dtype)[:, None]
        h = word * new + (1 - word) * h
        memory.append(word * new)
    return torch.stack(memory, dim=1), h


def encode_by_sentence(x, lengths, *weights):
    memory, last = [], []
    for b in range(len(x)):
        h = x.new_zeros(1, weights[1].shape[1])
        states = []
        for t in range(int(lengths[b])):
            h = gru_by_linear(x[b, t][None], h, *weights)
            states.append(h)
        rows = torch.cat(states)
        memory.append(F.pad(rows, (0, 0, 0, x.shape[1] - len(rows))))
        last.append(h[0])
    return torch.stack(memory), torch.stack(last)


def additive_by_rows(q, k, w_q, w_k, v):
    keys = k @ w_k
    rows = [(torch.tanh(row[..., None, :] + keys) * v).sum(-1) for row in (q @ w_q).unbind(-2)]
    return torch.stack(rows, dim=-2)


def additive_by_einops(q, k, w_q, w_k, v):
    a = einops.rearrange(torch.einsum("...td,da->...ta", q, w_q), "... t a -> ... t 1 a")
    b = einops.rearrange(torch.einsum("...sd,da->...sa", k, w_k), "... s a -> ... 1 s a")
    return torch.einsum("...tsa,a->...ts", (a + b).tanh(), v)


def read_in_loops(s, memory, mask, w_q, w_k, v):
    contexts, weights = [], []
    for b in range(len(s)):
        scores = torch.tanh(s[b] @ w_q + memory[b] @ w_k) @ v
        powers = torch.exp(scores - scores.max()) * mask[b]
        weights.append(powers / powers.sum())
        contexts.append(weights[-1] @ memory[b])
    return torch.stack(contexts), torch.stack(weights)


def read_with_a_large_number(s, memory, mask, w_q, w_k, v):
    hidden = torch.tanh(torch.matmul(s, w_q).unsqueeze(1) + torch.matmul(memory, w_k))
    scores = torch.where(mask, hidden @ v, torch.tensor(-1e9, dtype=s.dtype, device=s.device))
    weights = F.softmax(scores, dim=1)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights


def step_in_one_line(y, s, attend, cell):
    context, weights = attend(s)
    return [cell(torch.hstack((y, context)), s), context, weights]


def step_by_concatenation(y, s, attend, cell):
    read = attend(s)
    x = torch.concatenate((y, read[0]), axis=1)
    return cell(x, s), *read


def loss_by_gather(decode, targets, start, pad):
    inputs = targets.roll(1, dims=1)
    inputs[:, 0] = start
    logs = decode(inputs).log_softmax(-1)
    each = -logs.gather(2, targets.unsqueeze(-1)).squeeze(-1)
    return each[targets != pad].mean()


def loss_by_sum(decode, targets, start, pad):
    logits = decode(F.pad(targets[:, :-1], (1, 0), value=start))
    total = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=pad, reduction="sum")
    return total / (targets != pad).sum()


def greedy_in_place(step, state, start, end, max_len):
    out = torch.full((len(state), max_len), end, device=state.device)
    word = torch.full((len(state),), start, device=state.device)
    alive = torch.ones(len(state), dtype=torch.bool, device=state.device)
    for t in range(max_len):
        if not alive.any():
            break
        logits, state = step(word, state)
        word = logits.max(-1).indices
        out[alive, t] = word[alive]
        alive &= word != end
    return out


def greedy_by_sentence(step, state, start, end, max_len):
    rows = []
    for s in state.split(1):
        row, word = [], torch.tensor([start], device=state.device)
        for _ in range(max_len):
            logits, s = step(word, s)
            word = logits.argmax(1)
            row.append(int(word))
            if row[-1] == end:
                break
        rows.append(row + [end] * (max_len - len(row)))
    return torch.tensor(rows, device=state.device)


def luong_with_concatenation(q, k, w=None, v=None):
    if v is None:
        return torch.matmul(q if w is None else torch.matmul(q, w), k.mT)
    t, s = q.shape[-2], k.shape[-2]
    a = q.unsqueeze(-2).expand(*q.shape[:-1], s, q.shape[-1])
    b = k.unsqueeze(-3).expand(*k.shape[:-2], t, s, k.shape[-1])
    return torch.tanh(torch.cat([a, b], -1) @ w) @ v


def luong_by_einsum(q, k, w=None, v=None):
    if w is None:
        return torch.einsum("...td,...sd->...ts", q, k)
    if v is None:
        return torch.einsum("...td,...sd->...ts", q, k @ w.T)
    n = q.shape[-1]
    return additive_by_rows(q, k, w[:n], w[n:], v)


def luong_step_hstack(y, h, attend, cell, w_c):
    state = cell(y, h)
    context, weights = attend(state)
    return torch.hstack([context, state]).matmul(w_c).tanh(), state, weights


def luong_step_in_halves(y, h, attend, cell, w_c):
    state = cell(y, h)
    context, weights = attend(state)
    n = context.shape[-1]
    return torch.tanh(context @ w_c[:n] + state @ w_c[n:]), state, weights


def local_by_where(scores, centre, reach):
    places = torch.arange(scores.shape[-1], dtype=scores.dtype, device=scores.device)
    distance = places - centre.unsqueeze(-1)
    inside = (distance >= -reach) & (distance <= reach)
    hidden = torch.full_like(scores, -math.inf)
    weights = F.softmax(torch.where(inside, scores, hidden), dim=-1)
    sigma = reach / 2
    return weights * torch.exp(-(distance**2) / (2 * sigma**2))


def local_by_exponentials(scores, centre, reach):
    places = torch.arange(scores.shape[-1], device=scores.device)
    square = (places - centre[..., None]).pow(2)
    powers = scores.exp() * (square <= reach * reach)
    return powers / powers.sum(-1, keepdim=True) * torch.exp(square * (-2.0 / reach**2))


RIGHT = {
    "gru_step": [gru_by_linear, gru_gate_by_gate],
    "encode": [encode_masked, encode_by_sentence],
    "additive_scores": [additive_by_rows, additive_by_einops],
    "additive_attention": [read_in_loops, read_with_a_large_number],
    "bahdanau_step": [step_in_one_line, step_by_concatenation],
    "teacher_forced_loss": [loss_by_gather, loss_by_sum],
    "greedy_decode": [greedy_in_place, greedy_by_sentence],
    "luong_scores": [luong_with_concatenation, luong_by_einsum],
    "luong_step": [luong_step_hstack, luong_step_in_halves],
    "local_weights": [local_by_where, local_by_exponentials],
}
