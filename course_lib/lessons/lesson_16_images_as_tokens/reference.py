"""The course's own parts of lesson 16: patches, class token, pooling, a ViT, its cost."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.models.blocks import BlockConfig, EncoderBlock


def patchify(
    images: Float[Tensor, "B C height width"], patch_size: int
) -> Float[Tensor, "B N pixels"]:
    """Cut images into squares and return each as a row: (B, N, C · patch_size²).

    Patches are numbered by rows of the image; in a row of the result channel 0 stands first, its
    pixels by rows, then channel 1.

    Paper: Dosovitskiy et al. 2021, §3.1.

    >>> patchify(torch.arange(8.0).view(1, 1, 2, 4), 2).tolist()
    [[[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]]
    """
    batch, channels, height, width = images.shape
    p, rows, columns = patch_size, height // patch_size, width // patch_size
    x = images.reshape(batch, channels, rows, p, columns, p)
    x = x.permute(0, 2, 4, 1, 3, 5)  # (B, rows, columns, C, p, p)
    return x.reshape(batch, rows * columns, channels * p * p)


def unpatchify(
    patches: Float[Tensor, "B N pixels"], patch_size: int, height: int, width: int
) -> Float[Tensor, "B C height width"]:
    """Put the rows of `patchify` together again: (B, C, height, width).

    >>> rows = torch.tensor([[[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]])
    >>> unpatchify(rows, 2, height=2, width=4).tolist()
    [[[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]]]
    """
    p, rows, columns = patch_size, height // patch_size, width // patch_size
    x = patches.reshape(len(patches), rows, columns, -1, p, p)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)


def patches_by_convolution(
    images: Float[Tensor, "B C height width"],
    weight: Float[Tensor, "d_model pixels"],
    bias: Float[Tensor, " d_model"],
    patch_size: int,
) -> Float[Tensor, "B N d_model"]:
    """Return `linear(patchify(images))`, computed by one convolution with the same numbers.

    Paper: Dosovitskiy et al. 2021, §3.1.

    Args:
        images: whose sides patch_size divides.
        weight: of the linear layer, as `nn.Linear` keeps it; pixels = C · patch_size².
        bias: of the linear layer.
        patch_size: side of a patch.
    """
    kernel = weight.unflatten(1, (images.shape[1], patch_size, patch_size))
    out = F.conv2d(images, kernel, bias, stride=patch_size)
    return out.flatten(2).mT


def linear_from_kernel(
    kernel: Float[Tensor, "d_model C p p"], channels_last: bool = False
) -> Float[Tensor, "d_model pixels"]:
    """Return the weight of the linear layer that does on patches what the convolution does.

    Args:
        kernel: of a convolution whose stride is its width.
        channels_last: whether the layer's inputs list the channels of a pixel side by side.

    >>> kernel = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]]])
    >>> linear_from_kernel(kernel, channels_last=True).tolist()
    [[0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0]]
    """
    return (kernel.permute(0, 2, 3, 1) if channels_last else kernel).flatten(1)


def embed(
    patches: Float[Tensor, "B N d_model"],
    class_token: Float[Tensor, " d_model"],
    places: Float[Tensor, "T d_model"],
) -> Float[Tensor, "B T d_model"]:
    """Put the class token before the patches of every image, then add a position to each token.

    Paper: Dosovitskiy et al. 2021, §3.1, equation 1.

    >>> x = torch.tensor([[[1.0], [2.0]]])
    >>> embed(x, torch.tensor([7.0]), torch.tensor([[100.0], [200.0], [300.0]])).flatten().tolist()
    [107.0, 201.0, 302.0]
    """
    first = class_token.expand(len(patches), 1, -1)
    return torch.cat([first, patches], dim=1) + places


def pool(
    x: Float[Tensor, "B T d_model"], how: Literal["class", "mean"] = "class"
) -> Float[Tensor, "B d_model"]:
    """Return the one row of each image that its answer is read from.

    Paper: Dosovitskiy et al. 2021, §3.1, equation 4, and appendix D.3 (the mean).

    Args:
        x: the class token and the patches.
        how: "class", or "mean" for the mean of the patches.

    >>> x = torch.tensor([[[9.0], [1.0], [3.0]]])
    >>> pool(x).item(), pool(x, "mean").item()
    (9.0, 2.0)
    """
    return x[:, 0] if how == "class" else x[:, 1:].mean(1)


class ViT(nn.Module):
    """Cut, embed, read by an encoder, and answer from the class token.

    Paper: Dosovitskiy et al. 2021, §3.1, equations 1 to 4.

    Args:
        n_patches: of an image.
        patch_size: side of a patch.
        n_channels: of an image.
        n_classes: how many answers there are.
        d_model, n_heads, n_layers, d_ff: of the encoder.
    """

    def __init__(
        self,
        n_patches: int,
        patch_size: int,
        n_channels: int,
        n_classes: int,
        d_model: int,
        n_heads: int,
        n_layers: int,
        d_ff: int,
    ) -> None:
        super().__init__()
        config = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, eps=1e-6)
        self.patches = nn.Conv2d(n_channels, d_model, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        self.places = nn.Parameter(0.02 * torch.randn(n_patches + 1, d_model))
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.head = nn.Linear(d_model, n_classes)

    def forward(self, images: Float[Tensor, "B C height width"]) -> Float[Tensor, "B n_classes"]:
        """Return the logits of the classes."""
        x = embed(self.patches(images).flatten(2).mT, self.class_token, self.places)
        for block in self.blocks:
            x = block(x)
        return self.head(pool(self.norm(x)))


def vit_cost(
    n_patches: int,
    patch_size: int,
    n_channels: int,
    n_classes: int,
    d_model: int,
    n_layers: int,
    d_ff: int,
) -> tuple[int, int]:
    """Return the parameters of a ViT, and the FLOPs of its forward pass on one image.

    A product of an (m, k) and a (k, n) matrix costs 2 m k n; sums, norms and activations are left
    out, as PyTorch's counter does.

    >>> vit_cost(4, patch_size=2, n_channels=1, n_classes=3, d_model=2, n_layers=1, d_ff=3)
    (84, 556)
    """
    n_tokens, pixels = n_patches + 1, n_channels * patch_size**2
    weights = 4 * d_model * d_model + 2 * d_model * d_ff
    block = weights + 4 * d_model + d_ff + d_model + 2 * 2 * d_model
    parameters = pixels * d_model + d_model + d_model + n_tokens * d_model
    parameters += n_layers * block + 2 * d_model + d_model * n_classes + n_classes
    meetings = 2 * 2 * n_tokens * n_tokens * d_model
    flops = 2 * n_patches * pixels * d_model + 2 * d_model * n_classes
    return parameters, flops + n_layers * (2 * n_tokens * weights + meetings)
