"""Lesson 18 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_18.py`."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_18_what_does_it_look_at import mistakes as wrong

L, B, H, T = 4, 2, 3, 5
DOUBLE = torch.float64


def _double(rows: Any) -> Tensor:
    return torch.tensor(rows, dtype=DOUBLE)


def _weights(seed: int | np.random.Generator, *shape: int) -> Tensor:
    return (2 * noise(seed, *shape)).softmax(-1)


# ---------------------------------------------------------------- 18.1 attention per head


def head_cases() -> list[Case]:
    swap = _double([[0, 1], [1, 0]])
    by_hand = Case(
        label="two tokens, two heads of width 1",
        args=(_double([[1, 0], [0, 2]]), _double([[1, 0], [0, 1]]), swap, 2),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, (*lead, t)))} tokens, {h} heads of width {d}, seed {seed}",
            args=(
                noise(seed, *lead, t, h * d),
                noise(seed + 10, h * d, h * d),
                noise(seed + 20, h * d, h * d),
                h,
            ),
            gradients=True,
        )
        for lead, t, h, d, seed in (((), 5, 3, 2, 0), ((2,), 7, 2, 4, 1), ((3, 2), 4, 3, 5, 2))
    ]
    single = Case(
        label="a single head",
        args=(noise(3, 4, 6), noise(4, 6, 6), noise(5, 6, 6), 1),
        edge=True,
    )
    return [by_hand, *drawn, single]


def head_sample(rng: np.random.Generator) -> Case:
    t, h, d = (pick(rng, range(1, 5)) for _ in range(3))
    lead = [(), (2,)][pick(rng, range(2))]
    args = (noise(rng, *lead, t, h * d), noise(rng, h * d, h * d), noise(rng, h * d, h * d), h)
    return Case(label="random", args=args)


def head_oracle(x: Tensor, w_q: Tensor, w_k: Tensor, n_heads: int) -> Tensor:
    """Slice head by head, and write the softmax out."""
    d = x.shape[-1] // n_heads
    maps = []
    for h in range(n_heads):
        own = slice(h * d, (h + 1) * d)
        q, k = (torch.einsum("...ti,oi->...to", x, w[own]) for w in (w_q, w_k))
        powers = (torch.einsum("...td,...sd->...ts", q, k) / math.sqrt(d)).double()
        powers = (powers - powers.amax(-1, keepdim=True)).exp()
        maps.append(powers / powers.sum(-1, keepdim=True))
    return torch.stack(maps, dim=-3).to(x.dtype)


def queries_share_one(call: Any, case: Case, value: Any) -> str | None:
    """Weights are shares: each query's sum to 1."""
    sums = value.sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    return (
        "Each query shares out a total of 1 over the keys. On the case "
        f"“{case.label}” the first row of yours sums to {sums.flatten()[0].item():.3f}."
    )


ATTENTION_PER_HEAD = Exercise(
    name="attention_per_head",
    title="One map for each head",
    minutes=6,
    difficulty=1,
    proves="every head compares its own slice of queries and keys, at its own scale",
    passed="Agrees with a loop that slices head by head, gradients too.",
    cases=head_cases,
    sample=head_sample,
    oracle=head_oracle,
    properties=(Property(id="rows_sum_to_one", holds=queries_share_one),),
    reference="course_lib.attention.rollout.attention_per_head",
    forbidden=("scaled_dot_product_attention", "multi_head_attention_forward"),
    hints=(
        "You built this in lesson 09. Which columns of x @ w_q.T belong to head 0, and how wide are they?",
        "q = x times w_q transposed, k likewise\nsplit the last axis into (n_heads, d_head), move the heads in front\n"
        "scores = q times k transposed, divided by the root of d_head\nsoftmax over the keys",
        "(x @ w_q.T).unflatten(-1, (n_heads, -1)).transpose(-3, -2) has shape (…, H, T, d_head); divide by "
        "math.sqrt(x.shape[-1] // n_heads).",
    ),
    wrong_answers=wrong.ATTENTION_PER_HEAD,
)

