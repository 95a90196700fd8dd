"""Patch explorer: a picture, its patches as tokens, and the row of each in the matrix."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, as_pair, draw, note, numbers
from course_lib.figures.pictures import pictures
from course_lib.figures.style import short, to_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_PIXELS = 8192
_LISTED = 8


class PatchExplorer(Explorer):
    """See `patch_explorer`."""

    name = "patch_explorer"
    title = "Patch explorer"
    kernel_free = True
    keys: ClassVar = {
        "ArrowUp": ("row", -1),
        "ArrowDown": ("row", 1),
        "ArrowLeft": ("column", -1),
        "ArrowRight": ("column", 1),
        "Home": ("column", -_MOST_PIXELS),
        "End": ("column", _MOST_PIXELS),
    }

    def __init__(
        self, patchify: Any, images: Mapping[str, np.ndarray], sizes: Sequence[int], start: int
    ) -> None:
        self.pair, self.images = as_pair(patchify), dict(images)
        self.sizes = tuple(sorted(set(sizes), reverse=True))
        longest = max(max(image.shape[1:]) for image in self.images.values()) // min(self.sizes)
        places = tuple(range(longest))
        super().__init__(
            [
                Control("image", tuple(range(len(self.images))), computed=False),
                Control("size", self.sizes, self.sizes.index(start), computed=False),
                Control("row", places, computed=False),
                Control("column", places, computed=False),
            ]
        )
        self.drawing = self._draw()

    def place(self, **steps: int) -> "PatchExplorer":
        """Move controls; the cursor stays on the grid, sizes that do not fit are passed over."""
        super().place(**steps)
        _, image = self._image()
        while not _fits(image, self._patch()):
            self.at["size"] = (self.at["size"] + 1) % len(self.sizes)
        rows, columns = grid_of(image, self._patch())
        super().place(row=min(self.at["row"], rows - 1), column=min(self.at["column"], columns - 1))
        return self

    def _image(self) -> tuple[str, np.ndarray]:
        return list(self.images.items())[self.at["image"]]

    def _patch(self) -> int:
        return int(self.sizes[self.at["size"]])

    # What the learner's function is asked.

    def _draw(self) -> Drawing:
        return draw(self.pair, self._ask, _due)

    def _ask(self, patchify: Any) -> dict[str, Any]:
        """Ask for the matrix of every picture and size."""
        found = {}
        for name, image in self.images.items():
            for p in self._fitting(image):
                batch = torch.from_numpy(image)[None]
                found[f"{name}, {p}"] = numbers(patchify(batch, p), _due(batch, p))[0]
        return found

    def _fitting(self, image: np.ndarray) -> list[int]:
        return [p for p in self.sizes if _fits(image, p)]

    # What the page shows.

    def numbers(self) -> dict[str, Any]:
        said = note(self.pair, self.drawing)
        if self.drawing.beside is not None:
            said = f"Drawn by your {self.pair.name}; beside each row stand the pixels that are due."
        return {"note": said, "problem": self.drawing.problem}

    def fixed(self) -> dict[str, Any]:
        return {
            "listed": _LISTED,
            "sizes": list(self.sizes),
            "images": [self._packed(name, image) for name, image in self.images.items()],
        }

    def _packed(self, name: str, image: np.ndarray) -> dict[str, Any]:
        """Return a picture's pixels, and its matrix for each size, as bytes."""
        matrices = {p: _bytes(self.drawing.values[f"{name}, {p}"]) for p in self._fitting(image)}
        return {"name": name, "shape": image.shape, "data": _bytes(image), "matrices": matrices}

    def state(self) -> dict[str, Any]:
        """Return what the page shows: the token under the cursor, its row and its pixels."""
        self.place()
        name, image = self._image()
        p = self._patch()
        rows, columns = grid_of(image, p)
        row, column = self.at["row"], self.at["column"]
        matrix = self.drawing.values[f"{name}, {p}"]
        token = row * columns + column
        pixels = image[:, row * p : (row + 1) * p, column * p : (column + 1) * p]
        return {
            "image": name,
            "patch_size": p,
            "grid": [rows, columns],
            "row": row,
            "column": column,
            "token": token,
            "numbers": matrix[token].tolist(),
            "pixels": pixels.reshape(-1).tolist(),
            "differ": differing(matrix, image, p),
            **self.numbers(),
        }

    def figure(self) -> "Figure":
        name, image = self._image()
        matrix = self.drawing.values[f"{name}, {self._patch()}"]
        back = laid_out(matrix, image.shape, self._patch())
        return pictures({name: image, "its rows, each drawn as a patch": back.clip(0, 1)})

    def alt(self) -> str:
        now = self.state()
        rows, columns = now["grid"]
        start = ", ".join(short(x) for x in now["numbers"][:4])
        return (
            f"“{now['image']}” beside the matrix of its patches, {rows} rows of {columns} patches "
            f"of {now['patch_size']} × {now['patch_size']} pixels. Token {now['token']} begins "
            f"{start}. {_differ(now['differ'], rows * columns)}"
        )


