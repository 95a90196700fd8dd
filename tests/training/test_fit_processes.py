"""Two processes under `accelerate launch` do what one does, with no network but loopback."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fit_cases import batches, counted, loss, net, weights

from course_lib.training.fit import FitConfig, fit

pytestmark = pytest.mark.slow

CASES = Path(__file__).with_name("fit_cases.py")
LAUNCH = "--multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no"


def namespace(root):
    """The words that give a command a network of its own, where the system allows it."""
    path = root / "tools" / "proof" / "network.py"
    spec = importlib.util.spec_from_file_location("course_network", path)
    network = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(network)
    return network.namespace()


@pytest.fixture(scope="module")
def two(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("two")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = ["--main_process_ip", "127.0.0.1", "--main_process_port", str(port)]
    run = [sys.executable, "-m", "accelerate.commands.launch", *LAUNCH.split(), *where]
    run = [*namespace(root), *run, str(CASES), "launched", str(folder)]
    extra = {"ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    if sys.platform == "darwin":
        extra["GLOO_SOCKET_IFNAME"] = "lo0"
    environment = {**os.environ, **extra, "COURSE_QUIET": "0"}
    child = subprocess.run(run, capture_output=True, text=True, env=environment, timeout=300)
    assert child.returncode == 0, child.stderr
    return folder, child


@pytest.mark.parametrize("name, how, n_rows", [("even", loss, 12), ("odd", loss, 13)])
def test_losses_and_weights_are_those_of_one(two, name, how, n_rows):
    compare(two, name, how, n_rows)


def test_a_mean_over_something_else_than_rows_is_weighted(two):
    compare(two, "counted", counted, 13)


def compare(two, name, how, n_rows):
    model = net(dropout=0.0)
    due = fit(model, lambda step: batches(step, n_rows), how, FitConfig(steps=7, rate=1e-2))
    for rank in (0, 1):
        found = json.loads((two[0] / f"rank-{rank}.json").read_text())[name]
        assert found["losses"] == pytest.approx(due.losses, abs=1e-6)
        torch.testing.assert_close(
            torch.tensor(found["weights"]), weights(model), atol=1e-6, rtol=1e-6
        )


@pytest.mark.parametrize("rank", [0, 1])
def test_two_processes_continue_as_if_they_had_not_been_stopped(two, rank):
    found = json.loads((two[0] / f"rank-{rank}.json").read_text())
    assert found["continued"] == found["unbroken"]


def test_one_process_prints_and_writes(two):
    folder, child = two
    # A bar redraws itself: its first state stands once for each training that begins with 7 steps.
    assert child.stdout.count("7/7") >= 4
    assert child.stdout.count("0/7") == 4
    kept = sorted(path.name for path in (folder / "checkpoints-odd").glob("[!.]*"))
    assert kept == ["step-00000006", "step-00000007"]


def test_one_process_continues_what_two_began(two):
    folder = two[0] / "checkpoints-even"
    model = net(seed=9)
    settings = FitConfig(steps=7, rate=1e-2, checkpoints=folder, every=3)
    assert fit(model, batches, loss, settings).resumed_at == 7
