"""Right answers to lesson 14, written another way."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.models.blocks import BlockConfig, EncoderBlock


def mask_in_loops(tokens, special, choose, change, others, mask_id):
    inputs, chosen = tokens.clone(), torch.zeros_like(special)
    for row in range(tokens.shape[0]):
        for at in range(tokens.shape[1]):
            if special[row, at] or choose[row, at] >= 0.15:
                continue
            chosen[row, at] = True
            if change[row, at] < 0.8:
                inputs[row, at] = mask_id
            elif change[row, at] < 0.9:
                inputs[row, at] = others[row, at]
    return inputs, chosen


def mask_in_place(tokens, special, choose, change, others, mask_id):
    inputs = tokens.clone()
    chosen = choose.masked_fill(special, 1.0) < 0.15
    hidden = chosen & (change < 0.8)
    replaced = chosen & ~hidden & (change < 0.9)
    inputs[hidden] = mask_id
    inputs[replaced] = others[replaced]
    return inputs, chosen


def loss_by_ignoring(logits, tokens, chosen):
    targets = torch.where(chosen, tokens, -100).flatten()
    total = F.cross_entropy(logits.flatten(0, 1), targets, ignore_index=-100, reduction="sum")
    return total / max(int(chosen.sum()), 1)


def loss_by_gather(logits, tokens, chosen):
    picked = logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
    return -(picked * chosen).sum() / torch.clamp(chosen.sum(), min=1)


def pack_by_append(first, second, cls, sep):
    tokens = [cls, *first, sep]
    segments = [0 for _ in tokens]
    if second is not None:
        for token in [*second, sep]:
            tokens.append(token)
            segments.append(1)
    return tokens, segments


def pack_by_length(first, second, cls, sep):
    tokens = [cls, *first, sep] + ([] if second is None else [*second, sep])
    return tokens, [int(at > len(first) + 1) for at in range(len(tokens))]


def embed_by_functional(tokens, segments, words, places, kinds):
    at = torch.arange(tokens.shape[1], device=tokens.device)
    parts = F.embedding(tokens, words), F.embedding(at, places), F.embedding(segments, kinds)
    return sum(parts)


def embed_by_select(tokens, segments, words, places, kinds):
    out = words.index_select(0, tokens.flatten()).view(*tokens.shape, -1)
    out = out + places[None, : tokens.size(1)]
    second = segments[..., None].to(words.dtype)
    return out + kinds[0] * (1 - second) + kinds[1] * second


def block(d_model, n_heads, d_ff):
    sizes = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, norm_first=False, eps=1e-12)
    return EncoderBlock(sizes)


class BertByModules(nn.Module):
    def __init__(self, vocab_size, d_model, n_heads, n_layers, d_ff, max_len):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        self.segments = nn.Embedding(2, d_model)
        self.norm = nn.LayerNorm(d_model, eps=1e-12)
        self.blocks = nn.ModuleList([block(d_model, n_heads, d_ff) for _ in range(n_layers)])

    def forward(self, tokens, mask, segments):
        at = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.norm(self.words(tokens) + self.places(at) + self.segments(segments))
        for one in self.blocks:
            x = one(x, mask.unsqueeze(1))
        return x


class BertByHand(BertByModules):
    def forward(self, tokens, mask, segments):
        x = self.words(tokens) + self.segments(segments)
        x = self.norm(x + self.places.weight[: tokens.shape[1]])
        pairs = mask[:, None, :].expand(-1, tokens.shape[1], -1)
        for one in self.blocks:
            q, k, v = one.attn.project(x, x, x)
            scores = q @ k.mT / math.sqrt(q.shape[-1])
            weights = scores.masked_fill(~pairs[:, None], -torch.inf).softmax(-1)
            x = one.norm1(x + one.attn.w_o((weights @ v).transpose(1, 2).flatten(2)))
            x = one.norm2(x + one.ff.w_out(F.gelu(one.ff.w_in(x))))
        return x


def pool_by_einsum(hidden, mask):
    share = mask.to(hidden.dtype) / mask.sum(-1, keepdim=True).clamp(min=1)
    known = torch.where(mask[..., None], hidden, torch.zeros_like(hidden))
    return torch.einsum("btd,bt->bd", known, share)


def pool_text_by_text(hidden, mask):
    out = []
    for one, real in zip(hidden, mask, strict=True):
        out.append(one[real].mean(0) if real.any() else torch.zeros_like(one[0]))
    return torch.stack(out)


def nearest_by_sort(query, vectors, k):
    cosines = vectors @ query / (vectors.norm(dim=1) * query.norm())
    cosines, places = cosines.sort(descending=True)
    return places[:k], cosines[:k]


def nearest_in_numpy(query, vectors, k):
    q, rows = query.cpu().numpy(), vectors.cpu().numpy()
    cosines = rows @ q / np.linalg.norm(rows, axis=1) / np.linalg.norm(q)
    places = np.argsort(-cosines)[:k]
    return torch.from_numpy(places), torch.from_numpy(cosines[places])


def freeze_by_name(model, n_frozen):
    upper = [f"encoder.blocks.{at}." for at in range(n_frozen, len(model.encoder.blocks))]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(("head.", *upper))


def freeze_all_first(model, n_frozen):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for part in [model.head, *model.encoder.blocks[n_frozen:]]:
        for parameter in part.parameters():
            parameter.requires_grad_()


def scores_by_confusion(predicted, labels, n_classes):
    table = torch.zeros(n_classes, n_classes, device=labels.device)
    for said, true in zip(predicted.tolist(), labels.tolist(), strict=True):
        table[true, said] += 1
    right = table.diagonal()
    precision = right / table.sum(0).clamp(min=1)
    recall = right / table.sum(1).clamp(min=1)
    both = precision + recall
    f1 = torch.where(both > 0, 2 * precision * recall / both.clamp(min=1e-9), 0.0)
    return precision, recall, f1, f1.mean()


def scores_in_loops(predicted, labels, n_classes):
    rows = []
    for one in range(n_classes):
        tp = int(((predicted == one) & (labels == one)).sum())
        fp = int(((predicted == one) & (labels != one)).sum())
        fn = int(((predicted != one) & (labels == one)).sum())
        p = tp / (tp + fp) if tp + fp else 0.0
        r = tp / (tp + fn) if tp + fn else 0.0
        rows.append((p, r, 2 * p * r / (p + r) if p + r else 0.0))
    p, r, f1 = torch.tensor(rows, device=labels.device).T
    return p, r, f1, f1.mean()


RIGHT = {
    "mask_tokens": [mask_in_loops, mask_in_place],
    "masked_loss": [loss_by_ignoring, loss_by_gather],
    "pack_pair": [pack_by_append, pack_by_length],
    "embed": [embed_by_functional, embed_by_select],
    "Bert": [BertByModules, BertByHand],
    "mean_pool": [pool_by_einsum, pool_text_by_text],
    "nearest": [nearest_by_sort, nearest_in_numpy],
    "freeze": [freeze_by_name, freeze_all_first],
    "class_scores": [scores_by_confusion, scores_in_loops],
}
