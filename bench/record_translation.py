"""Record how well number words are translated, with attention and without, for three seeds.

Writes course_lib/data/recorded/translation.json, which lesson 05 shows.

    python bench/record_translation.py              all of it, about 6 minutes on one CPU core
    python bench/record_translation.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import json
import os
import time
from pathlib import Path

from _logs import hardware

os.environ["COURSE_QUIET"] = "1"
OUT = Path(__file__).resolve().parent.parent / "course_lib/data/recorded/translation.json"
BINS = ((1, 4), (5, 6), (7, 8), (9, 11))
SEEDS, BATCH, N_TRAIN, N_TEST = (0, 1, 2), 128, 3000, 600
#: What is trained: attention, width of the state, steps.
RUNS = (
    ("additive", 32, 400),
    ("general", 32, 400),
    ("none", 32, 400),
    ("none", 64, 400),
    ("none", 64, 1200),
)


def run(attention: str, width: int, steps: int, seed: int) -> dict[str, object]:
    """Train one translator and test it on numbers that it has not seen."""
    import torch

    from course_lib.data.number_words import ENGLISH, GERMAN, Vocabulary, number_words
    from course_lib.models.recurrent_translator import TranslatorConfig, seeded
    from course_lib.training.translation import (
        is_exact,
        number_pairs,
        share_by_length,
        train_translator,
    )

    torch.set_num_threads(1)
    words = number_words(N_TRAIN, N_TEST)
    config = TranslatorConfig(
        source_size=len(Vocabulary(ENGLISH)),
        target_size=len(Vocabulary(GERMAN)),
        d_model=width,
        attention=attention,
    )
    model, test = seeded(config, seed), number_pairs(words.test)
    start = time.perf_counter()
    losses = train_translator(
        model, number_pairs(words.train), steps=steps, batch_size=BATCH, seed=seed
    )
    seconds = time.perf_counter() - start
    exact = is_exact(model, test)
    found = {
        "attention": attention,
        "d_model": width,
        "steps": steps,
        "seed": seed,
        "exact": round(sum(exact) / len(exact), 4),
        "by_length": [round(share, 4) for share in share_by_length(exact, test, bins=BINS)],
        "loss": round(losses[-1], 4),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 1),
    }
    print(found, flush=True)
    return found


def main() -> None:

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, help="a quick try: so many steps, nothing written")
    quick = parser.parse_args().steps
    runs = [run(name, d, quick or n, seed) for name, d, n in RUNS for seed in SEEDS]
    if quick:
        return
    facts = {
        "command": "python bench/record_translation.py",
        "hardware": hardware(threads=1),
        "bins": BINS,
        "batch_size": BATCH,
        "numbers": {"train": N_TRAIN, "test": N_TEST},
        "runs": runs,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}, {OUT.stat().st_size / 1000:.1f} KB")


if __name__ == "__main__":
    main()
