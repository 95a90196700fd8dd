"""The loop: what it computes, what it refuses, when it stops."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import torch
from fit_cases import batches, counted, loss, net, weights
from torch import nn

from course_lib.errors import CourseError
from course_lib.training.fit import FitConfig, fit
from course_lib.training.optimizer import parameter_groups


def config(**changes):
    return FitConfig(**{"steps": 6, "rate": 1e-2, **changes})


def test_it_is_the_loop_one_would_write():
    ours, plain = net(dropout=0.0), net(dropout=0.0)
    settings = config(steps=9, warmup=3, weight_decay=0.1, clip=0.5)
    history = fit(ours, batches, loss, settings)
    adam = torch.optim.AdamW(parameter_groups(plain, 0.1), lr=1e-2)
    losses = []
    for step in range(9):
        for group in adam.param_groups:
            group["lr"] = settings.rate_at(step)
        value = loss(plain, batches(step))
        adam.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        adam.step()
        losses.append(value.item())
    assert history.losses == pytest.approx(losses, abs=1e-6)
    torch.testing.assert_close(weights(ours), weights(plain), atol=1e-6, rtol=1e-5)


def test_it_learns():
    history = fit(net(), batches, loss, config(steps=150))
    assert sum(history.losses[-10:]) < 0.5 * sum(history.losses[:10])


def test_the_callers_random_numbers_stay_as_they_were():
    model = net()
    torch.manual_seed(5)
    due = torch.rand(3)
    torch.manual_seed(5)
    fit(model, batches, loss, config())
    assert torch.equal(torch.rand(3), due)


def test_the_seed_decides_dropout():
    runs = [fit(net(), batches, loss, config(seed=seed)).losses for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("how", [loss, counted])
@pytest.mark.parametrize("n_rows", [12, 13])
def test_accumulating_changes_nothing(how, n_rows):
    one, several = net(dropout=0.0), net(dropout=0.0)
    rows = lambda step: batches(step, n_rows)  # noqa: E731
    due = fit(one, rows, how, config())
    found = fit(several, rows, how, config(accumulate=5))
    assert found.losses == pytest.approx(due.losses, abs=1e-6)
    torch.testing.assert_close(weights(several), weights(one), atol=1e-6, rtol=1e-5)


def test_clipping_bounds_the_step():
    with pytest.raises(CourseError, match="clip"):
        fit(net(), batches, lambda m, b: loss(m, b) * torch.nan, config())
    gentle = fit(net(0.0), batches, loss, config(clip=1e-9, rate=1e-12, weight_decay=0.0))
    assert gentle.losses[0] == pytest.approx(loss(net(0.0), batches(0)).item())


def test_a_loss_that_is_no_number_names_step_and_ways_out():
    bad = lambda model, batch: loss(model, batch) * (torch.nan if batch[2] == 4 else 1)  # noqa: E731
    model = net()
    with pytest.raises(CourseError, match=r"nan at step 4.*lower rate.*batches\(4\)"):
        fit(model, lambda step: (*batches(step), step), bad, config())
    assert weights(model).isfinite().all()


def test_patience_stops_and_restores_the_best():
    values, kept = iter([3.0, 2.0, 2.5, 2.0, 9.0]), {}

    def evaluate(model):
        assert not model.training
        value = next(values)
        kept.setdefault(value, weights(model).clone())
        return {"loss": value}

    model = net()
    settings = config(steps=99, evaluate_every=2, patience=2)
    history = fit(model, batches, loss, settings, evaluate=evaluate)
    assert (history.stopped_at, history.best_step) == (8, 4)
    assert torch.equal(weights(model), kept[2.0])
    assert "after step 4, restored" in history.notes[-1]
    assert not model.training


def test_the_highest_can_be_the_best():
    values = iter([0.1, 0.9, 0.3])
    settings = config(evaluate_every=2, best="accuracy", highest=True)
    history = fit(net(), batches, loss, settings, evaluate=lambda _: {"accuracy": next(values)})
    assert history.best_step == 4
    assert [e["step"] for e in history.evaluations] == [2, 4, 6]


def test_an_evaluation_without_the_number_asked_for_is_named():
    with pytest.raises(CourseError, match="best='bleu' is not in what evaluate returned: loss"):
        fit(net(), batches, loss, config(best="bleu"), evaluate=lambda _: {"loss": 1.0})


REFUSED = {
    "frozen": (lambda: net().requires_grad_(False), batches, loss, "no parameter to train"),
    "empty": (nn.Identity, batches, loss, "no parameter to train"),
    "no batch": (net, lambda step: None, loss, r"batches\(0\) returned nothing"),
    "no rows": (net, lambda step: batches(step, 0), loss, r"batches\(0\) returned a batch of no"),
    "vector": (net, batches, lambda m, b: m(b[0])[0], r"loss returned of shape \(5,\) at step 0"),
    "float": (net, batches, lambda m, b: 1.0, "it returns one number, a tensor"),
    "detached": (net, batches, lambda m, b: loss(m, b).detach(), "no trainable parameter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_trained_is_said(case):
    make, data, how, words = REFUSED[case]
    with pytest.raises(CourseError, match=words):
        fit(make(), data, how, config())


@pytest.mark.parametrize(
    "changes",
    [{"steps": 0}, {"warmup": 7}, {"patience": 2}, {"final_rate": 1.0}, {"accumulate": 0}],
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(CourseError, match=next(iter(changes))):
        config(**changes)


def test_too_few_rows_for_the_parts_are_refused():
    with pytest.raises(CourseError, match="a batch of 12 rows cannot be cut into 13 parts"):
        fit(net(), batches, loss, config(accumulate=13))


def test_a_second_precision_in_one_process_is_refused():
    fit(net(), batches, loss, config(steps=1))
    with pytest.raises(CourseError, match=r"precision='no' already.*restart"):
        fit(net(), batches, loss, config(precision="bf16"))
    fit(net(), batches, loss, config(steps=1))


@pytest.mark.skipif(torch.cuda.is_available(), reason="fp16 runs where there is a GPU")
def test_fp16_without_a_gpu_is_refused():
    with pytest.raises(CourseError, match=r"fp16.*needs a GPU"):
        fit(net(), batches, loss, config(precision="fp16"))


CHILD = """
import sys; sys.path.insert(0, {folder!r})
from fit_cases import *
print([name for name in ("accelerate", "transformers", "IPython") if name in sys.modules])