# ---------------------------------------------------------------- 18.2 rollout


def rollout_cases() -> list[Case]:
    first, second = [[0, 1], [1, 0]], [[1, 0], [0.5, 0.5]]
    by_hand = Case(
        label="two tokens, two layers, one head", args=(_double([[first], [second]]).unsqueeze(1),)
    )
    drawn = [
        Case(
            label=f"{layers} layers, {b} images, {h} heads, {t} tokens, seed {seed}",
            args=(_weights(seed, layers, b, h, t, t),),
            gradients=True,
        )
        for layers, b, h, t, seed in ((L, B, H, T, 0), (3, 4, 2, 6, 1))
    ]
    kept = _weights(2, L, B, H, T, T)
    thinned = Case(
        label="weights below 0.1 set to 0, seed 2",
        args=(kept.masked_fill(kept < 0.1, 0.0),),
    )
    alone = Case(label="one layer", args=(_weights(3, 1, B, H, T, T),), edge=True)
    single = Case(
        label="a single image, without a batch", args=(_weights(4, 3, 2, 4, 4),), edge=True
    )
    # Before the drawn ones: where rows sum to 1, scaling at another place shows in gradients only.
    return [by_hand, thinned, *drawn, alone, single]


def rollout_sample(rng: np.random.Generator) -> Case:
    layers, b, h, t = (pick(rng, range(1, 5)) for _ in range(4))
    weights = _weights(rng, layers, b, h, t, t)
    if rng.random() < 0.3:
        weights = weights.masked_fill(weights < 0.15, 0.0)
    return Case(label="random", args=(weights,))


def rollout_oracle(weights: Tensor) -> Tensor:
    """Scale A + I by the sums of its rows and multiply the layers, from the last one downwards."""
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype)
    mixed = torch.einsum("l...hts->l...ts", weights) / weights.shape[-3] + eye
    shares = torch.einsum("...ts,...t->...ts", mixed, 1 / mixed.sum(-1))
    out = shares[-1]
    for layer in range(len(shares) - 2, -1, -1):
        out = torch.einsum("...tu,...us->...ts", out, shares[layer])
    return out


def rows_share_one(call: Any, case: Case, value: Any) -> str | None:
    """Rows are shares: they sum to 1."""
    sums = value.sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    return (
        "Each row says what one token's content is made of, so it must sum to 1. On the case "
        f"“{case.label}” the first row of yours sums to {sums.flatten()[0].item():.3f}."
    )


ROLLOUT = Exercise(
    name="rollout",
    title="Attention rollout",
    minutes=10,
    difficulty=2,
    proves="every path through the layers is followed, the residual path included, and rows stay shares",
    passed="Agrees with a product taken from the last layer downwards, gradients too, also where rows did not sum to 1.",
    cases=rollout_cases,
    sample=rollout_sample,
    oracle=rollout_oracle,
    properties=(Property(id="rows_sum_to_one", holds=rows_share_one),),
    reference="course_lib.attention.rollout.rollout",
    hints=(
        "Follow one token upwards. After layer 1 it holds half of itself and half of what the heads gathered. After "
        "layer 2 it holds half of that, and half of what others held by then. What operation adds up all such paths?",
        "out = identity\nfor each layer, the first layer first:\n    mixed = half the mean of the heads + half the "
        "identity\n    divide each row of mixed by its sum\n    out = mixed times out",
        "layer.mean(-3) averages the heads, torch.eye(T, dtype=…, device=…) is the identity, "
        "mixed / mixed.sum(-1, keepdim=True) scales the rows, and mixed @ out puts the later layer on the left.",
    ),
    wrong_answers=wrong.ROLLOUT,
)

# ---------------------------------------------------------------- 18.3 the class token's row


