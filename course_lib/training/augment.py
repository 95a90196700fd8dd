"""Pictures prepared on the device, a batch at a time: shifts, mirrors, mixtures, statistics.

torchvision's `v2` transforms draw once for a whole batch of tensors. Here every image of a batch
gets its own draw, which is what regularises.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Real
from torch import Tensor


def standardise(
    images: Float[Tensor, "B C H W"], training: Float[Tensor, "N C H2 W2"]
) -> Float[Tensor, "B C H W"]:
    """Subtract the training set's mean from each channel and divide by its standard deviation.

    Args:
        images: to be standardised: of training or of test.
        training: all images of the training set, on the same scale.

    >>> standardise(torch.full((1, 1, 1, 1), 5.0), torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)).item()
    3.0
    """
    mean = training.mean((0, 2, 3))[:, None, None]
    spread = training.std((0, 2, 3), correction=0)[:, None, None]
    return (images - mean) / spread


def crop_and_flip(
    images: Real[Tensor, "B C H W"],
    corners: Int[Tensor, "B 2"],
    flips: Bool[Tensor, " B"],
    padding: int,
) -> Real[Tensor, "B C H W"]:
    """Cut every image out of its own place in a frame of zeros, and mirror those that are told.

    Args:
        images: any numbers, bytes too.
        corners: row and column where the window begins, each from 0 to 2 · padding; `padding` and
            `padding` leave an image where it was.
        flips: which windows are mirrored, left to right, afterwards.
        padding: width of the frame.

    >>> row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    >>> crop_and_flip(row, torch.tensor([[1, 2]]), torch.tensor([True]), padding=1).tolist()
    [[[[0.0, 3.0, 2.0]]]]
    """
    height, width = images.shape[2:]
    framed = F.pad(images, (padding,) * 4)
    rows = corners[:, :1] + torch.arange(height, device=images.device)
    columns = corners[:, 1:] + torch.arange(width, device=images.device)
    columns = torch.where(flips[:, None], columns.flip(1), columns)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    return framed[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def draw_windows(
    n: int,
    padding: int,
    flip: bool,
    generator: torch.Generator | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Int[Tensor, "B 2"], Bool[Tensor, " B"]]:
    """Draw corners and mirrors for `n` images, as `crop_and_flip` takes them.

    Args:
        n: how many images.
        padding: how far an image may move.
        flip: whether half of them are mirrored; digits may not be.
        generator: of the draws, on `device`.
        device: where the draws lie.
    """
    corners = torch.randint(2 * padding + 1, (n, 2), generator=generator, device=device)
    flips = torch.rand(n, generator=generator, device=device) < (0.5 if flip else 0.0)
    return corners, flips


def random_crop_and_flip(
    images: Real[Tensor, "B C H W"],
    padding: int,
    flip: bool,
    generator: torch.Generator | None = None,
) -> Real[Tensor, "B C H W"]:
    """Draw a place for every image, and for half of them a mirror; see `draw_windows`."""
    draws = draw_windows(len(images), padding, flip, generator, images.device)
    return crop_and_flip(images, *draws, padding)


def mixup(
    images: Float[Tensor, "B C H W"],
    labels: Int[Tensor, " B"],
    share: float,
    partners: Int[Tensor, " B"],
    n_classes: int,
) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B K"]]:
    """Mix every image with its partner's, and what each shows by the same shares.

    Paper: Zhang et al. 2018, §2.

    Args:
        images: a batch.
        labels: what each shows.
        share: λ, how much of an image is its own; its partner gives 1 − λ.
        partners: a permutation of the batch.
        n_classes: how many labels there are.

    >>> images = torch.tensor([8.0, 4.0]).view(2, 1, 1, 1)
    >>> mixed, targets = mixup(images, torch.tensor([0, 2]), 0.75, torch.tensor([1, 0]), 3)
    >>> mixed.flatten().tolist(), targets.tolist()
    ([7.0, 5.0], [[0.75, 0.0, 0.25], [0.25, 0.0, 0.75]])
    """
    targets = F.one_hot(labels, n_classes).to(images.dtype)
    mixed = share * images + (1 - share) * images[partners]
    return mixed, share * targets + (1 - share) * targets[partners]
