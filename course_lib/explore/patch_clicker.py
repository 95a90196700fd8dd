"""Patch clicker: from where each patch gathers, by layer and head, and by the learner's rollout."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from course_lib.explore.explorer import Control, Explorer
from course_lib.explore.pair import as_pair, draw, note, numbers
from course_lib.figures.overlays import overlays
from course_lib.figures.style import short, to_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Weights that may travel with a page, a byte each; where there are more, heads are averaged.
_MOST = 70_000
_FAR, _LISTED = 10_000, 5


class GivesWeights(Protocol):
    """A model that tells its attention weights; any with this method will do."""

    def attention_weights(self, images: torch.Tensor) -> torch.Tensor:
        """Return the weights of every layer and head, (L, B, H, T, T)."""


class PatchClicker(Explorer):
    """See `patch_clicker`."""

    name = "patch_clicker"
    title = "Patch clicker"
    kernel_free = True

    def __init__(self, rollout: Any, pictures: Sequence["_Picture"]) -> None:
        self.pair, self.pictures = as_pair(rollout), list(pictures)
        self.drawing = draw(self.pair, self._ask, _due)
        self.views = self._named_views()
        first = self.pictures[0]
        #: On the page and here: left and right by one patch, up and down by a row.
        self.keys = {  # type: ignore[misc]
            "ArrowLeft": ("token", -1),
            "ArrowRight": ("token", 1),
            "ArrowUp": ("token", -first.side),
            "ArrowDown": ("token", first.side),
            "Home": ("token", -_FAR),
            "End": ("token", _FAR),
            "PageUp": ("view", -1),
            "PageDown": ("view", 1),
        }
        super().__init__(
            [
                Control("picture", tuple(range(len(self.pictures))), computed=False),
                Control("view", tuple(range(len(self.views))), computed=False),
                Control("token", tuple(range(first.side**2 + 1)), computed=False),
            ]
        )

    # What the learner's function is asked.

    def _ask(self, rollout: Any) -> dict[str, Any]:
        asked = {}
        for one in self.pictures:
            n = one.weights.shape[-1]
            asked[one.name] = numbers(rollout(one.weights[:, None]), (1, n, n))[0]
        return asked

    def _named_views(self) -> list[str]:
        layers, heads = self.pictures[0].shown.shape[:2]
        averaged = heads < self.pictures[0].weights.shape[1]
        names = ["mean of the heads"] if averaged else [f"head {head}" for head in range(heads)]
        beside = ["rollout, the course's"] if self.drawing.beside is not None else []
        return [
            *["rollout", *beside],
            *(f"layer {layer}, {name}" for layer in range(layers) for name in names),
        ]

    def _matrices(self, one: "_Picture") -> np.ndarray:
        """Return every view's matrix of one picture, in the order of the views."""
        rolled = [self.drawing.values[one.name]]
        if self.drawing.beside is not None:
            rolled.append(self.drawing.beside[one.name])
        return one.from_the_answer(np.stack([*rolled, *one.shown.flatten(0, 1).numpy()]))

    # What the page shows.

    def numbers(self) -> dict[str, Any]:
        return {"note": note(self.pair, self.drawing), "problem": self.drawing.problem}

    def fixed(self) -> dict[str, Any]:
        first = self.pictures[0]
        return {
            "views": self.views,
            "listed": min(_LISTED, first.weights.shape[-1]),
            "answer": first.answer,
            "class_token": first.has_class_token,
            "pictures": [*map(self._packed, self.pictures)],
        }

    def _packed(self, one: "_Picture") -> dict[str, Any]:
        """Return a picture for the page: each row as bytes of its own largest number."""
        matrices = np.clip(np.nan_to_num(self._matrices(one)), 0, None)
        tops = matrices.max(axis=-1)
        shares = matrices / np.where(tops > 0, tops, 1)[..., None]
        return {
            "name": one.name,
            "grid": [one.side, one.side],
            "box": one.box,
            "image": _bytes(one.grey),
            "size": list(one.grey.shape),
            "weights": _bytes(shares),
            "tops": tops,
        }

    def state(self) -> dict[str, Any]:
        """Return what the page shows: the token, its row laid out as patches, and the box."""
        one = self.pictures[self.at["picture"]]
        row = self._matrices(one)[self.at["view"], self.at["token"]]
        patches = row[1:].reshape(one.side, one.side)
        return {
            "picture": one.name,
            "view": self.views[self.at["view"]],
            "token": self.at["token"],
            "itself": float(row[self.at["token"]]),
            "class token": float(row[0]),
            "patches": patches.tolist(),
            "box": one.box,
            "largest": int(patches.argmax()) + 1,
            "in_box": one.in_box(patches),
            **self.numbers(),
        }

    def figure(self) -> "Figure":
        one, now = self.pictures[self.at["picture"]], self.state()
        return overlays(one.grey, {now["view"]: np.array(now["patches"])}, one.box)

    def alt(self) -> str:
        now, one = self.state(), self.pictures[self.at["picture"]]
        who = f"the {one.answer}" if now["token"] == 0 else f"patch {now['token']}"
        row, column = divmod(now["largest"] - 1, one.side)
        most = np.array(now["patches"]).max()
        boxed = (
            ""
            if one.box is None
            else (f" The framed box holds {short(now['in_box'])} of what it gathers from patches.")
        )
        return (
            f"“{now['picture']}”, {now['view']}: {who} gathers most, {short(most)}, from the patch "
            f"in row {row}, column {column} of {one.side} × {one.side}.{boxed}"
        )