def class_map_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} image{'s' * bool(lead)}, a grid of {r} × {c}, "
            f"seed {seed}",
            args=(noise(seed, *lead, r * c + 1, r * c + 1), r, c),
            gradients=True,
        )
        for lead, r, c, seed in (((4,), 2, 3, 0), ((2,), 3, 4, 1), ((), 3, 2, 2))
    ]
    return [
        Case(
            label="a grid of 1 × 2 patches",
            args=(_double([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.7, 0.1, 0.2]]), 1, 2),
        ),
        *drawn,
        Case(label="one patch", args=(noise(5, 3, 2, 2), 1, 1), edge=True),
    ]


def class_map_sample(rng: np.random.Generator) -> Case:
    r, c, b = (pick(rng, range(1, 5)) for _ in range(3))
    return Case(label="random", args=(noise(rng, b, r * c + 1, r * c + 1), r, c))


def class_map_oracle(matrix: Tensor, rows: int, columns: int) -> Tensor:
    lines = [
        torch.stack([matrix[..., 0, 1 + row * columns + column] for column in range(columns)], -1)
        for row in range(rows)
    ]
    return torch.stack(lines, -2)


CLASS_MAP = Exercise(
    name="class_map",
    title="What the class token gathered",
    minutes=4,
    difficulty=1,
    proves="the class token's row, not its column, lies as the patches do",
    passed="Every patch's share stands where the patch does, on square and oblong grids.",
    cases=class_map_cases,
    sample=class_map_sample,
    oracle=class_map_oracle,
    reference="course_lib.attention.rollout.class_map",
    hints=(
        "Rows ask, columns are asked. Which row belongs to the token that the answer is read from, and which of its "
        "entries is no patch?",
        "row 0 of every matrix, without entry 0\ncut into rows of `columns` numbers each",
        "matrix[..., 0, 1:] is the row; .unflatten(-1, (rows, columns)) lays it out.",
    ),
    wrong_answers=wrong.CLASS_MAP,
)

# ---------------------------------------------------------------- 18.4 a patch map in pixels


def upsample_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))} numbers, patches of {p}, seed {seed}",
            args=(noise(seed, *shape), p),
            gradients=True,
        )
        for shape, p, seed in (((4, 2, 3), 5, 0), ((3, 2), 4, 1), ((2, 3, 4, 5), 2, 2))
    ]
    return [
        Case(label="1 × 2 numbers, patches of 2", args=(_double([[1, 2]]), 2)),
        *drawn,
        Case(label="patches of one pixel", args=(noise(3, 2, 3, 4), 1), edge=True),
    ]


def upsample_sample(rng: np.random.Generator) -> Case:
    b, r, c, p = (pick(rng, range(1, 5)) for _ in range(4))
    return Case(label="random", args=(noise(rng, b, r, c), p))


def upsample_oracle(maps: Tensor, patch: int) -> Tensor:
    """The Kronecker product with a patch of ones."""
    return torch.kron(maps, torch.ones(patch, patch, dtype=maps.dtype))


UPSAMPLE = Exercise(
    name="upsample",
    title="From patches to pixels",
    minutes=3,
    difficulty=1,
    proves="every pixel carries the number of the patch it lies in",
    passed="Agrees with the Kronecker product with a patch of ones, gradients too.",
    cases=upsample_cases,
    sample=upsample_sample,
    oracle=upsample_oracle,
    reference="course_lib.attention.maps.upsample",
    forbidden=("kron",),
    hints=(
        "Each number becomes a square of equal numbers. Do rows first, then columns.",
        "repeat each row `patch` times, in place\nrepeat each column `patch` times, in place",
        "maps.repeat_interleave(patch, dim=-2) repeats the rows; the same with dim=-1 the columns.",
    ),
    wrong_answers=wrong.UPSAMPLE,
)

# ---------------------------------------------------------------- 18.5 point hits


def _inside(seed: int | np.random.Generator, *shape: int) -> Tensor:
    return noise(seed, *shape) > 0.4


