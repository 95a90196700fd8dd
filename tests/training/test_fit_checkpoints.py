"""Checkpoints: exact resume, a kill at any moment, damage, another model."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from fit_cases import N_HIDDEN, batches, loss, net, weights
from torch import nn

from course_lib.errors import CourseError
from course_lib.training.checkpoints import Checkpoints, signature
from course_lib.training.fit import FitConfig, fit

pytestmark = pytest.mark.slow

CASES = Path(__file__).with_name("fit_cases.py")


class Stop(Exception):
    """Ends a training where a test wants it to."""


def config(folder, **changes):
    settings = {"steps": 20, "rate": 1e-2, "warmup": 3, "checkpoints": folder, "every": 4}
    return FitConfig(**{**settings, **changes})


def cut_off(folder, at, **changes):
    """Train until the batch of step `at` is asked for, then break off as a crash would."""

    def broken(step):
        if step == at:
            raise Stop
        return batches(step)

    with pytest.raises(Stop):
        fit(net(), broken, loss, config(folder, **changes))


@pytest.mark.parametrize("schedule", ["cosine", "inverse_sqrt", "constant"])
def test_a_continued_training_gives_the_same_bits(tmp_path, schedule):
    whole, parts = net(), net(seed=9)
    due = fit(whole, batches, loss, config(tmp_path / "whole", schedule=schedule))
    for at in (6, 7, 15):
        cut_off(tmp_path / "parts", at, schedule=schedule)
    found = fit(parts, batches, loss, config(tmp_path / "parts", schedule=schedule))
    assert found.resumed_at == 12
    assert found.losses == due.losses and found.rates == due.rates
    assert torch.equal(weights(parts), weights(whole))


def test_dropout_is_at_work_in_that():
    assert loss(net(dropout=0.5), batches(0)) != loss(net(dropout=0.5), batches(0))


def test_a_finished_training_comes_back_at_once(tmp_path):
    first, second = net(), net(seed=9)
    due = fit(first, batches, loss, config(tmp_path))
    asked = []
    found = fit(second, asked.append, loss, config(tmp_path))
    assert asked == [] and found.resumed_at == 20
    assert found.losses == due.losses and found.seconds == pytest.approx(due.seconds, abs=1)
    assert torch.equal(weights(first), weights(second))


def test_the_last_two_and_the_best_are_kept(tmp_path):
    values = iter([3.0, 1.0, 2.0, 2.0, 2.0])
    settings = config(tmp_path, evaluate_every=4)
    fit(net(), batches, loss, settings, evaluate=lambda _: {"loss": next(values)})
    kept = sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock")
    assert kept == ["best-00000008", "step-00000016", "step-00000020"]


def test_the_best_survives_a_break(tmp_path):
    values, kept = [3.0, 1.0, 2.0, 2.5, 2.0], {}

    def evaluate(model):
        value = values[len(kept)]
        kept[value, len(kept)] = weights(model).clone()
        return {"loss": value}

    settings = config(tmp_path, evaluate_every=4, patience=3)

    def broken(step):
        if step == 13:
            raise Stop
        return batches(step)

    with pytest.raises(Stop):
        fit(net(), broken, loss, settings, evaluate=evaluate)
    model = net()
    history = fit(model, batches, loss, settings, evaluate=evaluate)
    assert (history.best_step, history.stopped_at, len(history.evaluations)) == (8, 20, 5)
    assert torch.equal(weights(model), kept[1.0, 1])


def test_damaged_best_weights_leave_the_last_ones(tmp_path):
    values = iter([3.0, 1.0, 2.0, 2.0, 2.0])
    settings = config(tmp_path, evaluate_every=4, patience=9)
    fit(net(), batches, loss, settings, evaluate=lambda _: {"loss": next(values)})
    (tmp_path / "best-00000008" / "weights.safetensors").write_bytes(b"")
    again = fit(net(), batches, loss, settings, evaluate=lambda _: {})
    assert any("best weights are damaged" in note for note in again.notes)


@pytest.mark.parametrize("file", ["weights.safetensors", "state.pt", "manifest.json"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_a_damaged_newest_checkpoint_is_passed_over(tmp_path, file, damage):
    due = fit(net(), batches, loss, config(None))
    cut_off(tmp_path, 15)
    path = tmp_path / "step-00000012" / file
    data = path.read_bytes()
    path.write_bytes(
        data[: len(data) // 2] if damage == "truncated" else data[:-1] + bytes([data[-1] ^ 1])
    )
    if damage == "missing":
        path.unlink()
    found = fit(net(), batches, loss, config(tmp_path))
    assert found.resumed_at == 8
    assert "step-00000012 is damaged" in found.notes[0]
    assert found.losses == due.losses


def test_without_a_whole_checkpoint_it_starts_over_and_says_so(tmp_path):
    cut_off(tmp_path, 9)
    for path in tmp_path.glob("step-*/state.pt"):
        path.write_bytes(b"")
    found = fit(net(), batches, loss, config(tmp_path))
    assert found.resumed_at is None and "starts at the beginning" in found.notes[-1]


def other_models():
    wide = nn.Sequential(*net()[:3], nn.Linear(N_HIDDEN, 7))
    return {"shapes: 3": wide, "model": nn.ModuleList(net())}


@pytest.mark.parametrize("case", ["shapes: 3", "model"])
def test_a_checkpoint_of_another_model_is_refused_with_both_named(tmp_path, case):
    cut_off(tmp_path, 5)
    both = {
        "shapes: 3": r"\[5\] there, \[7\] here",
        "model": "Sequential there, ModuleList",
    }
    with pytest.raises(CourseError, match=rf"\({case}.*\): {both[case]}"):
        fit(other_models()[case], batches, loss, config(tmp_path))


def test_a_checkpoint_of_other_settings_is_refused_with_both_named(tmp_path):
    cut_off(tmp_path, 5)
    with pytest.raises(CourseError, match=r"settings: rate\): 0.01 there, 0.02 here"):
        fit(net(), batches, loss, config(tmp_path, rate=0.02))
    with pytest.raises(CourseError, match=r"settings: steps\): 20 there, 30 here"):
        fit(net(), batches, loss, config(tmp_path, steps=30))


def test_a_constant_rate_may_go_on_for_longer(tmp_path):
    fit(net(), batches, loss, config(tmp_path, schedule="constant"))
    longer = config(tmp_path, schedule="constant", steps=30)
    assert fit(net(), batches, loss, longer).resumed_at == 20


def test_two_trainings_in_one_folder_are_refused(tmp_path):
    model = net()
    with (
        Checkpoints(tmp_path, signature(model, {})),
        pytest.raises(CourseError, match="another pr"),
    ):
        fit(model, batches, loss, config(tmp_path))


def test_tied_weights_stay_tied(tmp_path):
    def tied():
        model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.GELU(), nn.Linear(3, 3))
        model[2].weight = model[0].weight
        return model

    short = lambda model, batch: (model(batch[0]) - batch[0] ** 2).square().mean()  # noqa: E731
    first, second = tied(), tied()
    fit(first, batches, short, config(tmp_path))
    fit(second, batches, short, config(tmp_path))
    assert second[0].weight is second[2].weight
    assert torch.equal(weights(first), weights(second))


@pytest.fixture
def trainers(tmp_path):
    """A child that has everything loaded and forks a training for each line it reads."""
    run = [sys.executable, str(CASES), "killed", str(tmp_path)]
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    with subprocess.Popen(run, text=True, **pipes) as child:
        yield child
        child.stdin.close()


def start(trainers):
    trainers.stdin.write("train\n")
    trainers.stdin.flush()
    return int(trainers.stdout.readline())


def last_step(folder):
    return max((int(path.name[5:]) for path in folder.glob("step-*")), default=0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_kill_at_any_moment_loses_one_interval_at_most(tmp_path, trainers):
    """A process that writes at every step is killed at random moments, and goes on each time."""
    settings = {"rate": 1e-2, "schedule": "constant"}
    draw, reached = random.Random(0), [0]
    for _ in range(6):
        training = start(trainers)
        deadline = time.monotonic() + 60
        while last_step(tmp_path) <= reached[-1] + 1 and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.1))
        os.kill(training, signal.SIGKILL)
        assert trainers.stdout.readline() == "-9\n"
        reached.append(last_step(tmp_path))
        marks = signature(net(), FitConfig(steps=1, **settings).decides())
        with Checkpoints(tmp_path, marks) as store:
            losses = store.load(net())["history"]["losses"]
        assert store.notes == [] and len(losses) == reached[-1]
    # Seven processes: their matrix products may round differently, by a unit in the last place.
    unbroken = fit(net(), batches, loss, FitConfig(steps=reached[-1], **settings))
    assert losses == pytest.approx(unbroken.losses, rel=1e-5)
    assert reached == sorted(set(reached))


def test_every_moment_of_writing_is_safe(tmp_path, monkeypatch):
    """Break off after each step of the disk's work: what is left loads, old or new."""
    import course_lib.training.checkpoints as module

    model, marks = net(), signature(net(), {})
    calls = {"due": 0, "made": 0}

    def breaking(function):
        def called(*args, **kwargs):
            calls["made"] += 1
            if calls["made"] == calls["due"]:
                raise Stop
            return function(*args, **kwargs)

        return called

    store = Checkpoints(tmp_path, marks)
    store.save(1, model, {"at": 1})
    store.save(2, model, {"at": 2})
    monkeypatch.setattr(module, "_push", breaking(module._push))
    monkeypatch.setattr(module, "_hash", breaking(module._hash))
    monkeypatch.setattr(module.torch, "save", breaking(torch.save))
    monkeypatch.setattr(module.shutil, "rmtree", breaking(shutil.rmtree))
    monkeypatch.setattr(module.Path, "rename", breaking(Path.rename))
    broken = 0
    for due in range(1, 12):
        calls.update(due=due, made=0)
        try:
            store.save(3, model, {"at": 3})
        except Stop:
            broken += 1
        calls.update(due=0)
        with Checkpoints(tmp_path, marks) as fresh:
            assert fresh.load(net(seed=9))["at"] in (2, 3)
        assert fresh.notes == []
        shutil.rmtree(tmp_path / "step-00000003", ignore_errors=True)
        if last_step(tmp_path) < 2:
            break
        if not (tmp_path / "step-00000001").exists():
            shutil.copytree(tmp_path / "step-00000002", tmp_path / "step-00000001")
    assert broken >= 7
