"""Patch clicker: from where each patch gathers, by layer and head, and by the learner's rollout."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import Drawing, as_pair, draw, note, numbers
from course_lib.figures.overlays import overlays
from course_lib.figures.style import short, to_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Bytes of weights that may travel with a page, before they are written as text.
_MOST_BYTES = 70_000
_FAR, _LISTED = 10_000, 5


class PatchClicker(Explorer):
    """See `patch_clicker`."""

    name = "patch_clicker"
    title = "Patch clicker"
    kernel_free = True

    def __init__(self, rollout: Any, scans: Sequence["_Scan"]) -> None:
        self.pair, self.scans = as_pair(rollout), list(scans)
        self.drawing = self._draw()
        self.views = self._named_views()
        tokens = max(one.n for one in self.scans)
        across = self.scans[0].columns
        #: On the page and here: left and right by one patch, up and down by a row.
        self.keys = {  # type: ignore[misc]
            "ArrowLeft": ("token", -1),
            "ArrowRight": ("token", 1),
            "ArrowUp": ("token", -across),
            "ArrowDown": ("token", across),
            "Home": ("token", -_FAR),
            "End": ("token", _FAR),
            "PageUp": ("view", -1),
            "PageDown": ("view", 1),
        }
        super().__init__(
            [
                Control("scan", tuple(range(len(self.scans))), computed=False),
                Control("view", tuple(range(len(self.views))), computed=False),
                Control("token", tuple(range(tokens)), computed=False),
            ]
        )

    # What the learner's function is asked.

    def _draw(self) -> Drawing:
        return draw(self.pair, self._ask, _due)

    def _ask(self, rollout: Any) -> dict[str, Any]:
        return {
            one.name: numbers(rollout(one.weights[:, None]), (1, one.n, one.n))[0]
            for one in self.scans
        }

    def _named_views(self) -> list[str]:
        layers, heads = self.scans[0].weights.shape[:2]
        beside = ["rollout, the course's"] if self.drawing.beside is not None else []
        each = [f"layer {at}, head {head}" for at in range(layers) for head in range(heads)]
        return ["rollout", *beside, *each]

    def _matrices(self, one: "_Scan") -> np.ndarray:
        """Return every view's matrix of one scan, in the order of the views."""
        rolled = [self.drawing.values[one.name]]
        if self.drawing.beside is not None:
            rolled.append(self.drawing.beside[one.name])
        return np.stack([*rolled, *one.weights.flatten(0, 1).numpy()])

    # What the page shows.

    def numbers(self) -> dict[str, Any]:
        return {"note": note(self.pair, self.drawing), "problem": self.drawing.problem}

    def fixed(self) -> dict[str, Any]:
        return {"views": self.views, "listed": _LISTED, "scans": [*map(self._packed, self.scans)]}

    def _packed(self, one: "_Scan") -> dict[str, Any]:
        """Return a scan for the page: each row as bytes of its own largest number."""
        matrices = np.clip(np.nan_to_num(self._matrices(one)), 0, None)
        tops = matrices.max(axis=-1)
        shares = matrices / np.where(tops > 0, tops, 1)[..., None]
        return {
            "name": one.name,
            "grid": [one.rows, one.columns],
            "box": one.box,
            "image": _bytes(one.image),
            "size": list(one.image.shape),
            "weights": _bytes(shares),
            "tops": tops,
        }

    def state(self) -> dict[str, Any]:
        """Return what the page shows: the token, its row laid out as patches, and the box."""
        one = self.scans[self.at["scan"]]
        token = min(self.at["token"], one.n - 1)
        row = self._matrices(one)[self.at["view"], token]
        patches = row[1:].reshape(one.rows, one.columns)
        return {
            "scan": one.name,
            "view": self.views[self.at["view"]],
            "token": token,
            "itself": float(row[token]),
            "class token": float(row[0]),
            "patches": patches.tolist(),
            "box": one.box,
            "largest": int(patches.argmax()) + 1,
            "in_box": one.in_box(patches),
            **self.numbers(),
        }

    def figure(self) -> "Figure":
        one = self.scans[self.at["scan"]]
        now = self.state()
        return overlays(one.image, {f"{now['view']}": np.array(now["patches"])}, one.box)

    def alt(self) -> str:
        now = self.state()
        one = self.scans[self.at["scan"]]
        who = "The class token" if now["token"] == 0 else f"Patch {now['token']}"
        row, column = divmod(now["largest"] - 1, one.columns)
        most = np.array(now["patches"]).max()
        return (
            f"“{now['scan']}”, {now['view']}: {who} gathers most, {short(most)}, from the patch in "
            f"row {row}, column {column} of {one.rows} × {one.columns}. The framed box holds "
            f"{short(now['in_box'])} of what it gathers from patches."
        )


class _Scan:
    """One image, its attention weights (L, H, T, T), and the box that is known."""

    def __init__(self, name: str, image: Any, weights: Any, box: Any) -> None:
        self.name, self.image = name, to_array(image)
        self.weights = torch.as_tensor(to_array(weights), dtype=torch.float32)
        if self.image.ndim != 2 or self.weights.ndim != 4:
            raise ValueError(
                f"“{name}” is an image (H, W) and weights (L, H, T, T), not "
                f"{self.image.shape} and {tuple(self.weights.shape)}"
            )
        self.n = self.weights.shape[-1]
        side = round((self.n - 1) ** 0.5)
        if side * side != self.n - 1 or any(size % side for size in self.image.shape):
            raise ValueError(
                f"“{name}” has {self.n} tokens: a class token and a square of patches that cuts "
                f"{' × '.join(map(str, self.image.shape))} pixels are due"
            )
        self.rows = self.columns = side
        self.box = [int(edge) for edge in box]

    def in_box(self, patches: np.ndarray) -> float:
        """Return the share of a map that lies in the box, pixel by pixel."""
        high, wide = (
            size // side for size, side in zip(self.image.shape, patches.shape, strict=True)
        )
        pixels = patches.repeat(high, 0).repeat(wide, 1)
        top, left, bottom, right = self.box
        total = pixels.sum()
        return float(pixels[top:bottom, left:right].sum() / total) if total else 0.0


def _due(weights: torch.Tensor) -> tuple[int, ...]:
    return (weights.shape[1], *weights.shape[-2:])


def _bytes(array: np.ndarray) -> str:
    whole = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode("ascii")


def patch_clicker(
    rollout: Any, scans: Mapping[str, tuple[Any, Any, Sequence[int]]]
) -> PatchClicker:
    """Click a patch and see from where it gathers: by layer and head, or through all layers.

    Args:
        rollout: `lesson.pair("rollout")` or a function from weights (L, B, H, T, T) to (B, T, T).
        scans: name to (image, weights, box): (H, W) from 0 to 1; (L, H, T, T) with the class token
            first and a square of patches; top, left, bottom, right of what is known to be there.

    Raises:
        ValueError: when shapes do not fit, or the weights are more than a page should carry.
    """
    if not scans:
        raise ValueError("no scan to click on: pass {name: (image, weights, box)}")
    read = [_Scan(name, *parts) for name, parts in scans.items()]
    if len({one.weights.shape for one in read}) > 1:
        raise ValueError(f"all scans come from models of one size, not {[*scans]} of several")
    total = sum(one.weights.numel() for one in read)
    if total > _MOST_BYTES:
        raise ValueError(
            f"{total:,} weights are more than the {_MOST_BYTES:,} that fit a page: take fewer scans"
        )
    return PatchClicker(rollout, read)