def hit_cases() -> list[Case]:
    by_hand = Case(
        label="two maps of 1 × 3 pixels, the second with a tie",
        args=(
            _double([[[0.1, 0.7, 0.2]], [[0.4, 0.2, 0.4]]]),
            torch.tensor([[[False, True, True]], [[True, False, False]]]),
        ),
    )
    drawn = [
        Case(
            label=f"{b} maps of {h} × {w}, {'with ties, ' * ties}seed {seed}",
            args=(
                noise(seed, b, h, w).abs().round() + 0.5 if ties else noise(seed, b, h, w).exp(),
                _inside(seed + 10, b, h, w),
            ),
        )
        for b, h, w, ties, seed in ((5, 3, 4, False, 0), (6, 4, 3, True, 1), (7, 5, 6, True, 2))
    ]
    flat = Case(
        label="maps that are the same everywhere",
        args=(torch.ones(2, 3, 4, dtype=DOUBLE), _inside(5, 2, 3, 4)),
        edge=True,
    )
    below = Case(
        label="maps of negative numbers",
        args=(-noise(6, 4, 3, 2).exp(), _inside(7, 4, 3, 2)),
        edge=True,
    )
    return [by_hand, *drawn, flat, below]


def hit_sample(rng: np.random.Generator) -> Case:
    b, h, w = (pick(rng, range(1, 5)) for _ in range(3))
    maps = noise(rng, b, h, w)
    maps = maps.round() if rng.random() < 0.5 else maps
    return Case(label="random", args=(maps, _inside(rng, b, h, w)))


def hit_oracle(maps: Tensor, inside: Tensor) -> Tensor:
    """Look for the largest pixels in a loop."""
    shares = []
    for one, mask in zip(maps.tolist(), inside.tolist(), strict=True):
        pixels = [
            (x, m)
            for row, line in zip(one, mask, strict=True)
            for x, m in zip(row, line, strict=True)
        ]
        top = max(x for x, _ in pixels)
        found = [m for x, m in pixels if x == top]
        shares.append(sum(found) / len(found))
    return torch.tensor(shares, dtype=maps.dtype)


POINT_HITS = Exercise(
    name="point_hits",
    title="Where a map points",
    minutes=6,
    difficulty=2,
    proves="a map scores the share of its largest pixels that lie inside, so ties win nothing",
    passed="Agrees with a search pixel by pixel, ties included.",
    cases=hit_cases,
    sample=hit_sample,
    oracle=hit_oracle,
    reference="course_lib.attention.maps.point_hits",
    hints=(
        "All 16 pixels of the strongest patch are equally large. How many pixels are largest, and how many of them "
        "lie inside?",
        "best = pixels that equal their own map's maximum\nhow many of best are inside, divided by how many are best",
        "maps.amax((-2, -1), keepdim=True) is each map's maximum; best & inside, summed over (-2, -1); turn the "
        "counts into maps.dtype.",
    ),
    wrong_answers=wrong.POINT_HITS,
)

# ---------------------------------------------------------------- 18.6 base rate


def _boxes(rng: np.random.Generator, count: int, height: int, width: int) -> Tensor:
    top, left = rng.integers(0, height, count), rng.integers(0, width, count)
    bottom = top + 1 + rng.integers(0, height - top)
    right = left + 1 + rng.integers(0, width - left)
    return torch.from_numpy(np.stack([top, left, bottom, right], axis=1))


def base_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{count} boxes on {h} × {w} pixels, seed {seed}",
            args=(_boxes(np.random.default_rng(seed), count, h, w), h, w),
        )
        for count, h, w, seed in ((5, 8, 12, 0), (7, 10, 6, 1), (3, 9, 20, 2))
    ]
    return [
        Case(
            label="boxes of 1 × 2 and 2 × 4 on 4 × 5 pixels",
            args=(torch.tensor([[0, 1, 1, 3], [2, 1, 4, 5]]), 4, 5),
        ),
        *drawn,
        Case(label="a box that is the image", args=(torch.tensor([[0, 0, 3, 4]]), 3, 4), edge=True),
    ]


