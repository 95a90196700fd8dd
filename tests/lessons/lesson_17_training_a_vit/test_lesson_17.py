"""What lesson 17 says about its recipe and its log, held to what they do."""

import copy
import dataclasses
import inspect
import json
import os
import subprocess
import sys
import types

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.authoring.source import read_source
from course_lib.checking.reference import load_reference
from course_lib.data.images import digits
from course_lib.lessons.lesson_17_training_a_vit.digits_log import digits_log
from course_lib.lessons.lesson_17_training_a_vit.lesson import LESSON
from course_lib.lessons.lesson_17_training_a_vit.reference import (
    rates,
    split_for_decay,
    update_average,
)
from course_lib.models.convnet import ConvNet, ConvNetConfig
from course_lib.training.augment import random_crop_and_flip
from course_lib.training.optimizer import parameter_groups
from course_lib.training.throughput import forward_flops
from course_lib.training.vision import Averaged, accuracy, make_models
from course_lib.training.vision_recipes import RECIPES, recipe
from course_lib.training.vision_views import Views


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("scale", ["tiny", "small", "full"])
def test_the_cnn_has_as_many_parameters_as_the_vit(scale):
    sizes = {name: parameters(model) for name, model in make_models(recipe(scale), 0).items()}
    assert abs(sizes["CNN"] / sizes["ViT"] - 1) < 0.05


def test_the_small_vit_has_58_000_parameters():
    assert parameters(make_models(recipe("small"), 0)["ViT"]) == 58_138


def test_rates_agree_with_transformers():
    from transformers import get_cosine_schedule_with_warmup

    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    theirs = get_cosine_schedule_with_warmup(optimizer, 8, 60)
    found = []
    for _ in range(60):
        found.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    ours = rates(4, 15, 8, 0.3)
    # Theirs begins at 0 and is a step behind while it rises.
    assert ours[8:] == pytest.approx(found[8:])
    assert ours[:8] == pytest.approx(found[1:9])


def test_rates_are_those_of_fit():
    used = recipe("small")
    ours = rates(30, 22, used.warmup, used.rate)
    assert ours == pytest.approx([used.fit_config().rate_at(step) for step in range(660)])


def test_the_average_agrees_with_torch():
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5))
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    average = None
    for seed in range(4):
        torch.manual_seed(seed)
        for parameter in model.parameters():
            parameter.data = torch.randn_like(parameter)
        model(torch.randn(7, 3))
        theirs.update_parameters(model)
        weights = [value.clone() for value in model.state_dict().values()]
        average = update_average(weights if average is None else average, weights, 0.9)
    for ours, due in zip(average[:2], list(theirs.module.state_dict().values())[:2], strict=True):
        torch.testing.assert_close(ours, due)


def test_the_librarys_average_agrees_with_the_lessons():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5))
    wrapped = Averaged(model, decay=0.9)
    start = [value.clone() for value in model.state_dict().values()]
    nn.init.normal_(model[0].weight)
    model(torch.randn(4, 3))
    wrapped.update(10_000)
    due = update_average(start, list(model.state_dict().values()), 0.9)
    for ours, expected in zip(wrapped.average.state_dict().values(), due, strict=True):
        torch.testing.assert_close(ours, expected)


def test_young_averages_forget_faster():
    wrapped = Averaged(nn.Linear(1, 1, bias=False), decay=0.999)
    nn.init.zeros_(wrapped.average.weight)
    nn.init.ones_(wrapped.model.weight)
    wrapped.update(1)
    assert wrapped.average.weight.item() == pytest.approx(1 - 2 / 11)


def test_the_split_is_that_of_fit():
    model = make_models(recipe("tiny"), 0)["ViT"]
    theirs = [group["params"] for group in parameter_groups(model, 0.1)]
    for ours, due in zip(split_for_decay(model), theirs, strict=True):
        assert [id(p) for p in ours] == [id(p) for p in due]


def test_views_are_a_function_of_seed_and_step():
    from dataclasses import replace

    used = replace(recipe("tiny"), padding=1, mixup=0.4)
    cpu = torch.device("cpu")
    views = [Views(digits("train"), used, seed, cpu) for seed in (0, 0, 1)]
    (x, t), (same, _), (other, _) = (view(7) for view in views)
    assert torch.equal(x, same)
    assert not torch.equal(x, other)
    torch.testing.assert_close(t.sum(-1), torch.ones(len(t)))
    assert x.shape == (64, 1, 8, 8)


def test_views_are_standardised_by_the_training_set():
    views = Views(digits("train"), recipe("tiny"), 0, torch.device("cpu"))
    all_of_them = views.standardised(views.pixels)
    assert abs(all_of_them.mean().item()) < 1e-5
    assert abs(all_of_them.std(correction=0).item() - 1) < 1e-5


def test_each_image_is_moved_by_itself_and_half_are_mirrored():
    image = torch.arange(16.0).view(1, 1, 4, 4)
    many = random_crop_and_flip(image.expand(4000, 1, 4, 4), 0, True, torch.Generator())
    kinds, counts = many.flatten(1).unique(dim=0, return_counts=True)
    assert len(kinds) == 2
    assert 1850 < counts[0].item() < 2150
    moved = random_crop_and_flip(image.expand(4000, 1, 4, 4), 1, False, torch.Generator())
    assert len(moved.flatten(1).unique(dim=0)) == 9


