"""A model that looks at a canvas through a small window, several times, and chooses where."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

#: Side of the canvas and of the window, how far apart windows lie, and places in a row.
CANVAS, WINDOW, STEP, PLACES = 24, 8, 4, 5


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


def crops(images: Float[Tensor, "B size size"]) -> Float[Tensor, "B N pixels"]:
    """Return what is seen at each of the 25 places: 64 pixels.

    >>> crops(torch.ones(2, 24, 24)).shape
    torch.Size([2, 25, 64])
    """
    cut = images.unfold(1, WINDOW, STEP).unfold(2, WINDOW, STEP)
    return rearrange(cut, "b row column height width -> b (row column) (height width)")


def thumbnail(images: Float[Tensor, "B size size"]) -> Float[Tensor, "B pixels"]:
    """Return 6 × 6 means of 4 × 4 pixels: all that is known before the first glimpse."""
    return F.avg_pool2d(images.unsqueeze(1), STEP).flatten(1)


class GlimpseModel(nn.Module):
    """Read a thumbnail, then glimpses; after each, say where next, which digit, how sure.

    Paper: Mnih et al. 2014, §3: a glimpse network, a recurrent core, and heads for the next place
    and for the answer. Soft glimpses: Xu et al. 2015, §4.2.
    """

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        n_places = PLACES**2
        self.overview = nn.Linear((CANVAS // STEP) ** 2, width)
        self.glimpse = nn.Sequential(
            nn.Linear(WINDOW**2, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.place = nn.Embedding(n_places, width)
        nn.init.normal_(self.place.weight, std=0.1)
        self.carry = nn.Linear(width, width)
        self.where = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, n_places))
        self.which = nn.Linear(width, 10)
        self.worth = nn.Linear(width, 1)

    def start(self, images: Float[Tensor, "B size size"]) -> Float[Tensor, "B width"]:
        """Return the state before the first glimpse."""
        return torch.relu(self.overview(thumbnail(images)))

    def look(
        self,
        state: Float[Tensor, "B width"],
        images: Float[Tensor, "B size size"],
        places: Int[Tensor, " B"],
    ) -> Float[Tensor, "B width"]:
        """Return the state after a look at one place of each canvas."""
        pixels = crops(images)[torch.arange(len(images)), places]
        return torch.relu(self.carry(state) + self.glimpse(pixels) + self.place(places))

    def codes(self, images: Float[Tensor, "B size size"]) -> Float[Tensor, "B N width"]:
        """Return what a look at each of the 25 places would add to the state."""
        return self.glimpse(crops(images)) + self.place.weight

    def look_everywhere(
        self,
        state: Float[Tensor, "B width"],
        codes: Float[Tensor, "B N width"],
        weights: Float[Tensor, "B N"],
    ) -> Float[Tensor, "B width"]:
        """Return the state after a look at all places, mixed by their weights."""
        mixed = torch.einsum("bn,bnw->bw", weights, codes)
        return torch.relu(self.carry(state) + mixed)

    def forward(self, state: Float[Tensor, "B width"]) -> Thought:
        """Return what the model makes of a state."""
        # The baseline learns from a state that it does not shape.
        worth = self.worth(state.detach()).squeeze(-1)
        return Thought(self.where(state), self.which(state), worth)
