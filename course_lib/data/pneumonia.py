"""PneumoniaMNIST: chest X-rays of children, 28 × 28 pixels, to download. Not for diagnosis.

Yang et al. 2023 (MedMNIST v2) made it from images by Kermany et al. 2018; licence CC BY 4.0. At
this size, with labels of whole images and no patient numbers, it teaches methods and nothing about
anybody's lungs.
"""

import zipfile
from pathlib import Path

import numpy as np
import torch

from course_lib.data.download import data_folder, fetch
from course_lib.data.images import Images, Split
from course_lib.errors import CourseError

CLASSES = ("normal", "pneumonia")
DISCLAIMER = "PneumoniaMNIST, 28 × 28 pixels: for teaching, not for diagnosis"
INSTEAD = "the made scans do: course_lib.data.scans.scans(1000, seed=0)"
_URL = "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1"
_FILE, _MD5 = "pneumoniamnist.npz", "28209eda62fecd6e6a2d98b1501bb15f"


def pneumonia_mnist(split: Split = "train", folder: Path | None = None) -> Images:
    """Return PneumoniaMNIST: 4,708 X-rays to train on, 624 to test; 524 for validation stay unused.

    Args:
        split: "train" or "test".
        folder: that holds (or gets) the file, 4.2 MB; COURSE_DATA or the user's cache when left
            out.

    Raises:
        CourseError: when it is not there and cannot be fetched, or is damaged; says what to do.
    """
    if split not in ("train", "test"):
        raise ValueError(f'split is "train" or "test", not {split!r}')
    path = (data_folder() if folder is None else folder) / _FILE
    return read(fetch(_URL, path, md5=_MD5, offline=INSTEAD), split)


def read(path: Path, split: Split) -> Images:
    """Return one split of the file as it was published."""
    try:
        with np.load(path, allow_pickle=False) as table:
            pixels, labels = table[f"{split}_images"], table[f"{split}_labels"]
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise CourseError(
            f"{path} is not the file expected (arrays train_images, train_labels, test_images, "
            f"test_labels): {error}. Remove it, and it is fetched again"
        ) from None
    return Images(
        torch.from_numpy(pixels.astype(np.uint8)[:, None]),
        torch.from_numpy(labels.astype(np.int64).reshape(-1)),
        CLASSES,
        note=DISCLAIMER,
    )