def test_accuracy_restores_the_mode():
    net = ConvNet(ConvNetConfig(n_classes=3, widths=(4,), n_channels=2)).train()
    before = copy.deepcopy(net.state_dict())
    accuracy(net, torch.randn(7, 2, 6, 5), torch.zeros(7).long(), batch=3)
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_flops_are_counted_product_by_product():
    net = ConvNet(ConvNetConfig(n_classes=3, widths=(5, 7), depth=1, n_channels=2))
    first, second, head = 2 * 48 * 5 * 2 * 9, 2 * 12 * 7 * 5 * 9, 2 * 7 * 3
    assert forward_flops(net, torch.zeros(2, 2, 8, 6)) == first + second + head
    assert net.training


def test_the_log_says_what_the_lesson_says():
    log = digits_log()
    names = ("CNN", "support-vector machine", "ViT", "logistic regression")
    mistakes = [sum(round(360 * (1 - a)) for a in log.accuracies(name)) for name in names]
    assert mistakes == [1, 9, 16, 32]
    still, moved = (sum(log.accuracies("ViT", p)) / 3 for p in (0, 1))
    assert still > 0.984
    assert 0.06 < still - moved < 0.08
    assert sum(log.accuracies("CNN", 1)) / 3 > 0.99
    gain = still - sum(log.accuracies("ViT", key="accuracy_last")) / 3
    assert abs(gain) < 0.004
    assert all(len(log.accuracies(name)) == 3 for name in names)


def test_the_gain_of_the_prediction():
    assert round((1 - 1e-3 * 0.1) ** 1000, 1) == 0.9


def test_bench_prints_json(monkeypatch, capsys):
    from dataclasses import replace

    from course_lib.training.vision_bench import run_bench

    monkeypatch.setenv("COURSE_QUIET", "1")
    monkeypatch.setitem(RECIPES, "tiny", replace(recipe("tiny"), steps=3, warmup=1))
    assert run_bench("tiny", as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in report["rows"]][:3] == ["ViT", "CNN", "torchvision ViT"]
    flops = {row["model"]: row["forward_flops"] for row in report["rows"]}
    # A token more, the class's, for each of 16 patches.
    assert 1 < flops["torchvision ViT"] / flops["ViT"] < 1.15
    assert all(0 < row["share_of_peak"] < 1 and 0 <= row["accuracy"] <= 1 for row in report["rows"])


TOY = """
import sys
sys.path.insert(0, "bench")
import torch
import record_cifar10 as bench
from course_lib.data.images import CIFAR10_CLASSES, Images
from course_lib.training.vision_recipes import recipe

used = bench.toy(recipe("full"))
assert used.precision == "bf16" and used.compile and used.mixup and used.rand_augment
made = torch.Generator().manual_seed(0)
pixels = torch.randint(256, (64, 3, 32, 32), generator=made, dtype=torch.uint8)
images = Images(pixels, torch.arange(64) % 10, CIFAR10_CLASSES)
for name in ("ViT", "CNN"):
    print(bench.one(name, 0, used, (images, images))["last_loss"])
"""


@pytest.mark.slow
def test_the_full_path_runs_at_toy_size(root):
    run = subprocess.run(
        [sys.executable, "-c", TOY],
        cwd=root,
        env={**os.environ, "COURSE_QUIET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    losses = [float(line) for line in run.stdout.split()]
    assert len(losses) == 2
    assert all(1 < loss < 5 for loss in losses)


PARTS = {one.name: inspect.unwrap(load_reference(one)) for one in LESSON.exercises}


@pytest.fixture(scope="module")
def loop(root):
    """The lesson's own loop, as its notebook shows it, with the course's version of every part."""
    source = read_source(root / "solutions" / "17_training_a_vit.py")
    names = PARTS | {"torch": torch, "nn": nn}
    for cell in source.cells:
        if cell.kind == "code" and cell.source.startswith(("def one_step", "import copy")):
            exec(cell.source, names)
    return names


def train_tiny(loop, **parts):
    used = dataclasses.replace(recipe("tiny"), steps=12, warmup=2, padding=1, mixup=0.2)
    given = loop | parts
    run = types.FunctionType(loop["train_with_yours"].__code__, given)
    given["one_step"] = types.FunctionType(loop["one_step"].__code__, given)
    views = Views(
        digits("train"),
        used,
        0,
        torch.device("cpu"),
        cut=given["crop_and_flip"],
        mix=given["mixup"],
    )
    torch.manual_seed(0)
    average, losses, _ = run(make_models(used, 0)["ViT"], used, views)
    return losses, [p.detach().clone() for p in average.parameters()]


WRONG_PARTS = {
    "crop_and_flip": lambda images, *_: images,
    "mixup": lambda images, labels, share, partners, k: (
        images,
        nn.functional.one_hot(labels, k).float(),
    ),
    "soft_cross_entropy": lambda logits, targets, smoothing: (
        2 * PARTS["soft_cross_entropy"](logits, targets, smoothing)
    ),
    "split_for_decay": lambda model: (list(model.parameters())[:3], list(model.parameters())[3:]),
    "rates": lambda epochs, per_epoch, warmup, peak: [peak / 2] * (epochs * per_epoch),
    "update_average": lambda average, weights, decay: [one.clone() for one in average],
}


@pytest.mark.parametrize("name", WRONG_PARTS)
def test_what_a_learner_wrote_is_what_trains(loop, name):
    """A part that is distinctly wrong changes the losses, or the average."""
    losses, average = train_tiny(loop)
    again, same = train_tiny(loop)
    assert losses == again and all(torch.equal(a, b) for a, b in zip(average, same, strict=True))
    other, moved = train_tiny(loop, **{name: WRONG_PARTS[name]})
    equal = all(torch.allclose(a, b, atol=1e-6) for a, b in zip(average, moved, strict=True))
    assert losses != other or not equal
    assert len(other) == len(losses) == 12
