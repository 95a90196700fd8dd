"""Small pictures of shapes in noise: as many as asked for, different for every seed."""

import numpy as np
import torch
from torch import Tensor

SHAPES = ("square", "disc", "cross", "ring", "corner")
SIZE = 16


def draw_shapes(n: int, seed: int | np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return n grey pictures of one shape each, and which shape it is.

    Args:
        n: how many.
        seed: a number, or a generator to draw from.

    Returns:
        Pictures, float32 (n, 1, 16, 16), about 0 to 1 with noise; labels, int64 (n,), places in
        `SHAPES`.

    >>> pictures, labels = draw_shapes(3, seed=0)
    >>> pictures.shape, labels.shape
    (torch.Size([3, 1, 16, 16]), torch.Size([3]))
    """
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    labels = rng.integers(len(SHAPES), size=n)
    pictures = rng.normal(0.0, 0.15, size=(n, 1, SIZE, SIZE))
    for picture, label in zip(pictures, labels, strict=True):
        radius = rng.uniform(2.5, 5.0)
        row, column = rng.uniform(radius, SIZE - 1 - radius, size=2)
        picture[0] += rng.uniform(0.7, 1.0) * _shape(SHAPES[label], row, column, radius)
    return torch.from_numpy(pictures.astype(np.float32)), torch.from_numpy(labels)


def _shape(name: str, row: float, column: float, radius: float) -> np.ndarray:
    """Return a picture that is 1 on a shape and 0 elsewhere."""
    down, across = np.mgrid[:SIZE, :SIZE] - np.array([row, column])[:, None, None]
    box, far = np.maximum(abs(down), abs(across)), np.hypot(down, across)
    inside: dict[str, np.ndarray] = {
        "square": (box <= radius) & (box > radius - 1.5),
        "disc": far <= radius,
        "cross": (box <= radius) & (np.minimum(abs(down), abs(across)) < 1),
        "ring": (far <= radius) & (far > radius - 1.5),
        "corner": (box <= radius) & ((down > radius - 1.5) | (across < 1.5 - radius)),
    }
    return inside[name].astype(float)
