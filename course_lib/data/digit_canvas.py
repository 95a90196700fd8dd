"""Handwritten digits, each somewhere on a larger canvas among pieces of other digits."""

from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib.data.recorded_files import recorded_log

#: Side of a canvas, of a digit and of a piece of clutter, and how far apart places lie, in pixels.
CANVAS, DIGIT, PIECE, STEP = 24, 8, 4, 4
#: How many digits are kept to be judged by.
HELD_OUT = 397


class Canvases(NamedTuple):
    """Images, what they show, and where.

    Args:
        images: (B, 24, 24) float32, 0 is paper and 1 is ink.
        labels: (B,) the digits.
        places: (B, 2) row and column of the digit's upper left pixel, each 0, 4, 8, 12 or 16.
    """

    images: Tensor
    labels: Tensor
    places: Tensor


def digit_canvases(
    count: int, seed: int, split: Literal["train", "test"] = "train", clutter: int = 5
) -> Canvases:
    """Return canvases with one whole digit each and `clutter` pieces of others.

    The digits are scikit-learn's 1,797 of 8 × 8 pixels; no digit is in both splits.

    Args:
        count: how many canvases.
        seed: of NumPy's Philox generator: the same canvases on every machine.
        split: "train" draws from 1,400 digits, "test" from the other 397.
        clutter: pieces of 4 × 4 pixels, cut from other digits; they lie anywhere but on the digit.

    Raises:
        ValueError: when `split` is something else.

    >>> canvases = digit_canvases(2, seed=0)
    >>> canvases.images.shape, canvases.labels.tolist(), canvases.places.tolist()
    (torch.Size([2, 24, 24]), [2, 3], [[16, 4], [4, 8]])
    """
    images, labels = _split(split)
    rng = np.random.Generator(np.random.Philox(seed))
    chosen = rng.integers(len(images), size=count)
    places = STEP * rng.integers((CANVAS - DIGIT) // STEP + 1, size=(count, 2))
    canvas = np.zeros((count, CANVAS, CANVAS), dtype=np.float32)
    for _ in range(clutter):
        pieces = _pieces(images[rng.integers(len(images), size=count)], rng)
        _put(canvas, pieces, rng.integers(CANVAS - PIECE + 1, size=(count, 2)))
    _put(canvas, images[chosen], places)
    return Canvases(*map(torch.from_numpy, (canvas, labels[chosen], places)))


def digit_masks(places: Tensor) -> Tensor:
    """Return a boolean (B, 24, 24): True where the digit's 8 × 8 pixels lie."""
    steps = torch.arange(CANVAS, device=places.device)
    inside = (steps >= places.unsqueeze(-1)) & (steps < places.unsqueeze(-1) + DIGIT)
    return inside[:, 0, :, None] & inside[:, 1, None, :]


def glimpse_log() -> dict[str, Any]:
    """Return what `python bench/record_glimpses.py` recorded: accuracies and twelve episodes.

    Raises:
        FileNotFoundError: when the log is missing; says how it is made again.
    """
    return recorded_log("glimpses")


def _put(canvas: np.ndarray, pieces: np.ndarray, places: np.ndarray) -> None:
    """Draw one piece on each canvas, at its place, over what is there."""
    side = np.arange(pieces.shape[-1])
    rows = places[:, 0, None, None] + side[:, None]
    columns = places[:, 1, None, None] + side
    which = np.arange(len(canvas))[:, None, None]
    canvas[which, rows, columns] = pieces


def _pieces(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut one piece out of each image, near its middle, where the ink is."""
    corners = rng.integers(1, DIGIT - PIECE, size=(len(images), 2))
    side = np.arange(PIECE)
    rows = corners[:, 0, None, None] + side[:, None]
    columns = corners[:, 1, None, None] + side
    cut: np.ndarray = images[np.arange(len(images))[:, None, None], rows, columns]
    return cut


@cache
def _split(split: str) -> tuple[np.ndarray, np.ndarray]:
    if split not in ("train", "test"):
        raise ValueError(f'split is "train" or "test", not {split!r}')
    images, labels = _digits()
    order = np.random.Generator(np.random.Philox(0)).permutation(len(images))
    chosen = order[:-HELD_OUT] if split == "train" else order[-HELD_OUT:]
    return images[chosen], labels[chosen]


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Load scikit-learn's digits. Imported when asked for: it takes a second."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "the handwritten digits come with scikit-learn, which is not installed: "
            "`make env` installs everything, `pip install scikit-learn` this alone"
        ) from error
    table = load_digits()
    return (table.images / 16).astype(np.float32), table.target.astype(np.int64)
