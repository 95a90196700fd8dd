"""A model that looks at a canvas through a small window, several times, and chooses where."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

#: Side of the canvas and of the window, and how far apart windows lie, in pixels.
CANVAS, WINDOW, STEP = 24, 8, 4


class Thought(NamedTuple):
    """What the model makes of what it has seen.

    Args:
        scores: (B, 25) of the places to look at next, before the softmax.
        logits: (B, 10) of the digits.
        worth: (B,) the reward it expects, a baseline.
    """

    scores: Tensor
    logits: Tensor
    worth: Tensor


def windows() -> Bool[Tensor, "N size size"]:
    """Return a mask for each of the 5 × 5 places: True where its 8 × 8 window lies.

    >>> windows().shape, windows()[6, 4:12, 4:12].all().item()
    (torch.Size([25, 24, 24]), True)
    """
    starts = torch.arange(0, CANVAS - WINDOW + 1, STEP)
    steps = torch.arange(CANVAS)
    inside = (steps >= starts[:, None]) & (steps < starts[:, None] + WINDOW)
    return (inside[:, None, :, None] & inside[None, :, None, :]).flatten(0, 1)


def what_is_seen(
    images: Float[Tensor, "B size size"], seen: Bool[Tensor, "B size size"]
) -> Float[Tensor, "B 3 size size"]:
    """Return three layers: the pixels seen, which those are, and a thumbnail of 6 × 6 means."""
    thumbnail = F.avg_pool2d(images.unsqueeze(1), STEP)
    blurred = F.interpolate(thumbnail, size=images.shape[-1]).squeeze(1)
    return torch.stack([images * seen, seen.to(images.dtype), blurred], dim=1)


class GlimpseModel(nn.Module):
    """Two convolutions over what has been seen; three heads: where next, which digit, how sure.

    Paper: Mnih et al. 2014, §3, whose model keeps a recurrent state where this one keeps the
    pixels themselves.
    """

    def __init__(self, channels: int = 12, width: int = 96) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, channels, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * channels * (CANVAS // 4) ** 2, width),
            nn.ReLU(),
        )
        self.where = nn.Linear(width, len(windows()))
        self.which = nn.Linear(width, 10)
        self.worth = nn.Linear(width, 1)

    def forward(
        self, images: Float[Tensor, "B size size"], seen: Bool[Tensor, "B size size"]
    ) -> Thought:
        hidden = self.body(what_is_seen(images, seen))
        # The baseline learns from a state that it does not shape.
        worth = self.worth(hidden.detach()).squeeze(-1)
        return Thought(self.where(hidden), self.which(hidden), worth)


def look(
    seen: Bool[Tensor, "B size size"], places: Int[Tensor, " B"]
) -> Bool[Tensor, "B size size"]:
    """Return what is seen after one more glimpse of each canvas."""
    return seen | windows().to(seen.device)[places]
