"""Record how a ViT, a CNN of as many parameters, and two classics read the digits: three seeds.

Writes digits.json into lesson 17's room, which lesson 17 reads.

    python bench/record_digits.py              all of it, about two minutes of one quiet CPU core
    python bench/record_digits.py --steps 20   a quick try; prints and writes nothing

A seed splits the digits anew (1,437 to learn from, 360 to be judged on), starts the weights and
orders the batches. The two networks are trained as they come, and with digits moved by a pixel.
"""

import argparse
import itertools
import os
import time
from dataclasses import replace

from _logs import hardware, recorded, text_of

os.environ["COURSE_QUIET"] = "1"
OUT = recorded("17") / "digits.json"
SEEDS, PADDINGS = (0, 1, 2), (0, 1)
Run = dict[str, object]


def network(name: str, seed: int, padding: int, steps: int | None) -> Run:
    """Train one network; note its accuracy."""
    from course_lib.data.images import digits
    from course_lib.training.vision import make_models, train
    from course_lib.training.vision_recipes import recipe

    used = replace(recipe("small"), padding=padding)
    if steps is not None:
        used = replace(used, steps=steps, warmup=min(steps, used.warmup))
    model = make_models(used, seed)[name]
    start = time.process_time()
    found = train(model, used, seed=seed, data=(digits("train", seed), digits("test", seed)))
    return {
        "model": name,
        "padding": padding,
        "seed": seed,
        "accuracy": round(found.accuracy, 4),
        "accuracy_last": round(found.accuracy_last, 4),
        "parameters": sum(p.numel() for p in model.parameters()),
        "processor_seconds": round(time.process_time() - start, 1),
        "losses": [round(x, 3) for x in found.history.losses[::15]] if seed == 0 else [],
    }


def classic(name: str, seed: int) -> Run:
    """Fit one of scikit-learn's classifiers on 64 pixels; note its accuracy."""
    from course_lib.data.images import digits
    from course_lib.training.vision import classics

    train_set, test_set = digits("train", seed), digits("test", seed)
    start = time.process_time()
    score = classics(train_set, test_set)[name]
    seconds = round(time.process_time() - start, 2)
    return {"model": name, "padding": 0, "seed": seed, "accuracy": round(score, 4),
            "processor_seconds_both": seconds}  # fmt: skip


def facts() -> dict[str, object]:
    """Say what ran, and on what."""

    from course_lib.training.vision_recipes import recipe

    used = recipe("small")
    return {
        "command": "python bench/record_digits.py",
        "hardware": hardware(threads=1),
        "steps": used.steps,
        "batch": used.batch,
    }


def main() -> None:
    """Train all; write the log after each, so that a run cut short leaves what it has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, help="of each training; writes nothing")
    steps = parser.parse_args().steps
    import torch

    torch.set_num_threads(1)
    log, runs = facts(), []
    names = ("logistic regression", "support-vector machine")
    jobs = [(classic, (name, seed)) for name, seed in itertools.product(names, SEEDS)]
    trained = itertools.product(PADDINGS, SEEDS, ("ViT", "CNN"))
    jobs += [(network, (name, seed, padding, steps)) for padding, seed, name in trained]
    for job, args in jobs:
        runs.append(job(*args))
        print(runs[-1], flush=True)
        if steps is None:
            OUT.write_text(text_of(log, runs), encoding="utf-8")


if __name__ == "__main__":
    main()