def base_sample(rng: np.random.Generator) -> Case:
    count, h, w = pick(rng, range(1, 6)), pick(rng, range(1, 9)), pick(rng, range(1, 9))
    return Case(label="random", args=(_boxes(rng, count, h, w), h, w))


def base_oracle(boxes: Tensor, height: int, width: int) -> float:
    """Count pixels one by one."""
    found = 0
    for top, left, bottom, right in boxes.tolist():
        found += sum(
            top <= row < bottom and left <= column < right
            for row in range(height)
            for column in range(width)
        )
    return found / (len(boxes) * height * width)


BASE_RATE = Exercise(
    name="base_rate",
    title="What chance would hit",
    minutes=3,
    difficulty=1,
    proves="your number is the chance that a pixel drawn at random lies in its image's box",
    passed="Agrees with counting pixels one by one.",
    cases=base_cases,
    sample=base_sample,
    oracle=base_oracle,
    reference="course_lib.attention.maps.base_rate",
    device=False,
    hints=(
        "On one image, a random pixel lies in the box with the chance of the box's area over the image's. And over "
        "several images?",
        "height of each box: bottom − top; width: right − left\nmean of the areas, divided by height · width",
        "top, left, bottom, right = boxes.T takes the columns apart; integers need .double() before .mean(), and .item() "
        "makes a number of a tensor.",
    ),
    wrong_answers=wrong.BASE_RATE,
)

# ---------------------------------------------------------------- 18.7 gradient × attention


def relevance_cases() -> list[Case]:
    by_hand = Case(
        label="two tokens, two layers, one head",
        args=(
            _double([[[[0.5, 0.5], [1, 0]]], [[[0.25, 0.75], [0.5, 0.5]]]]).unsqueeze(1),
            _double([[[[2, 4], [-3, 1]]], [[[4, -4], [2, 6]]]]).unsqueeze(1),
        ),
    )
    drawn = [
        Case(
            label=f"{layers} layers, {b} images, {h} heads, {t} tokens, seed {seed}",
            args=(_weights(seed, layers, b, h, t, t), noise(seed + 10, layers, b, h, t, t)),
        )
        for layers, b, h, t, seed in ((L, B, H, T, 0), (3, 4, 2, 6, 1), (2, 3, 4, 5, 2))
    ]
    alone = Case(
        label="one layer, a single image",
        args=(_weights(3, 1, 2, 4, 4), noise(4, 1, 2, 4, 4)),
        edge=True,
    )
    return [by_hand, *drawn, alone]


def relevance_sample(rng: np.random.Generator) -> Case:
    layers, b, h, t = (pick(rng, range(1, 5)) for _ in range(4))
    shape = (layers, b, h, t, t)
    return Case(label="random", args=(_weights(rng, *shape), noise(rng, *shape)))


def relevance_oracle(weights: Tensor, gradients: Tensor) -> Tensor:
    """(I + Ā_L) ⋯ (I + Ā_1), each Ā entry by entry."""
    products = weights.double().numpy() * gradients.double().numpy()
    means = np.where(products > 0, products, 0).sum(axis=-3) / weights.shape[-3]
    eye = np.eye(weights.shape[-1])
    out = eye + means[0]
    for step in means[1:]:
        out = np.einsum("...tu,...us->...ts", eye + step, out)
    return torch.from_numpy(out).to(weights.dtype)


RELEVANCE = Exercise(
    name="relevance",
    title="Gradient × attention",
    minutes=8,
    difficulty=2,
    proves="only attention that speaks for the answer counts, head by head, through all layers",
    passed="Agrees with the product (I + Ā_L) ⋯ (I + Ā_1) in NumPy.",
    cases=relevance_cases,
    sample=relevance_sample,
    oracle=relevance_oracle,
    reference="course_lib.attention.rollout.relevance",
    hints=(
        "It is rollout with two changes: what counts as attention, and that Ā R is added to R without any scaling.",
        "R = identity\nfor each layer, the first first:\n    product = gradient times weights, entry by entry\n"
        "    negative products become 0\n    Ā = mean over the heads\n    R = R + Ā times R",
        "(gradient * layer).clamp(min=0).mean(-3) is Ā. torch.eye(T, dtype=…, device=…) starts R, and adding Ā @ R to "
        "it broadcasts over the batch.",
    ),
    wrong_answers=wrong.RELEVANCE,
)

