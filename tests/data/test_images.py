"""Images: splits, photographs, and the loaders of downloaded sets on files made here."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.data import images
from course_lib.data.images import cifar10, digits, fashion_mnist, photograph
from course_lib.errors import CourseError


def test_digits_are_split_in_equal_shares() -> None:
    train, test = digits("train"), digits("test")
    assert (len(train), len(test)) == (1437, 360)
    assert test.labels.bincount().tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]
    assert not {p.numpy().tobytes() for p in train.pixels} & {
        p.numpy().tobytes() for p in test.pixels
    }


def test_digits_keep_their_seventeen_greys() -> None:
    pixels = digits("train").pixels
    assert pixels.dtype == torch.uint8 and pixels.shape[1:] == (1, 8, 8)
    assert len(pixels.unique()) == 17 and pixels.max() == 255


def test_another_seed_is_another_split() -> None:
    assert not torch.equal(digits("test", seed=1).pixels, digits("test").pixels)


def test_photographs_are_squared_and_shrunk() -> None:
    whole, small = photograph("flower"), photograph("flower", side=48)
    assert whole.shape == (3, 427, 640) and small.shape == (3, 48, 48)
    middle = whole[:, :, 106:533].double().mean((1, 2))
    torch.testing.assert_close(small.double().mean((1, 2)), middle, atol=1.0, rtol=0)


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(ValueError, match='"train" or "test", not \'val\''):
        digits("val")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='"china" or "flower"'):
        photograph("cat")  # type: ignore[arg-type]


def _jpegs(folder: Path, n: int) -> list[np.ndarray]:
    from PIL import Image

    stream, offsets, tables = b"", [0], {}
    flat = [np.full((32, 32, 3), 20 * shade, dtype=np.uint8) for shade in range(n)]
    for picture in flat:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=95)
        stream += buffer.getvalue()
        offsets.append(len(stream))
    for split in ("train", "test"):
        tables[f"{split}_jpeg"] = np.frombuffer(stream, dtype=np.uint8)
        tables[f"{split}_offsets"] = np.array(offsets)
        tables[f"{split}_labels"] = np.arange(n)
    np.savez(folder / "cifar10_jpeg.npz", **tables)
    return flat


def test_cifar10_from_jpeg_says_so(tmp_path: Path) -> None:
    flat = _jpegs(tmp_path, n=4)
    found = cifar10("test", tmp_path)
    assert found.note == "CIFAR-10 re-encoded as JPEG" and found.labels.tolist() == [0, 1, 2, 3]
    for pixels, picture in zip(found.pixels, flat, strict=True):
        assert np.abs(pixels.permute(1, 2, 0).numpy().astype(int) - picture).max() <= 2


def test_another_npz_in_its_place_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "cifar10_jpeg.npz", pictures=np.zeros(3))
    with pytest.raises(CourseError, match="is not the file expected"):
        cifar10("train", tmp_path)


def test_fashion_mnist_is_read_from_its_files(tmp_path: Path) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.Generator(np.random.Philox(0))
    pixels = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    for part in ("train", "t10k"):
        head = struct.pack(">IIII", 2051, 5, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        labels = struct.pack(">II", 2049, 5) + bytes([3, 1, 4, 1, 5])
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    found = fashion_mnist("test", tmp_path)
    assert np.array_equal(found.pixels[:, 0].numpy(), pixels)
    assert found.labels.tolist() == [3, 1, 4, 1, 5] and found.classes[3] == "Dress"


def test_unpacking_leaves_no_half_file(tmp_path: Path) -> None:
    packed = tmp_path / "train-images-idx3-ubyte.gz"
    packed.write_bytes(gzip.compress(b"content"))
    images._unpack(packed)
    assert (tmp_path / "train-images-idx3-ubyte").read_bytes() == b"content"
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("load", [cifar10, fashion_mnist])
def test_offline_the_digits_are_offered(load, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"Without it, the handwritten digits do"):
        load("train", tmp_path)
