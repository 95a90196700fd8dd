"""Record how every encoding of order copies texts longer than it was trained on.

Two tasks, six encodings, three seeds: 36 small models, 1,000 steps each. Writes
order.json into lesson 08's room, which lesson 08 draws.

    python bench/record_order.py              all of it, about half an hour on two CPU cores
    python bench/record_order.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import itertools
import json
import multiprocessing
import os
import time

from _logs import hardware, recorded

os.environ["COURSE_QUIET"] = "1"
OUT = recorded("08") / "order.json"
LENGTHS, SEEDS, STEPS, WORKERS = (16, 24, 32, 64, 128), (0, 1, 2), 1000, 2


def run(job: tuple[str, str, int, int]) -> dict[str, object]:
    """Train one model and measure it at every length."""
    import torch

    from course_lib.lessons.lesson_08_order.copying import accuracy, train_to_copy

    torch.set_num_threads(1)
    task, order, seed, steps = job
    start = time.perf_counter()
    model = train_to_copy(task, order, seed=seed, steps=steps)
    seconds = time.perf_counter() - start
    found = {
        "task": task,
        "order": order,
        "seed": seed,
        "accuracy": [round(accuracy(model, task, length), 4) for length in LENGTHS],
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 1),
    }
    print(found, flush=True)
    return found


def main() -> None:
    """Train all models and write the log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps

    from course_lib.lessons.lesson_08_order.copying import (
        BATCH,
        LONGEST,
        SHORTEST,
        TASKS,
        VOCABULARY,
    )
    from course_lib.lessons.lesson_08_order.ordered import ORDERS

    jobs = [(*job, steps) for job in itertools.product(TASKS, ORDERS, SEEDS)]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        runs = pool.map(run, jobs, chunksize=1)
    log = {
        "command": "python bench/record_order.py",
        "hardware": hardware(threads_a_model=1, models_at_once=WORKERS),
        "steps": steps,
        "batch": BATCH,
        "trained_on": [SHORTEST, LONGEST],
        "tested_on": LENGTHS,
        "chance": round(1 / VOCABULARY, 4),
        "runs": runs,
    }
    if steps == STEPS:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