def half(model, batch):
    assert model(batch[0]).dtype == torch.bfloat16
    return loss(model, batch)

def refused(model=None, data=batches, **changes):
    try:
        fit(model or net(), data, loss, FitConfig(**{{"steps": 1, "precision": "bf16", **changes}}))
    except Exception as problem:
        print(type(problem).__name__, problem)

model = net(0.0)
history = fit(model, batches, half, FitConfig(steps=40, rate=1e-2, precision="bf16"))
learned = sum(history.losses[-9:]) < sum(history.losses[:9])
print(weights(model).dtype, learned, vars(model).keys() - vars(net()).keys())
refused(precision="fp8")
refused(schedule="linear")
refused(data=[1])
refused(precision="no")
try:
    import tensorboard
    fit(net(), batches, loss, FitConfig(steps=3, precision="bf16", tensorboard={board!r}))
except ImportError:
    pass
sys.modules["torch.utils.tensorboard"] = None
refused(tensorboard={board!r})
"""


@pytest.fixture(scope="module")
def child(root, tmp_path_factory):
    """What a program of its own prints, line by line, and the folder of its TensorBoard."""
    board = tmp_path_factory.mktemp("board")
    code = CHILD.format(folder=str(root / "tests" / "training"), board=str(board))
    run = [sys.executable, "-W", "error", "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, cwd=root, timeout=100)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines(), board


def test_nothing_is_imported_before_it_is_needed(child):
    assert child[0][0] == "[]"


def test_bf16_keeps_float32_weights_and_leaves_the_model_alone(child):
    assert child[0][1] == "torch.float32 True set()"


@pytest.mark.parametrize(
    "line, words",
    [
        (2, "CourseError precision='fp8' is not one of no, bf16, fp16"),
        (3, "CourseError schedule='linear' is not one of cosine, constant, inverse_sqrt"),
        (4, "CourseError batches is a function of the step"),
        (5, "CourseError this process trains with precision='bf16' already"),
        (6, "CourseError tensorboard=… needs the package tensorboard"),
    ],
)
def test_a_program_is_told_what_is_wrong(child, line, words):
    assert child[0][line].startswith(words)


def test_tensorboard_is_written(child):
    pytest.importorskip("tensorboard")
    assert list(child[1].glob("events.out*"))


def test_an_interrupt_keeps_the_work(tmp_path):
    before = signal.getsignal(signal.SIGINT)

    def interrupted(step):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return batches(step)

    settings = config(checkpoints=tmp_path, every=100)
    history = fit(net(), interrupted, loss, settings)
    assert (history.interrupted, history.stopped_at) == (True, 4)
    assert "Interrupted after step 4" in history.notes[-1]
    assert signal.getsignal(signal.SIGINT) is before
    again = fit(net(), batches, loss, settings)
    assert again.losses == fit(net(), batches, loss, config()).losses
    assert again.resumed_at == 4 and not again.interrupted


def test_it_trains_outside_the_main_thread():
    found = []
    worker = threading.Thread(target=lambda: found.append(fit(net(), batches, loss, config())))
    worker.start()
    worker.join()
    assert len(found[0].losses) == 6


def test_a_bar_goes_to_stdout(capfd, monkeypatch):
    monkeypatch.delenv("COURSE_QUIET")
    fit(net(), batches, loss, config(name="a name"))
    out, err = capfd.readouterr()
    assert "a name" in out and "loss" in out and err == ""


def test_quiet_prints_nothing(capfd, monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")
    fit(net(), batches, loss, config())
    assert capfd.readouterr() == ("", "")
