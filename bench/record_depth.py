"""Record how deep stacks train on odd one out: by place of the norm, by rate, by warm-up.

Three seeds each, 300 steps. Writes depth.json into lesson 10's room, which lesson 10 reads.

    python bench/record_depth.py              all of it, about ten minutes on two quiet CPU cores
    python bench/record_depth.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import itertools
import multiprocessing
import os
import time
from functools import partial

from _logs import hardware, recorded, text_of

os.environ["COURSE_QUIET"] = "1"
OUT = recorded("10") / "depth.json"
DEPTHS, RATES, WARMUPS, SEEDS, STEPS, WORKERS = (
    (3, 6, 12, 24),
    (1e-3, 3e-3),
    (0, 100),
    (0, 1, 2),
    300,
    2,
)
Job = tuple[str, int, float, int, int, int]


def run(job: Job) -> dict[str, object]:
    """Train one reader; note its score, and every block's gradient before and after."""
    import torch

    from course_lib.lessons.lesson_10_transformer_block import depth as it
    from course_lib.lessons.lesson_10_transformer_block.reference import Stack, gradient_norms
    from course_lib.models.blocks import BlockConfig, EncoderBlock

    torch.set_num_threads(1)
    kind, n_layers, rate, warmup, seed, steps = job
    block = it.WithoutResidual if kind == "none" else EncoderBlock
    config = BlockConfig(
        d_model=it.D_MODEL, n_heads=it.N_HEADS, d_ff=it.D_FF, norm_first=kind == "pre"
    )
    make_stack = partial(Stack, partial(block, config), it.D_MODEL, n_layers)
    start = time.perf_counter()
    trained = it.train_reader(make_stack, seed=seed, steps=steps, rate=rate, warmup=warmup)
    seconds = time.perf_counter() - start
    gradients = {}
    fresh = it.train_reader(make_stack, seed=seed, steps=0).reader
    for when, reader in (("before", fresh), ("after", trained.reader)):
        reader.zero_grad()
        it.loss_of(reader, it.practice(), torch.arange(it.BATCH)).backward()
        gradients[when] = [float(f"{g:.3g}") for g in gradient_norms(reader.stack.blocks)]
    found = {
        "kind": kind,
        "depth": n_layers,
        "rate": rate,
        "warmup": warmup,
        "seed": seed,
        "accuracy": round(trained.accuracy, 4),
        "loss": round(sum(trained.losses[-20:]) / len(trained.losses[-20:]), 4),
        "gradients": gradients,
        "seconds": round(seconds, 1),
    }
    print(found, flush=True)
    return found


def jobs(steps: int) -> list[Job]:
    """Return all runs; only post-norm is tried with warm-up: nothing else was found to need it."""
    every = itertools.product(("pre", "post", "none"), DEPTHS, RATES, WARMUPS, SEEDS)
    kept = [job for job in every if job[0] == "post" or job[3] == 0]
    kept = [job for job in kept if job[0] != "none" or job[1] <= 6]
    kept = [job for job in kept if job[1] < 24 or job[2] == min(RATES)]
    return [(*job, steps) for job in sorted(kept, key=lambda job: (job[1], job[2]))]


def facts(steps: int) -> dict[str, object]:
    """Say what ran, and on what."""

    from course_lib.lessons.lesson_10_transformer_block import depth as it

    return {
        "command": "python bench/record_depth.py",
        "hardware": hardware(threads_a_model=1, models_at_once=WORKERS),
        "steps": steps,
        "batch": it.BATCH,
        "d_model": it.D_MODEL,
        "chance": round(it.CHANCE, 4),
    }


def main() -> None:
    """Train all readers; write the log after each, so that a run cut short leaves what it has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps

    log, runs = facts(steps), []
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        for found in pool.imap(run, jobs(steps), chunksize=1):
            runs.append(found)
            if steps == STEPS:
                OUT.write_text(text_of(log, runs), encoding="utf-8")


if __name__ == "__main__":
    main()
