"""Mistakes in lesson 18, spelt otherwise, and near ones that no list holds."""

import torch
import torch.nn.functional as F
from einops import rearrange, repeat


def heads(cut="... t (h d) -> ... h t d", scale=None, axis=-1, keys=1.0, turn=False):
    def answer(x, w_q, w_k, n_heads):
        d = x.shape[-1] // n_heads
        q, k = (x @ (w if turn else w.t()) for w in (w_q, w_k))
        q, k = (rearrange(y, cut, h=n_heads) for y in (q, k * keys))
        scores = torch.einsum("...td,...sd->...ts", q, k)
        return F.softmax(scores / (d if scale is None else scale(x, d)) ** 0.5, axis)

    return answer


def with_identity(matrix):
    return matrix + torch.eye(matrix.shape[-1], dtype=matrix.dtype)


def shares(matrix):
    return matrix / matrix.sum(-1, keepdim=True)


def rolled(merge=lambda a: a.mean(-3), step=lambda a: shares(with_identity(a)), left=True):
    def answer(weights):
        out = step(merge(weights[0]))
        for layer in weights[1:]:
            out = step(merge(layer)) @ out if left else out @ step(merge(layer))
        return out

    return answer


def identity_last(weights):
    return shares(with_identity(rolled(step=lambda a: a)(weights)))


def first_layer_without_identity(weights):
    out = shares(weights[0].mean(-3) + 1e-12)
    for layer in weights[1:]:
        out = shares(with_identity(layer.mean(-3))) @ out
    return out


def picked(row=0, start=1, turn=False):
    def answer(matrix, rows, columns):
        line = matrix.select(-1 if turn else -2, row)
        line = line[..., start : start + rows * columns]
        return rearrange(line, "... (r c) -> ... r c", r=rows)

    return answer


def by_columns(matrix, rows, columns):
    return rearrange(matrix[..., 0, 1:], "... (c r) -> ... r c", r=rows)


def backwards(matrix, rows, columns):
    return picked()(matrix, rows, columns).flip(-1)


def shares_of_patches(matrix, rows, columns):
    found = picked()(matrix, rows, columns)
    return found / found.sum((-2, -1), keepdim=True)


def stretched(pattern):
    return lambda maps, patch: repeat(maps, pattern, p=patch, q=patch)


def at_corners(maps, patch):
    corner = torch.zeros(patch, patch, dtype=maps.dtype)
    corner[0, 0] = 1
    return torch.kron(maps, corner)


def pointed(score):
    def answer(maps, inside):
        out = []
        for one, box in zip(maps, inside, strict=False):
            top = one.eq(one.max())
            out.append(torch.as_tensor(score(one, top, box), dtype=maps.dtype))
        return torch.stack(out)

    return answer


def boxes_by(share):
    def answer(boxes, height, width):
        found = [share(*map(int, box), height, width) for box in boxes]
        return sum(found) / len(found)

    return answer


def in_tensors(boxes, height, width):
    sides = (boxes[:, 2:] - boxes[:, :2]).double()
    return (sides.prod(1) / (height * width)).mean()


def relevant(step=lambda a, g: F.relu(a * g).mean(-3), join=lambda r, a: r + a @ r, turn=1):
    def answer(weights, gradients):
        out = torch.eye(weights.shape[-1], dtype=weights.dtype)
        out = out.expand(*weights.shape[1:-3], *out.shape)
        for place in list(range(len(weights)))[::turn]:
            out = join(out, step(weights[place], gradients[place]))
        return out

    return answer


def scaled_each_time(r, a):
    r = r + a @ r
    return r / r.sum(-1, keepdim=True)


def cam(alpha=lambda g: g.mean((-2, -1)), last=torch.relu, join="...c,...chw->...hw"):
    return lambda features, gradients: last(torch.einsum(join, alpha(gradients), features))


def place_by_place(features, gradients):
    return torch.einsum("...chw,...chw->...hw", gradients, features).clamp_min(0)


def positive_alpha(gradients):
    return gradients.mean((-2, -1)).relu()


def deleted(descending=True, copy=True, own=False, area=None, empty=False, stable=True):
    def answer(score, image, fill, patch_map):
        side = image.shape[0] // patch_map.shape[0]
        now, images = (image if own else image.clone()), []
        images.append(now.clone() if copy else now)
        order = patch_map.flatten().argsort(descending=descending, stable=True)
        for place in (order if stable else order.flip(0)).tolist():
            i, j = place // patch_map.shape[1] * side, place % patch_map.shape[1] * side
            new = torch.zeros_like(fill) if empty else fill
            now[i : i + side, j : j + side] = new[i : i + side, j : j + side]
            images.append(now.clone() if copy else now)
        curve = score(torch.stack(images))
        n = len(images) - 1
        middle = curve.sum() - (curve[0] + curve[-1]) / 2
        return curve, middle / n if area is None else area(curve)

    return answer


