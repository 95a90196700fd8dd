"""Right answers to lesson 16, written another way."""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from course_lib.models.blocks import BlockConfig, EncoderBlock


def patchify_by_einops(images, patch_size):
    how = "b c (r p) (s q) -> b (r s) (c p q)"
    return rearrange(images, how, p=patch_size, q=patch_size)


def patchify_by_loops(images, patch_size):
    p, (_, _, h, w) = patch_size, images.shape
    patches = [
        images[:, :, top : top + p, left : left + p].flatten(1)
        for top in range(0, h, p)
        for left in range(0, w, p)
    ]
    return torch.stack(patches, dim=1)


def patchify_by_chunks(images, patch_size):
    strips = images.split(patch_size, dim=-2)
    squares = [square for strip in strips for square in strip.split(patch_size, dim=-1)]
    return torch.stack([square.reshape(len(images), -1) for square in squares], 1)


def unpatchify_by_einops(patches, patch_size, height, width):
    how = "b (r s) (c p q) -> b c (r p) (s q)"
    p = patch_size
    return rearrange(patches, how, r=height // p, s=width // p, p=p, q=p)


def unpatchify_by_loops(patches, patch_size, height, width):
    b, _, pixels = patches.shape
    p, c = patch_size, pixels // patch_size**2
    image = patches.new_zeros(b, c, height, width)
    for n in range(patches.shape[1]):
        top, left = (n // (width // p)) * p, (n % (width // p)) * p
        image[:, :, top : top + p, left : left + p] = patches[:, n].view(b, c, p, p)
    return image


def convolution_by_permute(images, weight, bias, patch_size):
    d, c = len(weight), images.shape[1]
    out = F.conv2d(images, weight.view(d, c, patch_size, patch_size), stride=patch_size)
    return out.permute(0, 2, 3, 1).reshape(len(images), -1, d) + bias


def convolution_by_module(images, weight, bias, patch_size):
    kernel = rearrange(weight, "d (c p q) -> d c p q", p=patch_size, q=patch_size)
    out = torch.conv2d(images, kernel, bias, (patch_size, patch_size))
    return rearrange(out, "b d r s -> b (r s) d")


def linear_by_einops(kernel, channels_last=False):
    order = "d c p q -> d (p q c)" if channels_last else "d c p q -> d (c p q)"
    return rearrange(kernel, order)


def linear_by_movedim(kernel, channels_last=False):
    moved = kernel.movedim(1, -1) if channels_last else kernel
    return moved.reshape(len(kernel), -1)


def embed_by_repeat(patches, class_token, places):
    first = class_token.repeat(patches.shape[0], 1).unsqueeze(1)
    return torch.cat((first, patches), 1) + places.unsqueeze(0)


def embed_by_parts(patches, class_token, places):
    x = patches.new_empty(len(patches), patches.shape[1] + 1, patches.shape[2])
    x[:, 0] = class_token + places[0]
    x[:, 1:] = patches + places[1:]
    return x


def embed_by_stack(patches, class_token, places):
    return torch.stack([torch.vstack([class_token, image]) + places for image in patches])


def resize_by_permute(places, grid, align_corners=False):
    first, rest = places.split([1, len(places) - 1])
    side = math.isqrt(len(rest))
    square = rest.reshape(1, side, side, -1).permute(0, 3, 1, 2)
    new = F.interpolate(square, size=grid, mode="bicubic", align_corners=align_corners)
    return torch.vstack([first, new.permute(0, 2, 3, 1).reshape(-1, places.shape[1])])


def resize_by_upsample(places, grid, align_corners=False):
    side = int((len(places) - 1) ** 0.5)
    make = nn.Upsample(size=tuple(grid), mode="bicubic", align_corners=align_corners)
    new = make(rearrange(places[1:], "(r s) d -> 1 d r s", r=side))
    return torch.cat([places[:1], rearrange(new, "1 d r s -> (r s) d")])


def pool_by_select(x, how="class"):
    if how == "class":
        return x.select(1, 0)
    return x.narrow(1, 1, x.shape[1] - 1).mean(dim=1)


def pool_by_sums(x, how="class"):
    first = x[:, 0, :]
    return first if how == "class" else (x.sum(1) - first) / (x.shape[1] - 1)


class _Parts(nn.Module):
    def __init__(
        self, n_patches, patch_size, n_channels, n_classes, d_model, n_heads, n_layers, d_ff
    ):
        super().__init__()
        config = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, eps=1e-6)
        self.patches = nn.Conv2d(n_channels, d_model, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        self.places = nn.Parameter(torch.zeros(n_patches + 1, d_model))
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.head = nn.Linear(d_model, n_classes)


class ViTByPoolingFirst(_Parts):
    """Norms the one row that is read: the others are not needed."""

    def forward(self, images):
        x = rearrange(self.patches(images), "b d r s -> b (r s) d")
        x = embed_by_repeat(x, self.class_token, self.places)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))


class ViTByLinear(_Parts):
    """Cuts with loops and projects with the kernel as a matrix."""

    def forward(self, images):
        rows = patchify_by_loops(images, self.patches.kernel_size[0])
        x = rows @ self.patches.weight.flatten(1).T + self.patches.bias
        x = nn.Sequential(*self.blocks)(embed_by_parts(x, self.class_token, self.places))
        return self.head(pool_by_sums(self.norm(x)))


def cost_by_name(n_patches, patch_size, n_channels, n_classes, d_model, n_layers, d_ff):
    d, t, row = d_model, n_patches + 1, n_channels * patch_size**2
    parameters = {
        "patches": (row + 1) * d,
        "tokens": d + t * d,
        "blocks": n_layers * (4 * d * (d + 1) + d_ff * (2 * d + 1) + d + 4 * d),
        "end": 2 * d + (d + 1) * n_classes,
    }
    flops = {
        "patches": 2 * n_patches * row * d,
        "blocks": n_layers * (8 * t * d * d + 4 * t * d * d_ff + 4 * t * t * d),
        "head": 2 * d * n_classes,
    }
    return sum(parameters.values()), sum(flops.values())


def cost_from_shapes(n_patches, patch_size, n_channels, n_classes, d_model, n_layers, d_ff):
    t, d = n_patches + 1, d_model
    inside = [(t, d, d)] * 4 + [(t, d, d_ff), (t, d_ff, d)]
    layers = [(n_patches, n_channels * patch_size**2, d), *inside * n_layers, (1, d, n_classes)]
    parameters = sum(i * o + o for _, i, o in layers) + d * (1 + t) + 2 * d * (2 * n_layers + 1)
    flops = sum(2 * rows * i * o for rows, i, o in layers) + 4 * n_layers * t**2 * d
    return [parameters, flops]


RIGHT = {
    "patchify": [patchify_by_einops, patchify_by_loops, patchify_by_chunks],
    "unpatchify": [unpatchify_by_einops, unpatchify_by_loops],
    "patches_by_convolution": [convolution_by_permute, convolution_by_module],
    "linear_from_kernel": [linear_by_einops, linear_by_movedim],
    "embed": [embed_by_repeat, embed_by_parts, embed_by_stack],
    "resize_places": [resize_by_permute, resize_by_upsample],
    "pool": [pool_by_select, pool_by_sums],
    "ViT": [ViTByPoolingFirst, ViTByLinear],
    "vit_cost": [cost_by_name, cost_from_shapes],
}
