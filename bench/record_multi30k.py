"""Train German to English on Multi30k and score it by sacreBLEU; write the log.

    COURSE_DATA=… python bench/record_multi30k.py [--seeds 0 1 2]     a GPU, minutes a seed
    COURSE_DATA=… python bench/record_multi30k.py --cpu --seeds 0     two hours a seed on one core
    COURSE_DATA=… python bench/record_multi30k.py --toy               the whole path, on a CPU

Trained on `train`, judged on `test_2016_flickr`, cased, with sacreBLEU's own tokenisation; the
signature is printed with the score. The bar is 36.5.
"""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
from _logs import hardware, recorded, text_of

from course_lib.data.multi30k import multi30k
from course_lib.errors import CourseError
from course_lib.lessons.lesson_11_translation.multi30k import Recipe, train, translate
from course_lib.training.text_metrics import bleu

BAR = 36.5
LOG = recorded("11") / "multi30k.json"
TOY = {"vocab_size": 600, "d_model": 32, "n_layers": 1, "d_ff": 64, "steps": 30, "warmup": 5}
#: 15 epochs of a smaller model.
CPU = {"vocab_size": 4000, "n_layers": 3, "d_ff": 512, "dropout": 0.2, "steps": 3400}
CPU |= {"batch_size": 128, "warmup": 400}


def measure(recipe: Recipe, toy: bool, checkpoints: Path | None) -> dict[str, object]:
    """Train once, translate the test split, and say what came out."""
    pairs, test = multi30k("train"), multi30k("test_2016_flickr")
    if toy:
        pairs, test = pairs[:1000], test[:10]
    model, tokenizer, history = train(pairs, recipe, checkpoints)
    english, german = zip(*test, strict=True)
    translations = translate(model, tokenizer, german, recipe)
    score, signature = bleu(english, translations)
    greedy, _ = bleu(english, translate(model, tokenizer, german, replace(recipe, width=1)))
    for source, found, due in list(zip(german, translations, english, strict=True))[:3]:
        print(f"  {source}\n    → {found}\n    ({due})")
    return {
        "bleu": round(score, 2),
        "greedy_bleu": round(greedy, 2),
        "signature": signature,
        "direction": "de-en",
        "training_seconds": round(history.seconds, 1),
        "last_losses": [round(loss, 4) for loss in history.losses[-3:]],
        "parameters": model.n_parameters(),
        "recipe": asdict(recipe),
    }


def main() -> int:
    """Train a seed after another; write the log unless it is a try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--checkpoints", type=Path, help="a folder to continue from")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--cpu", action="store_true", help="a smaller model, for patient people")
    size.add_argument("--toy", action="store_true", help="30 steps of a tiny model, on the CPU")
    asked = parser.parse_args()
    recipe = Recipe()
    if asked.toy or asked.cpu:
        recipe = Recipe(precision="no", **(TOY if asked.toy else CPU))
    elif not torch.cuda.is_available():
        print("The full run needs a GPU. --cpu takes hours, --toy tries the whole path here.")
        return 1
    runs = []
    try:
        for seed in asked.seeds[:1] if asked.toy else asked.seeds:
            folder = asked.checkpoints and asked.checkpoints / str(seed)
            runs.append(measure(replace(recipe, seed=seed), asked.toy, folder))
            print(f"seed {seed}: {json.dumps(runs[-1])}", flush=True)
    except CourseError as problem:
        print(problem, file=sys.stderr)
        return 1
    if asked.toy:
        return 0
    size = "--cpu " if asked.cpu else ""
    command = f"python bench/record_multi30k.py {size}--seeds {' '.join(map(str, asked.seeds))}"
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    facts = hardware(threads=torch.get_num_threads(), device=where)
    LOG.write_text(text_of({"command": command, "hardware": facts}, runs), encoding="utf-8")
    mean = sum(float(str(run["bleu"])) for run in runs) / len(runs)
    print(f"BLEU {mean:.2f}, mean of {len(runs)}; bar {BAR}; {where}")
    return int(mean < BAR)


if __name__ == "__main__":
    sys.exit(main())