def _due(images: torch.Tensor, patch_size: int) -> tuple[int, ...]:
    b, c, h, w = images.shape
    return b, (h // patch_size) * (w // patch_size), c * patch_size**2


def grid_of(image: np.ndarray, patch_size: int) -> tuple[int, int]:
    """Return rows and columns of patches of a picture (C, H, W)."""
    return image.shape[1] // patch_size, image.shape[2] // patch_size


def laid_out(matrix: np.ndarray, shape: tuple[int, ...], patch_size: int) -> np.ndarray:
    """Return (C, H, W): each row of a matrix drawn as a patch, at the place of its number."""
    c, _, w = shape
    out = np.empty(shape)
    p = patch_size
    for token, numbers_of in enumerate(matrix):
        top, left = token // (w // p) * p, token % (w // p) * p
        out[:, top : top + p, left : left + p] = numbers_of.reshape(c, p, p)
    return out


def differing(matrix: np.ndarray, image: np.ndarray, patch_size: int) -> int:
    """Return how many tokens do not hold the pixels of their patch."""
    apart = ~np.isclose(laid_out(matrix, image.shape, patch_size), image, atol=1e-6)
    p, (rows, columns) = patch_size, grid_of(image, patch_size)
    return int(apart.reshape(-1, rows, p, columns, p).any(axis=(0, 2, 4)).sum())


def _differ(count: int, n: int) -> str:
    if not count:
        return f"All {n} tokens hold the pixels of their patch."
    return f"{count} of {n} tokens do not hold the pixels of their patch."


def _bytes(array: np.ndarray) -> str:
    whole = np.rint(np.clip(np.nan_to_num(array), 0, 1) * 255).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode("ascii")


def patch_explorer(
    patchify: Any, images: Mapping[str, Any], *, patch_sizes: Sequence[int] = (8, 4)
) -> PatchExplorer:
    """Walk through the patches of pictures, and see the row of each in the matrix of tokens.

    Args:
        patchify: `lesson.pair("patchify")` or a function `patchify(images, patch_size)` from
            (B, C, H, W) to (B, N, C · patch_size²).
        images: name to (C, H, W), numbers from 0 to 1, one channel or three; up to 8,192 numbers
            in each.
        patch_sizes: to choose from; the first that fits the first picture is shown first.

    Raises:
        ValueError: when a picture has another shape, or none of the sizes divides its sides.
    """
    if not images:
        raise ValueError("no picture to explore: pass {name: picture}")
    read = {str(name): to_array(image) for name, image in images.items()}
    for name, image in read.items():
        if image.ndim != 3 or image.shape[0] not in (1, 3) or image.size > _MOST_PIXELS:
            raise ValueError(
                f"“{name}” has shape {image.shape}; a picture is (1, H, W) or (3, H, W), of at "
                f"most {_MOST_PIXELS:,} numbers"
            )
        if not any(_fits(image, p) for p in patch_sizes):
            sides = " × ".join(map(str, image.shape[1:]))
            raise ValueError(
                f"none of the patch sizes {list(patch_sizes)} divides {sides}: “{name}”"
            )
    first = next(iter(read.values()))
    return PatchExplorer(
        patchify, read, patch_sizes, next(p for p in patch_sizes if _fits(first, p))
    )


def _fits(image: np.ndarray, patch_size: int) -> bool:
    return patch_size > 0 and not any(side % patch_size for side in image.shape[1:])
