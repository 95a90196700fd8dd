"""Record how a tiny BERT learns with masks drawn once, ten times, or anew at every reading.

Three ways, three seeds, 600 steps each. Writes masked_words.json into lesson 14's room, which
lesson 14 draws.

    python bench/record_masked_words.py              about three minutes on one CPU core
    python bench/record_masked_words.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import json
import os
import time

from _logs import hardware, recorded

os.environ["COURSE_QUIET"] = "1"
FILE = recorded("14") / "masked_words.json"
SEEDS, STEPS, EVERY = (0, 1, 2), 600, 60
WAYS = {"static": 1, "ten masks": 10, "dynamic": None}


def unigram() -> float:
    """Return the held-out loss of guessing every token by how often it occurs."""
    import torch

    from course_lib.lessons.lesson_14_bert.masked_words import N_TOKENS, windows

    counts = torch.bincount(windows("train").flatten(), minlength=N_TOKENS) + 0.1
    return -(counts / counts.sum()).log()[windows("held_out")].mean().item()


def main() -> None:
    """Train all models and write the log."""
    import torch

    from course_lib.lessons.lesson_14_bert import masked_words
    from course_lib.lessons.lesson_14_bert.reference import mask_tokens, masked_loss

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    runs = []
    for seed in SEEDS:
        for way, n_masks in WAYS.items():
            start = time.process_time()
            every = min(EVERY, steps)
            _, history = masked_words.train_masked(
                mask_tokens, masked_loss, n_masks=n_masks, seed=seed, steps=steps, every=every
            )
            found = [round(one["held_out"], 4) for one in history.evaluations]
            read = [round(one["read"], 4) for one in history.evaluations]
            seconds = round(time.process_time() - start, 1)
            runs.append(
                {"way": way, "seed": seed, "held_out": found, "read": read, "cpu_seconds": seconds}
            )
            print(runs[-1], flush=True)
    model = masked_words.tiny_bert(0)
    log = {
        "command": "python bench/record_masked_words.py",
        "hardware": hardware(threads=1),
        "steps": list(range(every, steps + 1, every)),
        "windows": len(masked_words.windows("train")),
        "tokens_a_window": masked_words.LENGTH,
        "steps_an_epoch": len(masked_words.windows("train")) // masked_words.BATCH,
        "parameters": sum(p.numel() for p in model.parameters()),
        "unigram": round(unigram(), 4),
        "runs": runs,
    }
    if steps == STEPS:
        FILE.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
