"""Mistakes in lesson 16, spelt otherwise, and near ones that no list holds."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from course_lib.lessons.lesson_16_images_as_tokens import reference as right
from course_lib.models.blocks import BlockConfig, EncoderBlock


def cut(pattern):
    return lambda images, patch_size: rearrange(images, pattern, p=patch_size, q=patch_size)


def joined(pattern):
    def answer(patches, patch_size, height, width):
        sizes = {"p": patch_size, "q": patch_size, "m": height // patch_size}
        return rearrange(patches, pattern, n=width // patch_size, **sizes)

    return answer


def slices(images, patch_size, across=True, pixels=lambda patch: patch):
    rows = range(0, images.shape[2], patch_size)
    columns = range(0, images.shape[3], patch_size)
    corners = [(i, j) for i in rows for j in columns]
    corners = corners if across else [(i, j) for j in columns for i in rows]
    found = [images[:, :, i : i + patch_size, j : j + patch_size] for i, j in corners]
    return torch.stack([pixels(patch).flatten(1) for patch in found], 1)


def backwards(images, patch_size):
    return right.patchify(images, patch_size).flip(1)


def row_by_row(patches, patch_size, height, width):
    """Lay whole rows of patches, one number row at a time, from the last."""
    return right.unpatchify(patches.flip(1), patch_size, height, width)


def convolved(split="d (c p q) -> d c p q", tokens="b d m n -> b (m n) d", step=1, bias_on=True):
    def answer(images, weight, bias, patch_size):
        kernel = rearrange(weight, split, p=patch_size, q=patch_size)
        out = F.conv2d(images, kernel, stride=patch_size if step else 1)
        out = out + bias[:, None, None] if bias_on else out
        return rearrange(out, tokens)

    return answer


def bias_twice(images, weight, bias, patch_size):
    return convolved()(images, weight, bias, patch_size) + bias


def kernel_rows(first, last):
    return lambda kernel, channels_last=False: rearrange(kernel, last if channels_last else first)


def turned_kernels(kernel, channels_last=False):
    return right.linear_from_kernel(kernel.flip(-1, -2), channels_last)


def swapped_channels(kernel, channels_last=False):
    return right.linear_from_kernel(kernel.flip(1), channels_last)


def filled(place=0, at=None, first=None):
    def answer(patches, class_token, places):
        b, n, d = patches.shape
        out = patches.new_zeros(b, n + 1, d)
        out = (
            torch.cat([out[:, :1] + class_token, patches], 1)
            if place == 0
            else torch.cat([patches, out[:, :1] + class_token], 1)
        )
        return out + (places if at is None else at(places))

    return answer


def without_last(places):
    return torch.cat([torch.zeros_like(places[:1]), places[1:]])


def first_alone(places):
    return torch.cat([places[:1], torch.zeros_like(places[1:])])


def stretched(mode="bicubic", corners=lambda given: given, size=lambda grid: grid, head=None):
    def answer(places, grid, align_corners=False):
        side = int((places.shape[0] - 1) ** 0.5 + 0.5)
        x = rearrange(places[1:], "(r c) d -> 1 d r c", r=side)
        option = {} if mode in ("nearest", "area") else {"align_corners": corners(align_corners)}
        x = F.interpolate(x, size=size(tuple(grid)), mode=mode, **option)
        x = rearrange(x, "1 d r c -> (r c) d")
        return torch.vstack([places[0] if head is None else head(places), x])

    return answer


def class_row_gone(places, grid, align_corners=False):
    return stretched()(places, grid, align_corners)[1:]


def pooled(first=lambda x: x[:, 0, :], mean=lambda x: torch.mean(x[:, 1:, :], 1)):
    return lambda x, how="class": mean(x) if how == "mean" else first(x)


class Whole(nn.Module):
    def __init__(
        self, n_patches, patch_size, n_channels, n_classes, d_model, n_heads, n_layers, d_ff
    ):
        super().__init__()
        config = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, eps=1e-6)
        self.patches = nn.Conv2d(n_channels, d_model, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        self.places = nn.Parameter(0.02 * torch.randn(n_patches + 1, d_model))
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.head = nn.Linear(d_model, n_classes)

    def tokens(self, images):
        x = rearrange(self.patches(images), "b d r c -> b (r c) d")
        token = self.class_token.repeat(len(x), 1, 1)
        return torch.cat([token, x], 1) + self.places

    def through(self, x):
        for block in self.blocks:
            x = block(x)
        return x

    def answer(self, x):
        return self.head(self.norm(x[:, 0]))

    def forward(self, images):
        return self.answer(self.through(self.tokens(images)))


def vit(**changed):
    return type("ViT", (Whole,), changed)


def each_reads_the_embedding(self, x):
    for block in self.blocks:
        out = block(x)
    return out


def summed_blocks(self, x):
    return sum(block(x) for block in self.blocks)


def looks_back(self, x):
    t = x.shape[1]
    mask = torch.arange(t)[:, None] >= torch.arange(t)
    for block in self.blocks:
        x = block(x, mask)
    return x


def residual(self, x):
    for block in self.blocks:
        x = torch.add(x, block(x))
    return x


def half_the_places(self, images):
    x = rearrange(self.patches(images), "b d r c -> b (r c) d")
    token = self.class_token.repeat(len(x), 1, 1)
    return torch.cat([token, x + self.places[1:]], 1)


def cost(**off):
    def answer(n_patches, patch_size, n_channels, n_classes, d_model, n_layers, d_ff):
        k = {"token": 1, "places": 1, "norms": 2, "biases": 1, "meet": 1, "pairs": 2, "head": 1}
        k |= {"layers": n_layers, "third": 4} | off
        t, d, pixels = n_patches + k["token"], d_model, n_channels * patch_size * patch_size
        block = k["third"] * d * d + 4 * d * k["biases"]
        block += 2 * d * d_ff + (d_ff + d) * k["biases"] + k["norms"] * 2 * d
        parameters = pixels * d + d + d + (n_patches + 1) * d * k["places"] + n_layers * block
        parameters += 2 * d + (d * n_classes + n_classes) * k["head"]
        products = n_patches * pixels * d + d * n_classes
        inner = k["third"] * t * d * d + 2 * t * d * d_ff + 2 * t * t * d * k["meet"]
        return parameters, k["pairs"] * (products + n_layers * inner)

    return answer


SPELT = {
    "patchify": {
        "columns_first": [
            cut("b c (m p) (n q) -> b (n m) (c p q)"),
            lambda *a: slices(*a, across=False),
        ],
        "channels_last": [cut("b c (m p) (n q) -> b (m n) (p q c)")],
        "plain_reshape": [lambda x, p: x.flatten().view(len(x), -1, x.size(1) * p * p)],
        "pixels_transposed": [lambda *a: slices(*a, pixels=lambda patch: patch.mT)],
    },
    "unpatchify": {
        "columns_first": [joined("b (n m) (c p q) -> b c (m p) (n q)")],
        "channels_last": [joined("b (m n) (p q c) -> b c (m p) (n q)")],
        "pixels_transposed": [joined("b (m n) (c q p) -> b c (m p) (n q)")],
        "scattered": [joined("b (m n) (c p q) -> b c (p m) (q n)")],
    },
    "patches_by_convolution": {
        "channels_last": [convolved(split="d (p q c) -> d c p q")],
        "stride_one": [convolved(step=0)],
        "bias_missing": [convolved(bias_on=False)],
        "columns_first": [convolved(tokens="b d m n -> b (n m) d")],
        "channels_second": [convolved(tokens="b d m n -> b d (m n)")],
    },
    "linear_from_kernel": {
        "option_ignored": [kernel_rows("d c p q -> d (c p q)", "d c p q -> d (c p q)")],
        "always_last": [kernel_rows("d c p q -> d (p q c)", "d c p q -> d (p q c)")],
        "option_reversed": [kernel_rows("d c p q -> d (p q c)", "d c p q -> d (c p q)")],
    },
    "embed": {
        "class_at_the_end": [filled(place=1)],
        "no_places": [filled(at=torch.zeros_like)],
        "places_shifted": [
            lambda p, c, t: filled(at=lambda w: torch.cat([0 * w[:1], w[:-1]]))(p, c, t)
        ],
        "places_before_the_class_token": [filled(at=without_last)],
    },
    "resize_places": {
        "always_false": [stretched(corners=lambda given: None)],
        "bilinear": [stretched(mode="bilinear")],
        "class_row_dropped": [class_row_gone],
        "class_row_zero": [stretched(head=lambda places: torch.zeros_like(places[0]))],
        "always_true": [stretched(corners=lambda given: True)],
    },
    "pool": {
        "class_token_in_the_mean": [pooled(mean=lambda x: x.sum(1) / x.size(1))],
        "last_token": [pooled(first=lambda x: x.select(1, -1))],
        "axis_kept": [pooled(lambda x: x.narrow(1, 0, 1), lambda x: x[:, 1:].mean(1)[:, None])],
        "exchanged": [pooled(lambda x: x[:, 1:].mean(dim=-2), lambda x: x[:, 0])],
    },
    "ViT": {
        "not_chained": [vit(through=each_reads_the_embedding)],
        "causal": [vit(through=looks_back)],
        "no_last_norm": [vit(answer=lambda self, x: self.head(x[:, 0]))],
        "mean_of_patches": [vit(answer=lambda self, x: self.head(self.norm(x)[:, 1:].mean(1)))],
        "added_once_more": [vit(through=residual)],
        "places_before_the_class_token": [vit(tokens=half_the_places)],
    },
    "vit_cost": {
        "n_tokens": [cost(token=0)],
        "no_places": [cost(places=0)],
        "no_meetings": [cost(meet=0)],
        "multiplications_only": [cost(pairs=1)],
        "no_block_biases": [cost(biases=0)],
        "no_block_norms": [cost(norms=0)],
    },
}

NEAR = {
    "patchify": [backwards, cut("b c (m p) (n q) -> b (m n) (p c q)")],
    "unpatchify": [row_by_row, joined("b (m n) (p c q) -> b c (m p) (n q)")],
    "patches_by_convolution": [bias_twice, convolved(split="d (p c q) -> d c p q")],
    "linear_from_kernel": [turned_kernels, swapped_channels],
    "embed": [filled(at=first_alone), filled(at=lambda places: places.flip(0))],
    "resize_places": [stretched(mode="area"), stretched(head=lambda places: places.mean(0))],
    "pool": [
        pooled(mean=lambda x: x[:, 1:].median(1).values),
        pooled(mean=lambda x: (x[:, :1] + x[:, 1:]).mean(1)),
    ],
    "ViT": [
        vit(through=summed_blocks),
        vit(answer=lambda self, x: self.head(self.norm(x).amax(1))),
    ],
    "vit_cost": [cost(third=3), cost(head=2)],
}
