"""Made scans keep their promises: truth is planted, and the marker agrees as often as asked."""

import numpy as np
import pytest
import torch

from course_lib.data import pneumonia
from course_lib.data.scans import MARKER_BOX, SIDE, box_masks, scans, scans_log
from course_lib.errors import CourseError


def test_the_same_seed_makes_the_same_scans():
    first, again, other = scans(20, seed=4), scans(20, seed=4), scans(20, seed=5)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)


def test_half_have_a_lesion_and_a_box():
    made = scans(400, seed=0)
    assert made.labels.sum() == 200
    assert torch.equal(made.boxes.any(1), made.labels == 1)
    assert made.images.min() >= 0 and made.images.max() <= 1


def test_the_lesion_is_dark_and_lies_in_its_box():
    made = scans(400, seed=0)
    sick = made.labels == 1
    inside = box_masks(made.boxes)[sick]
    images = made.images[sick]
    within = (images * inside).sum((1, 2)) / inside.sum((1, 2))
    outside = (images * ~inside).sum((1, 2)) / (~inside).sum((1, 2))
    assert (within < outside).float().mean() > 0.97
    assert outside.mean() - within.mean() > 0.15


def test_without_a_marker_argument_no_scan_is_marked():
    assert not scans(50, seed=0).marked.any()


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_certain_marker_follows_the_label(chance):
    made = scans(60, seed=1, marker=chance)
    assert torch.equal(made.marked, made.labels == chance)
    top, left, bottom, right = MARKER_BOX
    assert (made.images[made.marked, top:bottom, left:right] == 1).all()


def test_an_idle_marker_says_nothing():
    made = scans(2000, seed=1, marker=0.5)
    rates = [made.marked[made.labels == label].float().mean().item() for label in (0, 1)]
    assert abs(rates[0] - rates[1]) < 0.1


def test_no_lesion_touches_the_marker():
    made = scans(500, seed=2)
    corner = box_masks(torch.tensor([MARKER_BOX]))
    assert not (box_masks(made.boxes) & corner).any()


def test_a_chance_beyond_one_is_refused():
    with pytest.raises(ValueError, match="from 0 to 1, or None; not 2"):
        scans(3, seed=0, marker=2)


def test_a_box_mask_counts_its_area():
    boxes = torch.tensor([[0, 0, SIDE, SIDE], [3, 4, 5, 9], [0, 0, 0, 0]])
    assert box_masks(boxes).sum((1, 2)).tolist() == [SIDE**2, 10, 0]


def test_the_log_says_how_it_was_made():
    log = scans_log()
    assert log["seeds"] == [0, 1, 2] and log["command"] == "python bench/record_scans.py"
    assert all(len(runs) == 3 for runs in log["results"].values())


# ---------------------------------------------------------------- PneumoniaMNIST


def write(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_pneumonia_is_read_as_published(tmp_path):
    rng = np.random.default_rng(0)
    path = write(
        tmp_path / "pneumoniamnist.npz",
        train_images=rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        train_labels=np.array([[0], [1], [1], [0], [1]], dtype=np.uint8),
    )
    found = pneumonia.read(path, "train")
    assert found.pixels.shape == (5, 1, 28, 28) and found.pixels.dtype is torch.uint8
    assert found.labels.tolist() == [0, 1, 1, 0, 1]
    assert "not for diagnosis" in found.note


@pytest.mark.parametrize("content", [b"nothing", b""])
def test_a_damaged_file_is_told(tmp_path, content):
    path = tmp_path / "pneumoniamnist.npz"
    path.write_bytes(content)
    with pytest.raises(CourseError, match="is not the file expected"):
        pneumonia.read(path, "test")


def test_objects_are_never_unpickled(tmp_path):
    labels = np.array([{"a": 1}], dtype=object)
    path = write(tmp_path / "pneumoniamnist.npz", train_images=labels, train_labels=labels)
    with pytest.raises(CourseError, match="is not the file expected"):
        pneumonia.read(path, "train")


def test_offline_says_what_to_use_instead(tmp_path, monkeypatch):
    monkeypatch.setattr(pneumonia, "_URL", "http://127.0.0.1:9/pneumoniamnist.npz")
    with pytest.raises(CourseError, match="the made scans do"):
        pneumonia.pneumonia_mnist("train", folder=tmp_path)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match='"train" or "test"'):
        pneumonia.pneumonia_mnist("val")