class _Picture:
    """One image, the attention weights (L, H, T, T) of a model that reads it, and a known box."""

    def __init__(self, name: str, model: GivesWeights, image: Any, box: Any = None) -> None:
        self.name, self.weights = name, _weights_of(model, name, image)
        n = self.weights.shape[-1]
        self.has_class_token = math.isqrt(n) ** 2 != n
        self.answer = "class token" if self.has_class_token else "mean of the patches"
        self.side = math.isqrt(n)
        self.grey = _grey(image)
        if n not in (self.side**2, self.side**2 + 1) or any(
            size % self.side for size in self.grey.shape
        ):
            raise ValueError(
                f"“{name}” has {n} tokens: a square of patches that cuts "
                f"{' × '.join(map(str, self.grey.shape))} pixels is due, a class token before it "
                "or none"
            )
        edges = [0, 0, 0, 0] if box is None else [int(edge) for edge in box]
        #: None also where the box is empty, as that of a healthy scan is.
        self.box = edges if edges[2] > edges[0] else None
        #: What travels with the page.
        self.shown = self.weights

    def from_the_answer(self, matrices: np.ndarray) -> np.ndarray:
        """Return matrices whose row 0 is the one that the answer is read from.

        That is the class token's. Where there is none it is the mean of all rows, and column 0, of
        a token that is not there, is 0.
        """
        if self.has_class_token:
            return matrices
        with_answer = np.concatenate([matrices.mean(axis=-2, keepdims=True), matrices], axis=-2)
        return np.pad(with_answer, [(0, 0)] * (matrices.ndim - 1) + [(1, 0)])

    def in_box(self, patches: np.ndarray) -> float | None:
        """Return the share of a map that lies in the box, pixel by pixel; None without a box."""
        if self.box is None:
            return None
        high, wide = (size // self.side for size in self.grey.shape)
        pixels = patches.repeat(high, 0).repeat(wide, 1)
        top, left, bottom, right = self.box
        total = pixels.sum()
        return float(pixels[top:bottom, left:right].sum() / total) if total else 0.0


@torch.no_grad()
def _weights_of(model: GivesWeights, name: str, image: Any) -> torch.Tensor:
    """Ask a model, on its own device, for the weights of one image: (L, H, T, T)."""
    if not hasattr(model, "attention_weights"):
        raise TypeError(
            f"“{name}”: {type(model).__name__} has no attention_weights(images), which returns the "
            "weights of every layer and head, (L, B, H, T, T); course_lib.models.vit.ViT has"
        )
    batch = torch.as_tensor(image)[None]
    if isinstance(model, torch.nn.Module):
        batch = batch.to(next(model.parameters()))
    weights = torch.as_tensor(to_array(model.attention_weights(batch)), dtype=torch.float32)
    if weights.ndim != 5 or weights.shape[1] != 1 or weights.shape[-1] != weights.shape[-2]:
        raise ValueError(
            f"“{name}”: attention_weights returned {tuple(weights.shape)} for one image; "
            "(L, 1, H, T, T) is due"
        )
    return weights[:, 0]


def _grey(image: Any) -> np.ndarray:
    """Return an image as (H, W), its smallest number 0 and its largest 1."""
    pixels = to_array(image)
    grey = pixels.mean(0) if pixels.ndim == 3 else pixels
    low, spread = grey.min(), np.ptp(grey)
    out: np.ndarray = (grey - low) / (spread or 1)
    return out


def _due(weights: torch.Tensor) -> tuple[int, ...]:
    return (weights.shape[1], *weights.shape[-2:])


def _bytes(array: np.ndarray) -> str:
    whole = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode("ascii")


def patch_clicker(
    rollout: Any,
    pictures: Mapping[str, tuple[GivesWeights, Any] | tuple[GivesWeights, Any, Sequence[int]]],
) -> PatchClicker:
    """Click a patch and see from where it gathers: by layer and head, or through all layers.

    Args:
        rollout: `lesson.pair("rollout")` or a function from weights (L, B, H, T, T) to (B, T, T).
        pictures: name to (model, image) or (model, image, box): any model that has
            `attention_weights(images)`; one image as the model reads it, (H, W) or (C, H, W), with
            its patches in a square; top, left, bottom, right of what is known to be there.

    Raises:
        TypeError: when a model does not tell its weights.
        ValueError: when shapes do not fit, or the weights are more than a page should carry.
    """
    if not pictures:
        raise ValueError("nothing to click on: pass {name: (model, image)}")
    read = [_Picture(name, *parts) for name, parts in pictures.items()]
    if len({one.weights.shape for one in read}) > 1:
        raise ValueError(f"all pictures are for models of one size, not {[*pictures]} of several")
    if sum(one.weights.numel() for one in read) > _MOST:
        for one in read:
            one.shown = one.weights.mean(1, keepdim=True)
    total = sum(one.shown.numel() for one in read)
    if total > _MOST:
        raise ValueError(
            f"{total:,} weights are more than the {_MOST:,} that fit a page: take fewer pictures"
        )
    return PatchClicker(rollout, read)