# ---------------------------------------------------------------- 18.8 Grad-CAM


def cam_cases() -> list[Case]:
    by_hand = Case(
        label="two channels of 1 × 2 places",
        args=(_double([[[1, 2]], [[3, 0]]]), _double([[[1, 3]], [[-2, 0]]])),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))} features, seed {seed}",
            args=(noise(seed, *shape).relu(), noise(seed + 10, *shape)),
        )
        for shape, seed in (((4, 5, 2, 3), 0), ((2, 6, 4, 3), 1), ((3, 4, 5), 2))
    ]
    one = Case(label="one channel", args=(noise(3, 2, 1, 3, 4), noise(4, 2, 1, 3, 4)), edge=True)
    return [by_hand, *drawn, one]


def cam_sample(rng: np.random.Generator) -> Case:
    shape = tuple(pick(rng, range(1, 5)) for _ in range(4))
    return Case(label="random", args=(noise(rng, *shape), noise(rng, *shape)))


def cam_oracle(features: Tensor, gradients: Tensor) -> Tensor:
    """Equations 1 and 2, channel by channel."""
    f, g = features.double().numpy(), gradients.double().numpy()
    total = np.zeros(f.shape[:-3] + f.shape[-2:])
    for channel in range(f.shape[-3]):
        places = g[..., channel, :, :].reshape(*f.shape[:-3], -1)
        alpha = places.sum(-1) / places.shape[-1]
        total += alpha[..., None, None] * f[..., channel, :, :]
    return torch.from_numpy(np.where(total > 0, total, 0)).to(features.dtype)


def nowhere_negative(call: Any, case: Case, value: Any) -> str | None:
    """Grad-CAM keeps what speaks for the answer."""
    low = value.min().item()
    if low >= 0:
        return None
    return (
        "Grad-CAM keeps only places that speak for the answer, so no number is negative. On the case "
        f"“{case.label}” yours go down to {low:.3f}."
    )


GRAD_CAM = Exercise(
    name="grad_cam",
    title="Grad-CAM",
    minutes=6,
    difficulty=2,
    proves="each channel counts by the mean of its gradient, and what speaks against the answer is cut off",
    passed="Agrees with equations 1 and 2 of the paper, channel by channel in NumPy.",
    cases=cam_cases,
    sample=cam_sample,
    oracle=cam_oracle,
    properties=(Property(id="nowhere_negative", holds=nowhere_negative),),
    reference="course_lib.attention.maps.grad_cam",
    hints=(
        "One weight for each channel: how does the logit move, on average over all places, when this channel grows?",
        "alpha = mean of the gradients over both places axes, axes kept\nsum over the channels of alpha times "
        "features\nnegative numbers become 0",
        "gradients.mean((-2, -1), keepdim=True) is alpha; the channels are axis -3; .relu() ends it.",
    ),
    wrong_answers=wrong.GRAD_CAM,
)

# ---------------------------------------------------------------- 18.9 deletion and insertion


