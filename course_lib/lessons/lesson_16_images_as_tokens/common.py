"""What several exercises of lesson 16 share."""

import torch
import torch.nn.functional as F
from torch import Tensor

#: Images, channels, rows and columns of patches, side of a patch: no two sizes of a case alike.
GRIDS = ((2, 3, 5, 4, 2, 0), (3, 2, 2, 4, 3, 1), (2, 4, 3, 1, 5, 2), (4, 1, 2, 3, 2, 3))


def size_of(b: int, c: int, rows: int, columns: int, p: int) -> str:
    pictures = f"{b} image{'s' * (b > 1)} of {c} × {rows * p} × {columns * p}"
    return f"{pictures}, patches of {p} × {p}"


COUNTED = torch.arange(16.0).view(1, 1, 4, 4)


def patchify_oracle(images: Tensor, patch_size: int) -> Tensor:
    """`torch.nn.functional.unfold`, which puts patches into columns."""
    return F.unfold(images, patch_size, stride=patch_size).transpose(1, 2)


def kernel_oracle(kernel: Tensor, channels_last: bool = False) -> Tensor:
    """Number by number."""
    _, c, p, q = kernel.shape
    pixels = [(i, j) for i in range(p) for j in range(q)]
    if channels_last:
        order = [(k, i, j) for i, j in pixels for k in range(c)]
    else:
        order = [(k, i, j) for k in range(c) for i, j in pixels]
    return torch.stack([kernel[:, k, i, j] for k, i, j in order], dim=1)


def embed_oracle(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    """Image by image, token by token."""
    images = []
    for image in patches:
        tokens = [class_token, *image]
        images.append(torch.stack([token + places[n] for n, token in enumerate(tokens)]))
    return torch.stack(images)
