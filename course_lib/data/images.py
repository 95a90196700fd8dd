"""Images with labels: digits and photographs that are there offline, and two sets to download.

Pixels are bytes, channels first, as torchvision's `v2` transforms take them.
"""

import gzip
import shutil
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from course_lib.data.download import data_folder, fetch
from course_lib.errors import CourseError

Split = Literal["train", "test"]
DIGITS_INSTEAD = "the handwritten digits do: course_lib.data.images.digits()"


@dataclass(frozen=True)
class Images:
    """Images of one size and what each shows.

    Args:
        pixels: (N, C, H, W), 0 to 255.
        labels: (N,) places in `classes`.
        classes: their names.
        note: what a reader should know who sees a figure measured on them.
    """

    pixels: UInt8[Tensor, "N C H W"]
    labels: Int64[Tensor, " N"]
    classes: tuple[str, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        n, c, h, w = self.pixels.shape
        return f"Images: {n:,} of {c} × {h} × {w}, {len(self.classes)} classes"

    def floats(self) -> Tensor:
        """Return the pixels from 0 to 1, float32.

        >>> digits("test").floats().max().item()
        1.0
        """
        return self.pixels.float() / 255


@cache
def digits(split: Split = "train", seed: int = 0, held_out: int = 360) -> Images:
    """Return scikit-learn's handwritten digits, 8 × 8 pixels of 17 greys.

    Args:
        split: "train" (1,437) or "test" (360); the shares of the ten digits are equal in both.
        seed: of the split.
        held_out: how many are kept for "test".

    >>> digits("train"), digits("test")
    (Images: 1,437 of 1 × 8 × 8, 10 classes, Images: 360 of 1 × 8 × 8, 10 classes)
    """
    _known(split)
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    table = load_digits()
    parts = train_test_split(
        np.arange(len(table.target)), test_size=held_out, random_state=seed, stratify=table.target
    )
    chosen = parts[split == "test"]
    pixels = np.round(table.images[chosen] * (255 / 16)).astype(np.uint8)
    labels = table.target[chosen].astype(np.int64)
    return Images(torch.from_numpy(pixels[:, None]), torch.from_numpy(labels), tuple("0123456789"))


def photograph(
    name: Literal["china", "flower"], side: int | tuple[int, int] | None = None
) -> UInt8[Tensor, "3 H W"]:
    """Return one of scikit-learn's two photographs: a temple roof in China, or a flower.

    Args:
        name: "china" or "flower"; each is 427 × 640.
        side: crop the middle to a square, or to the shape (height, width), and shrink it to so
            many pixels.

    >>> photograph("china").shape, photograph("flower", side=(32, 48)).shape
    (torch.Size([3, 427, 640]), torch.Size([3, 32, 48]))
    """
    if name not in ("china", "flower"):
        raise ValueError(f'name is "china" or "flower", not {name!r}')
    from sklearn.datasets import load_sample_image

    image = torch.from_numpy(load_sample_image(f"{name}.jpg").copy()).permute(2, 0, 1)
    if side is None:
        return image.contiguous()
    size = (side, side) if isinstance(side, int) else side
    scale = min(whole / new for whole, new in zip(image.shape[1:], size, strict=True))
    kept = [round(new * scale) for new in size]
    top, left = ((whole - part) // 2 for whole, part in zip(image.shape[1:], kept, strict=True))
    part = image[None, :, top : top + kept[0], left : left + kept[1]].float()
    small = torch.nn.functional.interpolate(part, size, mode="bilinear", antialias=True)
    return small[0].round().to(torch.uint8)


# ------------------------------------------------------------------ Fashion-MNIST

_FASHION = {
    "train": (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
    ),
    "test": (
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
}
_FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"


def fashion_mnist(split: Split = "train", folder: Path | None = None) -> Images:
    """Return Fashion-MNIST: 60,000 + 10,000 grey pictures of clothes, 28 × 28; Xiao et al. 2017.

    Args:
        split: "train" or "test".
        folder: that holds (or gets) `FashionMNIST/`; COURSE_DATA or the user's cache when left out.

    Raises:
        CourseError: when it is not there and cannot be fetched; says what to do.
    """
    _known(split)
    root = data_folder() if folder is None else folder
    raw = root / "FashionMNIST" / "raw"
    for files in _FASHION.values():  # torchvision wants all four
        for name, md5 in files:
            if not (raw / name).with_suffix("").is_file():
                fetch(_FASHION_URL + name, raw / name, md5=md5, offline=DIGITS_INSTEAD)
                _unpack(raw / name)
    from torchvision.datasets import FashionMNIST

    found = FashionMNIST(root, train=split == "train", download=False)
    return Images(found.data[:, None].contiguous(), found.targets, tuple(found.classes))


def _unpack(packed: Path) -> None:
    draft = packed.with_suffix(".tmp")
    with gzip.open(packed, "rb") as source, draft.open("wb") as target:
        shutil.copyfileobj(source, target)
    draft.replace(packed.with_suffix(""))


# ------------------------------------------------------------------ CIFAR-10

CIFAR10_CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
_CIFAR_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_CIFAR_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_JPEG = "cifar10_jpeg.npz"


def cifar10(split: Split = "train", folder: Path | None = None) -> Images:
    """Return CIFAR-10: 50,000 + 10,000 colour photographs, 32 × 32; Krizhevsky 2009, §3.

    A folder that holds `cifar10_jpeg.npz` gives pictures that went through JPEG; `note` says so.

    Args:
        split: "train" or "test".
        folder: that holds (or gets) the data; COURSE_DATA or the user's cache when left out.

    Raises:
        CourseError: when it is not there and cannot be fetched; says what to do.
    """
    _known(split)
    root = data_folder() if folder is None else folder
    if (root / _JPEG).is_file():
        return _from_jpeg(root / _JPEG, split)
    if not (root / "cifar-10-batches-py" / "batches.meta").is_file():
        fetch(
            _CIFAR_URL,
            root / "cifar-10-python.tar.gz",
            sha256=_CIFAR_SHA256,
            offline=DIGITS_INSTEAD,
        )
    from torchvision.datasets import CIFAR10

    # torchvision unpacks the archive that lies there, and checks every file in it.
    found = CIFAR10(root, train=split == "train", download=True)
    pixels = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
    return Images(pixels, torch.tensor(found.targets), CIFAR10_CLASSES)


def _from_jpeg(path: Path, split: str) -> Images:
    from PIL import Image

    try:
        with np.load(path, allow_pickle=False) as table:
            names = [f"{split}_{part}" for part in ("jpeg", "offsets", "labels")]
            stream, offsets, labels = (table[name] for name in names)
    except (KeyError, ValueError, OSError) as error:
        raise CourseError(
            f"{path} is not the file expected (arrays train_jpeg, train_offsets, train_labels and "
            f"the same for test): {error}. Remove it, and CIFAR-10 is fetched"
        ) from None
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    pictures = [np.asarray(Image.open(BytesIO(stream[start:end]))) for start, end in spans]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    return Images(
        pixels,
        torch.from_numpy(labels.astype(np.int64)),
        CIFAR10_CLASSES,
        note="CIFAR-10 re-encoded as JPEG",
    )


def _known(split: str) -> None:
    if split not in ("train", "test"):
        raise ValueError(f'split is "train" or "test", not {split!r}')
