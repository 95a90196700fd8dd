"""A small training that tests run here, in a child that is killed, and on two processes."""

import json
import os
import sys
from pathlib import Path

import torch
from torch import nn

from course_lib.training.accelerator import accelerator
from course_lib.training.fit import FitConfig, fit
from course_lib.training.optimizer import adamw

N_IN, N_HIDDEN, N_OUT, N_ROWS = 3, 17, 5, 12


def net(dropout=0.2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(N_IN, N_HIDDEN), nn.GELU(), nn.Dropout(dropout), nn.Linear(N_HIDDEN, N_OUT)
    )
    for parameter in model.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
    return model


def batches(step, n_rows=N_ROWS):
    x = torch.randn(n_rows, N_IN, generator=torch.Generator().manual_seed(1000 + step))
    return x, torch.stack([x.sum(1), x[:, 0], x[:, 1] ** 2, x[:, 2].abs(), x.prod(1)], 1)


def loss(model, batch):
    return (model(batch[0]) - batch[1]).square().mean()


def counted(model, batch):
    """The mean over the places where the target is positive, as (total, count)."""
    asked = batch[1] > 0
    return (model(batch[0]) - batch[1]).square()[asked].sum(), asked.sum()


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def killed(folder):
    """Fork a training with a checkpoint at every step for each line read; say how it ended."""
    # Everything that loads late is loaded once, for all.
    accelerator("no").prepare_optimizer(adamw(net(), 1e-2, 0.0, (0.9, 0.999)))
    config = FitConfig(steps=10_000, rate=1e-2, schedule="constant", checkpoints=folder, every=1)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            fit(net(), batches, loss, config)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def launched(folder):
    """Train as one of several processes, on batches of 12 and of 13 rows, by both losses."""
    from accelerate import PartialState

    found = {}
    for name, how, n_rows in (("even", loss, 12), ("odd", loss, 13), ("counted", counted, 13)):
        model, path = net(dropout=0.0), Path(folder, f"checkpoints-{name}")
        config = FitConfig(steps=7, rate=1e-2, checkpoints=path, every=3)
        history = fit(model, lambda step, n=n_rows: batches(step, n), how, config)
        found[name] = {"losses": history.losses, "weights": weights(model).tolist()}
    for name, stops in (("unbroken", [7]), ("continued", [3, 5, 7])):
        for steps in stops:
            # Dropout is on, and later starts are from other weights: the folder must hold all.
            model, path = net(seed=stops.index(steps)), Path(folder, f"checkpoints-{name}")
            config = FitConfig(steps=steps, rate=1e-2, schedule="constant", checkpoints=path)
            history = fit(model, batches, loss, config)
        found[name] = {"losses": history.losses, "weights": weights(model).tolist()}
    rank = PartialState().process_index
    Path(folder, f"rank-{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    _, job, where = sys.argv
    {"killed": killed, "launched": launched}[job](where)
