"""Record how well a two-layer transformer translates number words, for three seeds each.

Writes course_lib/data/recorded/number_translation.json and the weights of one model,
number_translator.safetensors, which lesson 11 shows.

    python bench/record_number_translation.py                all of it, about 10 CPU minutes
    python bench/record_number_translation.py --steps 5      a quick try; prints and writes nothing
    python bench/record_number_translation.py --only full 0  one run; kept beside the others
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from _logs import hardware

os.environ["COURSE_QUIET"] = "1"
FOLDER = Path(__file__).resolve().parent.parent / "course_lib/data/recorded"
OUT, WEIGHTS = FOLDER / "number_translation.json", FOLDER / "number_translator.safetensors"
SEEDS, N_TRAIN, N_TEST, N_UNSEEN = (0, 1, 2), 6000, 600, 300
#: What is trained: all numbers, or all but those of five digits; or with no causal mask.
STEPS = {"full": 800, "gap": 800, "leak": 150}


def run(kind: str, seed: int, steps: int) -> tuple[dict[str, Any], Any]:
    """Train one translator and test it on numbers that it has not seen."""
    import torch

    from course_lib.data.number_words import number_words
    from course_lib.models.beam import greedy_translate
    from course_lib.training.number_translation import (
        exact,
        forced_accuracy,
        magnitude,
        trained_numbers,
        without_digits,
    )
    from course_lib.training.translation import number_pairs

    torch.set_num_threads(1)
    words, recipe = number_words(N_TRAIN, N_TEST), course_recipe()
    train = without_digits(words.train, 5) if kind == "gap" else list(words.train)
    known = without_digits(words.test, 5) if kind == "gap" else list(words.test)
    start = time.process_time()
    model, losses = trained_numbers(
        number_pairs(train), course_parts(kind), recipe, steps=steps, seed=seed
    )
    seconds = time.process_time() - start
    test = number_pairs(known)
    right = exact(model, test, greedy_translate)
    found: dict[str, Any] = {
        "kind": kind,
        "seed": seed,
        "steps": steps,
        "numbers": len(train),
        "tested": len(known),
        "exact": round(sum(right) / len(right), 4),
        "wrong": [n for n, ok in zip(known, right, strict=True) if not ok][:20],
        "words_right_when_forced": round(forced_accuracy(model, test, recipe), 4),
        "loss": round(losses[-1], 3),
        "parameters": model.n_parameters(),
        "cpu_seconds": round(seconds, 1),
    }
    if kind == "gap":
        found |= unseen(model, magnitude(5, N_UNSEEN))
    print(found, flush=True)
    return found, model


def unseen(model: Any, numbers: list[int]) -> dict[str, Any]:
    """Return the share of these numbers that is right, and what was written for a few."""
    from course_lib.data.number_words import GERMAN, Vocabulary
    from course_lib.models.beam import greedy_translate
    from course_lib.training.number_translation import exact, written
    from course_lib.training.translation import number_pairs

    pairs, german = number_pairs(numbers), Vocabulary(GERMAN)
    right = exact(model, pairs, greedy_translate)
    said = written(model, pairs.source, greedy_translate, pairs.target.shape[1] + 2).tolist()
    examples = [[n, "".join(german.decode(row))] for n, row in zip(numbers, said, strict=True)]
    return {"unseen": round(sum(right) / len(right), 4), "examples": examples[::30]}


def course_parts(kind: str) -> Any:
    """Return the course's masks and embeddings; "leak" leaves the causal mask out."""
    from course_lib.lessons.lesson_11_translation.reference import embed, three_masks
    from course_lib.models.number_translator import Parts

    def leaky(source: Any, target: Any, pad: int) -> tuple[Any, Any, Any]:
        encoder, decoder, memory = three_masks(source, target, pad)
        return encoder, (target != pad)[:, None].expand_as(decoder), memory

    return Parts(masks=leaky if kind == "leak" else three_masks, embed=embed)


def course_recipe() -> Any:
    """Return the course's own versions of what a training is made of."""
    from course_lib.lessons.lesson_11_translation import reference as lesson_11
    from course_lib.training.number_translation import Recipe
    from course_lib.training.translation import batches_by_length

    return Recipe(
        shift=lesson_11.shift_right,
        loss=lesson_11.smoothed_loss,
        rate=lesson_11.warmup_rate,
        batches=batches_by_length,
    )


def save(model: Any) -> None:
    """Write weights in a byte each; a tied table is written once."""
    from safetensors.torch import save_file

    from course_lib.models.packing import pack

    state = {name: value for name, value in model.state_dict().items() if name != "head.weight"}
    save_file(pack(state), str(WEIGHTS))
    print(f"wrote {WEIGHTS.name}, {WEIGHTS.stat().st_size / 1000:.0f} KB")


def keep(found: list[dict[str, Any]]) -> None:
    """Write runs to the log, in place of earlier ones of the same kind and seed."""

    before = json.loads(OUT.read_text(encoding="utf-8"))["runs"] if OUT.exists() else []
    runs = {(one["kind"], one["seed"]): one for one in [*before, *found]}
    facts = {
        "command": "python bench/record_number_translation.py",
        "hardware": hardware(threads=1),
        "runs": [runs[key] for key in sorted(runs)],
    }
    OUT.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}, {OUT.stat().st_size / 1000:.1f} KB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, help="a quick try: so many steps, nothing written")
    parser.add_argument("--only", nargs=2, metavar=("KIND", "SEED"), help="one run")
    args = parser.parse_args()
    plan = [(kind, seed) for kind in STEPS for seed in SEEDS]
    if args.only:
        plan = [(args.only[0], int(args.only[1]))]
    for kind, seed in plan:
        found, model = run(kind, seed, args.steps or STEPS[kind])
        if args.steps:
            continue
        keep([found])
        if (kind, seed) == ("full", 0):
            save(model)


if __name__ == "__main__":
    main()
