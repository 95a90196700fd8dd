"""Record how well a small T5 writes the summary line of a docstring, from its body.

Three seeds, each with two trainings of equal length: on summaries alone, and half of it on span
corruption before. Baselines beside them. Writes summaries.json into lesson 15's room.

    python bench/record_summaries.py              all of it, about four minutes of one CPU core
    python bench/record_summaries.py --steps 10   a quick try; prints and writes nothing
"""

import argparse
import json
import multiprocessing
import os
import time
from typing import Any

from _logs import hardware, recorded

os.environ["COURSE_QUIET"] = "1"
FILE = recorded("15") / "summaries.json"
SEEDS, WORKERS, SHOWN = (0, 1, 2), 2, 40


def run(job: tuple[str, int, int, int]) -> dict[str, Any]:
    """Train one model and score what it writes for the test modules."""
    import torch

    from course_lib.data.docstrings import docstrings
    from course_lib.lessons.lesson_15_text_to_text.summaries import summarise, train_summaries
    from course_lib.training.text_metrics import bleu, rouge

    torch.set_num_threads(1)
    kind, seed, pretraining, steps = job
    pairs = docstrings("test")
    start = time.process_time()
    model, history = train_summaries(seed, steps, pretraining)
    seconds = time.process_time() - start
    written, due = summarise(model, [p.body for p in pairs]), [p.summary for p in pairs]
    found = {
        "kind": kind,
        "seed": seed,
        "steps": {"span corruption": pretraining, "summaries": steps},
        "parameters": sum(p.numel() for p in model.parameters()),
        "loss": [round(sum(history.losses[i : i + 25]) / 25, 3) for i in range(0, steps, 25)],
        "rouge_l": round(rouge(due, written), 4),
        "bleu": round(bleu(due, written)[0], 2),
        "different_lines": len(set(written)),
        "copied_from_training": sum(w in {p.summary for p in docstrings("train")} for w in written),
        "cpu_seconds": round(seconds, 1),
        "examples": [[due[i], written[i]] for i in range(0, len(due), SHOWN)],
    }
    print(found, flush=True)
    return found


def baselines() -> dict[str, Any]:
    """Score guesses without a network: the first sentence, its first words, one line for all."""
    from course_lib.data.docstrings import docstrings, first_sentence
    from course_lib.lessons.lesson_15_text_to_text.summaries import same_line
    from course_lib.training.text_metrics import bleu, rouge

    pairs = docstrings("test")
    due = [pair.summary for pair in pairs]
    line = same_line()
    guesses = {
        "first sentence": [first_sentence(pair.body) for pair in pairs],
        "first 8 words": [" ".join(pair.body.split()[:8]) for pair in pairs],
        "same line": [line] * len(pairs),
    }
    scores = {
        name: {"rouge_l": round(rouge(due, said), 4), "bleu": round(bleu(due, said)[0], 2)}
        for name, said in guesses.items()
    }
    return {"line": line, "scores": scores, "bleu": bleu(due, due)[1]}


def main() -> None:
    """Train all models and write the log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=500)
    steps = parser.parse_args().steps

    from course_lib.data.docstrings import docstrings

    jobs = [("summaries alone", seed, 0, steps) for seed in SEEDS]
    jobs += [("span corruption first", seed, steps // 2, steps - steps // 2) for seed in SEEDS]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        runs = pool.map(run, jobs, chunksize=1)
    log = {
        "command": "python bench/record_summaries.py",
        "hardware": hardware(threads_a_model=1),
        "pairs": {split: len(docstrings(split)) for split in ("train", "validation", "test")},
        "baselines": baselines(),
        "runs": runs,
    }
    print(log["baselines"])
    if steps == parser.get_default("steps"):
        FILE.write_text(json.dumps(log, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