def hidden_by(end=lambda whole, one: whole - one, fills=lambda fill: fill, own=False, keep=False):
    def answer(score, image, patch, fill):
        grid = [side // patch for side in image.shape]
        whole, falls = score(image[None])[0], torch.zeros(grid, dtype=image.dtype)
        now = image if own else image.clone()
        for r in range(grid[0]):
            for c in range(grid[1]):
                old = now[r * patch : (r + 1) * patch, c * patch : (c + 1) * patch].clone()
                now[r * patch : (r + 1) * patch, c * patch : (c + 1) * patch] = fills(fill)
                falls[r, c] = end(whole, score(now[None])[0])
                if not (keep or own):
                    now[r * patch : (r + 1) * patch, c * patch : (c + 1) * patch] = old
        return falls

    return answer


SPELT = {
    "attention_per_head": {
        "scaled_by_model_width": [heads(scale=lambda x, d: x.shape[-1])],
        "not_scaled": [heads(scale=lambda x, d: 1)],
        "over_the_queries": [heads(axis=-2)],
        "interleaved_heads": [heads(cut="... t (d h) -> ... h t d")],
        "weights_not_transposed": [heads(turn=True)],
    },
    "rollout": {
        "no_residual": [rolled(step=shares)],
        "rows_not_renormalised": [rolled(step=with_identity)],
        "layers_reversed": [rolled(left=False)],
        "residual_at_the_end": [identity_last],
        "heads_summed": [rolled(merge=lambda a: a.sum(-3))],
        "halved_only": [rolled(step=lambda a: a / 2 + with_identity(0 * a) / 2)],
    },
    "class_map": {
        "column_for_row": [picked(turn=True)],
        "class_token_kept": [picked(start=0)],
        "grid_turned": [by_columns],
    },
    "upsample": {
        "tiled": [stretched("... r c -> ... (p r) (q c)")],
        "rows_only": [lambda maps, patch: repeat(maps, "... r c -> ... (r p) c", p=patch)],
        "columns_only": [lambda maps, patch: repeat(maps, "... r c -> ... r (c p)", p=patch)],
    },
    "point_hits": {
        "first_of_equals": [pointed(lambda one, top, box: box.flatten()[one.argmax()])],
        "any_of_equals": [pointed(lambda one, top, box: bool((top & box).any()))],
        "mass_inside": [pointed(lambda one, top, box: one[box].sum() / one.sum())],
        "count_not_share": [pointed(lambda one, top, box: (top & box).sum())],
    },
    "base_rate": {
        "inclusive_edges": [boxes_by(lambda a, b, c, d, h, w: (c - a + 1) * (d - b + 1) / (h * w))],
        "corner_not_size": [boxes_by(lambda a, b, c, d, h, w: c * d / (h * w))],
        "pixels_not_share": [boxes_by(lambda a, b, c, d, h, w: (c - a) * (d - b))],
        "square_of_height": [boxes_by(lambda a, b, c, d, h, w: (c - a) * (d - b) / h / h)],
    },
    "relevance": {
        "negative_kept": [relevant(step=lambda a, g: torch.mean(a * g, -3))],
        "clamped_after_the_mean": [relevant(step=lambda a, g: torch.relu((a * g).mean(-3)))],
        "no_identity": [relevant(join=lambda r, a: a @ r)],
        "layers_reversed": [relevant(turn=-1), relevant(join=lambda r, a: r + r @ a)],
        "rows_renormalised": [
            relevant(join=scaled_each_time),
            lambda weights, gradients: shares(relevant()(weights, gradients)),
        ],
    },
    "grad_cam": {
        "no_relu": [cam(last=lambda out: out)],
        "absolute_value": [cam(last=torch.abs)],
        "gradients_not_pooled": [place_by_place],
        "gradients_summed": [cam(alpha=lambda g: g.sum((-1, -2)))],
    },
    "deletion_curve": {
        "least_important_first": [deleted(descending=False)],
        "one_image_many_times": [deleted(copy=False)],
        "image_overwritten": [deleted(own=True)],
        "filled_with_zero": [deleted(empty=True)],
        "mean_for_area": [deleted(area=torch.mean)],
        "axis_of_steps": [deleted(area=torch.trapezoid)],
    },
    "occlusion": {
        "what_remains": [hidden_by(end=lambda whole, one: one)],
        "how_far_it_rises": [hidden_by(end=lambda whole, one: one - whole)],
        "never_put_back": [hidden_by(keep=True)],
        "filled_with_zero": [hidden_by(fills=lambda fill: 0 * fill)],
        "share_of_the_whole": [hidden_by(end=lambda whole, one: 1 - one / whole)],
    },
}

NEAR = {
    "attention_per_head": [heads(scale=lambda x, d: d * d), heads(keys=-1.0)],
    "rollout": [first_layer_without_identity, rolled(step=lambda a: shares(with_identity(a)) @ a)],
    "class_map": [backwards, shares_of_patches],
    "upsample": [at_corners, stretched("... r c -> ... (r p) (q c)")],
    "point_hits": [
        pointed(lambda one, top, box: one[box].mean() / one.mean() if box.any() else 0.0),
        pointed(lambda one, top, box: (top & ~box).sum() / top.sum()),
    ],
    "base_rate": [
        in_tensors,
        boxes_by(lambda a, b, c, d, h, w: (c - a) / h + (d - b) / w),
    ],
    "relevance": [
        relevant(join=lambda r, a: (r + a @ r) / 2),
        relevant(step=lambda a, g: (a + g).clamp(min=0).mean(-3)),
    ],
    "grad_cam": [cam(alpha=positive_alpha), cam(alpha=lambda g: g.amax((-2, -1)))],
    "deletion_curve": [
        deleted(stable=False, descending=False),
        deleted(area=lambda curve: curve[1:].mean()),
    ],
    "occlusion": [
        hidden_by(end=lambda whole, one: (whole - one).abs() + 1),
        hidden_by(fills=lambda fill: 1 - fill),
    ],
}
