"""Right answers to lesson 18, written another way."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat


def heads_by_einsum(x, w_q, w_k, n_heads):
    q, k = (torch.einsum("...ti,oi->...to", x, w).unflatten(-1, (n_heads, -1)) for w in (w_q, w_k))
    return (torch.einsum("...thd,...shd->...hts", q, k) * q.shape[-1] ** -0.5).softmax(-1)


def heads_in_a_loop(x, w_q, w_k, n_heads):
    maps = []
    for q_rows, k_rows in zip(w_q.chunk(n_heads), w_k.chunk(n_heads), strict=True):
        scores = F.linear(x, q_rows) @ F.linear(x, k_rows).mT
        maps.append(F.softmax(scores / math.sqrt(len(q_rows)), dim=-1))
    return torch.stack(maps, dim=-3)


def rollout_by_halves(weights):
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    out = None
    for layer in weights:
        mixed = (layer.mean(dim=-3) + eye) / 2
        mixed = F.normalize(mixed, p=1, dim=-1)
        out = mixed if out is None else mixed @ out
    return out


def rollout_from_the_top(weights):
    eye = torch.eye(weights.shape[-1]).to(weights)
    mixed = reduce(weights, "l ... h t s -> l ... t s", "mean") + eye
    mixed = mixed / mixed.sum(-1, keepdim=True)
    out = mixed[-1]
    for layer in range(len(mixed) - 2, -1, -1):
        out = out @ mixed[layer]
    return out


def class_map_by_reshape(matrix, rows, columns):
    return matrix[..., 0, 1:].reshape(*matrix.shape[:-2], rows, columns)


def class_map_by_einops(matrix, rows, columns):
    return rearrange(matrix.select(-2, 0)[..., 1:], "... (r c) -> ... r c", c=columns, r=rows)


def upsample_by_einops(maps, patch):
    return repeat(maps, "... r c -> ... (r a) (c b)", a=patch, b=patch)


def upsample_by_index(maps, patch):
    rows = torch.arange(maps.shape[-2] * patch, device=maps.device) // patch
    columns = torch.arange(maps.shape[-1] * patch, device=maps.device) // patch
    return maps[..., rows, :][..., columns]


def hits_flat(maps, inside):
    flat = maps.flatten(1)
    best = flat == flat.max(dim=1, keepdim=True).values
    return (best * inside.flatten(1)).sum(1).to(maps.dtype) / best.sum(1)


def hits_one_by_one(maps, inside):
    found = [
        mask[one == one.max()].to(maps.dtype).mean() for one, mask in zip(maps, inside, strict=True)
    ]
    return torch.stack(found)


def base_by_areas(boxes, height, width):
    areas = [(b - t) * (r - le) for t, le, b, r in boxes.tolist()]
    return sum(areas) / len(areas) / height / width


def base_by_numpy(boxes, height, width):
    sides = (boxes[:, 2:] - boxes[:, :2]).numpy()
    return float(np.mean(np.prod(sides, axis=1)) / (height * width))


def relevance_by_relu(weights, gradients):
    step = torch.relu(weights * gradients).mean(dim=-3)
    out = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    for one in step:
        out = out + torch.matmul(one, out)
    return out


def relevance_as_a_product(weights, gradients):
    product = weights * gradients
    step = torch.where(product > 0, product, 0.0).mean(-3)
    factors = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device) + step
    out = factors[0]
    for factor in factors[1:]:
        out = factor @ out
    return out


def cam_by_einsum(features, gradients):
    alpha = gradients.mean(dim=(-2, -1))
    return torch.einsum("...c,...chw->...hw", alpha, features).clamp(min=0)


def cam_in_a_loop(features, gradients):
    total = torch.zeros_like(features[..., 0, :, :])
    for c in range(features.shape[-3]):
        mean = gradients[..., c, :, :].flatten(-2).mean(-1)
        total = total + mean[..., None, None] * features[..., c, :, :]
    return torch.maximum(total, torch.zeros_like(total))


def deletion_in_a_loop(score, image, fill, patch_map):
    columns, side = patch_map.shape[1], image.shape[1] // patch_map.shape[1]
    now, images = image.clone(), [image.clone()]
    for place in patch_map.flatten().sort(descending=True, stable=True).indices.tolist():
        row, column = divmod(place, columns)
        box = slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
        now[box] = fill[box]
        images.append(now.clone())
    curve = score(torch.stack(images))
    return curve, torch.trapezoid(curve, dx=1 / patch_map.numel())


def deletion_one_call_each(score, image, fill, patch_map):
    side = image.shape[0] // patch_map.shape[0]
    order = (-patch_map.flatten()).argsort(stable=True)
    points = []
    for n in range(len(order) + 1):
        gone = torch.zeros(patch_map.numel(), dtype=torch.bool)
        gone[order[:n]] = True
        gone = gone.view(patch_map.shape).repeat_interleave(side, 0).repeat_interleave(side, 1)
        points.append(score((image * ~gone + fill * gone)[None])[0])
    curve = torch.stack(points)
    return [curve, (curve.sum() - (curve[0] + curve[-1]) / 2) / len(order)]


def occlusion_by_masks(score, image, patch, fill):
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    masks = torch.eye(rows * columns, dtype=torch.bool).view(-1, rows, columns)
    masks = repeat(masks, "n r c -> n (r p) (c q)", p=patch, q=patch)
    return score(image[None]) - score(image.masked_fill(masks, fill)).view(rows, columns)


def occlusion_one_call_each(score, image, patch, fill):
    whole, lines = score(image[None]), []
    for top in range(0, len(image), patch):
        line = []
        for left in range(0, image.shape[1], patch):
            hidden = image.clone()
            hidden[top : top + patch, left : left + patch] = fill
            line.append(whole - score(hidden.unsqueeze(0)))
        lines.append(torch.cat(line))
    return torch.stack(lines)


RIGHT = {
    "attention_per_head": [heads_by_einsum, heads_in_a_loop],
    "rollout": [rollout_by_halves, rollout_from_the_top],
    "class_map": [class_map_by_reshape, class_map_by_einops],
    "upsample": [upsample_by_einops, upsample_by_index],
    "point_hits": [hits_flat, hits_one_by_one],
    "base_rate": [base_by_areas, base_by_numpy],
    "relevance": [relevance_by_relu, relevance_as_a_product],
    "grad_cam": [cam_by_einsum, cam_in_a_loop],
    "deletion_curve": [deletion_in_a_loop, deletion_one_call_each],
    "occlusion": [occlusion_by_masks, occlusion_one_call_each],
}
