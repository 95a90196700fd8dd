"""Batches of images that lie on the device as bytes.

They are cut from all images, moved, mirrored, mixed and standardised there, so that nothing waits
for a disk or for another process.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from course_lib.data.images import Images
from course_lib.training.augment import crop_and_flip, draw_windows, mixup
from course_lib.training.batches import drawn, epochs
from course_lib.training.scale import device
from course_lib.training.vision_recipes import Recipe

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Transform

#: Parts of a batch that torchvision's RandAugment treats apart: it draws once for each call.
_PARTS = 16


class Views:
    """The batches of one training: `views(step)`, a function of seed and step, on the device.

    Args:
        images: to learn from.
        used: how they are changed.
        seed: of the order and of every draw.
        to: the device that they lie on.
        cut: moves and mirrors, with the arguments of `augment.crop_and_flip`.
        mix: lays images over each other, with the arguments of `augment.mixup`.
    """

    def __init__(
        self,
        images: Images,
        used: Recipe,
        seed: int = 0,
        to: torch.device | None = None,
        *,
        cut: Callable[..., Tensor] = crop_and_flip,
        mix: Callable[..., tuple[Tensor, Tensor]] = mixup,
    ) -> None:
        to = device() if to is None else to
        self.cut, self.mix = cut, mix
        self.used, self.seed, self.n_classes = used, seed, len(images.classes)
        self.pixels, self.labels = images.pixels.to(to), images.labels.to(to)
        self.mean, self.spread = channel_statistics(self.pixels)
        self.rows = epochs(len(images), min(used.batch, len(images)), seed)
        self.augment = _rand_augment() if used.rand_augment else None

    def __call__(self, step: int) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B K"]]:
        """Return images and targets of a step."""
        used, to = self.used, self.pixels.device
        rows = self.rows(step).to(to, non_blocking=True)
        generator = torch.Generator(to).manual_seed(1_000_003 * self.seed + step)
        images = self._augmented(self.pixels[rows])
        windows = draw_windows(len(rows), used.padding, used.flip, generator, to)
        images = self.cut(images, *windows, used.padding)
        images, labels = self.standardised(images), self.labels[rows]
        if not used.mixup:
            return images, F.one_hot(labels, self.n_classes).float()
        share = float(drawn(self.seed, step, 1).beta(used.mixup, used.mixup))
        partners = torch.randperm(len(rows), generator=generator, device=to)
        return self.mix(images, labels, share, partners, self.n_classes)

    def standardised(self, pixels: UInt8[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Return bytes as floats, standardised by the training set."""
        from torchvision.transforms.v2 import functional

        as_floats = functional.to_dtype(pixels, torch.float32, scale=True)
        return functional.normalize(as_floats, self.mean, self.spread)

    def _augmented(self, pixels: UInt8[Tensor, "B C H W"]) -> UInt8[Tensor, "B C H W"]:
        if self.augment is None:
            return pixels
        return torch.cat([self.augment(part) for part in pixels.chunk(_PARTS)])


def channel_statistics(pixels: UInt8[Tensor, "N C H W"]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel, of pixels from 0 to 1.

    >>> channel_statistics(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1))
    ([0.5], [0.5])
    """
    means, spreads = [], []
    for channel in pixels.unbind(1):
        values = channel.float().double() if channel.device.type == "cpu" else channel.float()
        means.append(values.mean().item() / 255)
        spreads.append(values.std(correction=0).item() / 255)
    return means, spreads


def _rand_augment() -> "Transform":
    from torchvision.transforms import v2

    return v2.RandAugment(num_ops=2, magnitude=9)