class Weighed:
    """A score with different weights for every pixel, and bends, so that every step shows."""

    def __init__(self, seed: int, height: int, width: int) -> None:
        self.weights = noise(seed, height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Return one number for each image (M, H, W)."""
        return (images * self.weights).sum((-2, -1)).tanh() + images.square().mean((-2, -1))

    def __repr__(self) -> str:
        return "a score"


def total(images: Tensor) -> Tensor:
    """The sum of the pixels of each image."""
    return images.sum((-2, -1))


def _deletion_case(seed: int, rows: int, columns: int, patch: int, *, ties: bool = False) -> Case:
    height, width = rows * patch, columns * patch
    chosen = noise(seed + 1, rows, columns)
    return Case(
        label=f"{rows} × {columns} patches of {patch}, {'with ties, ' * ties}seed {seed}",
        args=(
            Weighed(seed, height, width),
            noise(seed + 2, height, width),
            noise(seed + 3, height, width),
            chosen.round() if ties else chosen,
        ),
        edge=ties,
    )


def deletion_cases() -> list[Case]:
    by_hand = Case(
        label="two patches of one pixel, the sum as score",
        args=(total, _double([[1, 3]]), _double([[0.5, 0.5]]), _double([[0.2, 0.8]])),
    )
    return [
        by_hand,
        _deletion_case(0, 2, 3, 4),
        _deletion_case(10, 3, 2, 5),
        _deletion_case(20, 4, 5, 2),
        _deletion_case(30, 3, 4, 2, ties=True),
    ]


def deletion_sample(rng: np.random.Generator) -> Case:
    rows, columns, patch = (pick(rng, range(1, 4)) for _ in range(3))
    return _deletion_case(pick(rng, range(10**6)), rows, columns, patch, ties=rng.random() < 0.3)


def deletion_oracle(
    score: Any, image: Tensor, fill: Tensor, patch_map: Tensor
) -> tuple[Tensor, Tensor]:
    """Replace patch after patch in a loop, score one image at a time, and let NumPy integrate."""
    columns, side = patch_map.shape[1], image.shape[0] // patch_map.shape[0]
    flat = patch_map.flatten().tolist()
    left = sorted(range(len(flat)), key=lambda place: -flat[place])
    now, points = image.clone(), [score(image[None])[0].item()]
    for place in left:
        top, start = side * (place // columns), side * (place % columns)
        box = (slice(top, top + side), slice(start, start + side))
        now[box] = fill[box]
        points.append(score(now[None])[0].item())
    area = np.trapezoid(points, np.linspace(0, 1, len(points)))
    return torch.tensor(points, dtype=image.dtype), torch.tensor(area, dtype=image.dtype)


DELETION_CURVE = Exercise(
    name="deletion_curve",
    title="Deletion, and the area under it",
    minutes=12,
    difficulty=3,
    proves="patches go in order of importance, the fill replaces them, and the area is that of trapezia",
    passed="Agrees with a loop that replaces patch after patch, and with NumPy's integral.",
    cases=deletion_cases,
    sample=deletion_sample,
    oracle=deletion_oracle,
    parts=("curve", "area"),
    reference="course_lib.attention.maps.deletion_curve",
    device=False,
    hints=(
        "Give every patch its turn: 0 for the most important, N − 1 for the least. In image n of the curve, which "
        "turns are over?",
        "rank = turn of every patch, laid out as patch_map, stretched to pixels\nimage n: fill where rank < n, "
        "else the image, for n = 0 … N\ncurve = score of these N + 1 images at once\narea = sum of (left end + right "
        "end) / 2 over the steps, divided by N",
        "patch_map.flatten().argsort(descending=True, stable=True).argsort() gives the turns; "
        "torch.where(rank < torch.arange(N + 1)[:, None, None], fill, image) all the images; "
        "torch.trapezoid(curve) / N the area.",
    ),
    wrong_answers=wrong.DELETION_CURVE,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="winner",
        question="Over three trainings, which of the ViT's maps points into the lesion most often?",
        options=(
            "the last layer's attention and rollout, about equally",
            "rollout, by far",
            "gradient × attention",
        ),
        answer="the last layer's attention and rollout, about equally",
        because="Rollout hits 0.76 on average (0.73 to 0.78), the last layer 0.74 (0.66 to 0.79), gradient × attention "
        "0.58 (0.42 to 0.67). The darkest patch, which needs no model, hits 0.78.",
    ),
    Prediction(
        id="black",
        question="A scan shows a lesion. Patch after patch becomes black, the most important first. What happens to "
        "the chance of a lesion?",
        options=("it falls at once", "it falls slowly", "it stays near 1"),
        answer="it stays near 1",
        because="Lesions are dark here, so a black patch is one more lesion. Over three trainings the area under such "
        "curves is 0.99 or more for every map, and 0.08 for rollout when mean tissue takes the place of patches.",
    ),
    Prediction(
        id="marker",
        question="The third model was trained on scans where each lesion comes with a marker. A healthy scan with a "
        "marker: what does the model say?",
        options=("healthy, nearly always", "a coin toss", "lesion, nearly always"),
        answer="lesion, nearly always",
        because="With the markers turned around, the accuracy is 0.02 on average: the answer follows the marker. "
        "Nothing in training told the model which of the two it should learn, and the marker is easier.",
    ),
)
QUIZ = (
    Question(
        text="Rollout draws the same map whichever answer you ask about. Why?",
        options=(
            Option(
                text="It multiplies attention weights, and these do not depend on the answer asked about.",
                why="Neither the head nor a gradient enters, so it cannot tell evidence for from evidence "
                "against.",
                right=True,
            ),
            Option(
                text="With two answers the maps must be equal.",
                why="Gradient × attention and Grad-CAM give two different maps for the two answers.",
            ),
            Option(
                text="The class token gathers from all patches alike.",
                why="Its weights differ a lot from patch to patch.",
            ),
        ),
    ),
    Question(
        text="A map hits the lesion in 30 of 100 scans. Is that good?",
        options=(
            Option(
                text="No: most are missed.",
                why="It depends on what a map that knows nothing would hit.",
            ),
            Option(
                text="It depends on what a random map and a centre map hit.",
                why="Where lesions fill 5 % of a scan it is six times chance; where a centre map hits 40 % it is "
                "worse than not looking.",
                right=True,
            ),
            Option(text="Yes: 30 is far above 0.", why="Zero is not what chance gives."),
        ),
    ),
    Question(
        text="A deletion curve falls fast. What have you learnt?",
        options=(
            Option(
                text="The model's score depends on those patches, with this fill in their place.",
                why="It is a statement about the model and the fill, not about the disease.",
                right=True,
            ),
            Option(
                text="Those patches show the lesion.",
                why="The model that cheats has a fast curve too, when the marker goes.",
            ),
            Option(
                text="Attention is an explanation.",
                why="The curve judges one order of patches. It says nothing about how the order was found.",
            ),
        ),
    ),
    Question(
        text="Of a model that follows a marker, rollout points into the lesion on 77 % of the scans. How can that be?",
        options=(
            Option(
                text="It shows where the class token gathered, not what the answer was made from.",
                why="Tokens of the lesion may be gathered and then ignored by what follows. Changing the image and watching "
                "the answer tells the two apart.",
                right=True,
            ),
            Option(
                text="The residual path was forgotten.",
                why="It was not: your rollout agrees with the formula. The formula is what misleads.",
            ),
            Option(
                text="The model uses the lesion after all.",
                why="Turned-around markers turn 93 % of its answers around.",
            ),
        ),
    ),
    Question(
        text="Why does black make a bad fill here?",
        options=(
            Option(
                text="The model reads zeros as missing.",
                why="It has no notion of missing: zeros are numbers like others.",
            ),
            Option(
                text="Black patches look like lesions to the model.",
                why="Lesions are dark on these scans, so each deletion plants one.",
                right=True,
            ),
            Option(text="Gradients vanish at zero.", why="No gradient enters a deletion curve."),
        ),
    ),
)

LESSON = LessonSpec(
    number="18",
    slug="what_does_it_look_at",
    title="What does it look at?",
    minutes=75,
    needs=("16",),
    exercises=(
        ATTENTION_PER_HEAD,
        ROLLOUT,
        CLASS_MAP,
        UPSAMPLE,
        POINT_HITS,
        BASE_RATE,
        RELEVANCE,
        GRAD_CAM,
        DELETION_CURVE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
