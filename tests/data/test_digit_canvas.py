"""Canvases hold one whole digit, clutter beside it, and say where it is."""

import json

import pytest
import torch
from sklearn.datasets import load_digits

from course_lib.data.digit_canvas import digit_canvases, digit_masks, glimpse_log


def test_equal_seeds_give_equal_canvases():
    one, other = digit_canvases(4, seed=3), digit_canvases(4, seed=3)
    assert torch.equal(one.images, other.images) and torch.equal(one.places, other.places)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_digit_stands_whole_at_its_place(split):
    images, labels, places = digit_canvases(50, seed=1, split=split)
    table = load_digits()
    known = torch.tensor(table.images / 16, dtype=torch.float32).flatten(1)
    for image, label, (row, column) in zip(images, labels, places.tolist(), strict=True):
        digit = image[row : row + 8, column : column + 8].flatten()
        found = (known == digit).all(1).nonzero().flatten()
        assert label.item() in table.target[found.numpy()].tolist()


def test_masks_show_exactly_the_digit_without_clutter():
    images, _, places = digit_canvases(5, seed=2, clutter=0)
    masks = digit_masks(places)
    assert (masks.sum((1, 2)) == 64).all()
    assert (images[~masks] == 0).all()


def test_no_digit_is_in_both_splits():
    sets = []
    for split in ("train", "test"):
        images, _, places = digit_canvases(3000, seed=0, split=split)
        digits = images[digit_masks(places)].view(-1, 64)
        sets.append({tuple(row) for row in digits.tolist()})
    assert not sets[0] & sets[1]


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match="'valid'"):
        digit_canvases(1, seed=0, split="valid")


def test_the_log_is_whole_small_and_says_how_it_was_made():
    log = glimpse_log()
    assert len(json.dumps(log)) < 100_000
    assert log["command"] == "python bench/record_glimpses.py" and log["hardware"]
    for way in ("hard", "random", "soft"):
        assert len(log["results"][way]) == len(log["seeds"]) == 3
    images = digit_canvases(2000, seed=2, split="test").images[:12]
    for image, episode in zip(images, log["episodes"], strict=True):
        assert episode["image"] == (image * 16).int().flatten().tolist()
        assert len(episode["chances"]) == len(episode["places"]) + 1 == 6


def test_chosen_glimpses_beat_those_by_chance():
    results = glimpse_log()["results"]
    for chosen in results["hard"]:
        for chance in results["random"]:
            assert chosen["accuracy"][-1] > chance["accuracy"][-1] + 0.1
            assert chosen["seen"][-1] < chance["seen"][-1]
