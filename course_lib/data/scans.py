"""Made scans: tissue-like noise, with or without a dark lesion whose place is known.

Nothing here comes from a patient. Truth is planted, so that maps can be judged against it.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_lib.data.recorded_files import recorded_log

#: Side of a scan and of the marker in its upper right corner, in pixels.
SIDE, MARKER = 28, 4
CLASSES = ("healthy", "lesion")
#: The marker's box, as `Scans.boxes` has them.
MARKER_BOX = (0, SIDE - MARKER, MARKER, SIDE)
#: Centres of lesions lie between these, so that no lesion touches the marker.
_NEAREST, _FARTHEST = 6.0, 20.5


class Scans(NamedTuple):
    """Images, what they show, and where.

    Args:
        images: (B, 28, 28) float32, 0 is black and 1 is white; tissue is grey, a lesion is dark.
        labels: (B,) 1 where a lesion was planted, 0 elsewhere.
        boxes: (B, 4) top, left, bottom, right of the lesion, the last two exclusive; zeros
            where there is none.
        marked: (B,) True where the corner carries a bright marker.
    """

    images: Float[Tensor, "B height width"]
    labels: Int[Tensor, " B"]
    boxes: Int[Tensor, "B 4"]
    marked: Bool[Tensor, " B"]


def scans(count: int, seed: int, *, marker: float | None = None) -> Scans:
    """Return made scans, half of them with a lesion, all with a bright spot that means nothing.

    Args:
        count: how many.
        seed: of NumPy's Philox generator: the same scans on every machine.
        marker: chance that the marker agrees with the label: 0.5 says nothing about it, 1 gives
            every lesion a marker and no healthy scan one, 0 the reverse. None: no markers.

    Raises:
        ValueError: when `marker` is no chance.

    >>> made = scans(3, seed=0)
    >>> made.images.shape, made.labels.tolist(), made.boxes[2].tolist()
    (torch.Size([3, 28, 28]), [0, 0, 1], [6, 16, 11, 21])
    """
    if marker is not None and not 0 <= marker <= 1:
        raise ValueError(f"marker is a chance from 0 to 1, or None; not {marker}")
    rng = np.random.Generator(np.random.Philox(seed))
    labels = rng.permutation(np.arange(count) % 2)
    images = 0.55 + 0.1 * _smooth(rng, count, 7) + 0.05 * rng.standard_normal((count, SIDE, SIDE))
    images += 0.3 * _spots(rng, count)[0]
    dark, boxes = _spots(rng, count)
    images -= 0.35 * dark * labels[:, None, None]
    agrees = rng.random(count) < (0.5 if marker is None else marker)
    marked = np.where(agrees, labels, 1 - labels).astype(bool) & (marker is not None)
    top, left, bottom, right = MARKER_BOX
    images[marked, top:bottom, left:right] = 1.0
    return Scans(
        torch.from_numpy(images.clip(0, 1).astype(np.float32)),
        torch.from_numpy(labels),
        torch.from_numpy(boxes * labels[:, None]),
        torch.from_numpy(marked),
    )


def box_masks(boxes: Int[Tensor, "B 4"], side: int = SIDE) -> Bool[Tensor, "B side side"]:
    """Return True where a pixel lies inside its image's box.

    >>> box_masks(torch.tensor([[0, 1, 2, 2]]), side=3)[0].int().tolist()
    [[0, 1, 0], [0, 1, 0], [0, 0, 0]]
    """
    steps = torch.arange(side, device=boxes.device)
    top, left, bottom, right = (edge[:, None] for edge in boxes.T)
    rows, columns = (steps >= top) & (steps < bottom), (steps >= left) & (steps < right)
    inside: Tensor = rows[:, :, None] & columns[:, None, :]
    return inside


def scans_log() -> dict[str, Any]:
    """Return what `python bench/record_scans.py` recorded: accuracies, hit rates, curves' areas.

    Raises:
        FileNotFoundError: when the log is missing; says how it is made again.
    """
    return recorded_log("scans")


def _smooth(rng: np.random.Generator, count: int, knots: int) -> np.ndarray:
    """Return noise that changes slowly: drawn at a few knots, with straight lines between."""
    at = np.linspace(0, knots - 1, SIDE)
    mix = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(knots)))
    smooth: np.ndarray = mix @ rng.standard_normal((count, knots, knots)) @ mix.T
    return smooth


def _spots(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one round spot on each image, 1 inside with soft edges, and the box around it."""
    centres = rng.uniform(_NEAREST, _FARTHEST, size=(count, 2))
    radii = rng.uniform(2.0, 3.5, size=count)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    distances = np.hypot(rows - centres[:, 0, None, None], columns - centres[:, 1, None, None])
    spots = np.clip(radii[:, None, None] + 0.5 - distances, 0, 1)
    low, high = np.floor(centres - radii[:, None]), np.ceil(centres + radii[:, None])
    return spots, np.concatenate([low, high], axis=1).astype(np.int64)
