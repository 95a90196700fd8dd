"""Record what positions are worth to a small ViT on digits: pictures, jigsaws, three seeds each.

Also the positions that are learned when every pixel is a patch.

Writes patches.json into lesson 16's room, which lesson 16 reads.

    python bench/record_patches.py              all of it, about five minutes on a CPU core
    python bench/record_patches.py --steps 5    a quick try; prints and writes nothing
"""

import argparse
import os

import torch
from _logs import hardware, recorded, text_of

OUT = recorded("16") / "patches.json"
KINDS, SEEDS = ("positions", "no positions", "positions, jigsaws"), (0, 1, 2)
PIXELS, PIXEL_STEPS = "a pixel a patch", 600
#: The order that jigsaws are trained in, and one that no model has practised on.
TRAINED, OTHER = 3, 4


def run(kind: str, seed: int, steps: int) -> dict[str, object]:
    """Train one model; note how it does on pictures, on its jigsaw, and on another."""
    from course_lib.lessons.lesson_16_images_as_tokens import patches as it
    from course_lib.lessons.lesson_16_images_as_tokens.reference import ViT

    torch.manual_seed(seed)
    model = ViT(**it.SIZES)
    if kind == "no positions":
        it.without_places(model)
    order = it.some_order(TRAINED) if "jigsaws" in kind else None
    history = it.train_on_digits(model, seed=seed, steps=steps, order=order)
    found: dict[str, object] = {
        "kind": kind,
        "seed": seed,
        "pictures": round(it.accuracy(model), 4),
        "jigsaw": round(it.accuracy(model, it.some_order(TRAINED)), 4),
        "other_jigsaw": round(it.accuracy(model, it.some_order(OTHER)), 4),
        "loss": round(sum(history.losses[-20:]) / len(history.losses[-20:]), 4),
        "seconds": round(history.seconds, 1),
    }
    if kind != "no positions":
        table = it.place_similarities(model.places)
        found["similarities"] = [[round(x, 3) for x in row] for row in table.tolist()]
    return found


def run_on_pixels(seed: int, steps: int) -> dict[str, object]:
    """Train a model whose patches are single pixels; note what positions it learned."""
    from course_lib.lessons.lesson_16_images_as_tokens import patches as it
    from course_lib.lessons.lesson_16_images_as_tokens.reference import ViT

    torch.manual_seed(seed)
    model = ViT(**(it.SIZES | {"n_patches": 64, "patch_size": 1}))
    history = it.train_on_digits(model, seed=seed, steps=steps)
    table = it.place_similarities(model.places)
    return {
        "kind": PIXELS,
        "seed": seed,
        "pictures": round(it.accuracy(model), 4),
        "steps": steps,
        "seconds": round(history.seconds, 1),
        "similarities": [[round(x, 2) for x in row] for row in table.tolist()],
    }


def facts(steps: int) -> dict[str, object]:
    """Say what ran, and on what."""
    from course_lib.lessons.lesson_16_images_as_tokens import patches as it

    return {
        "command": "python bench/record_patches.py",
        "hardware": hardware(threads=1, device="CPU"),
        "model": it.SIZES,
        "steps": steps,
        "batch": it.BATCH,
        "rate": it.RATE,
        "orders": {"jigsaw": TRAINED, "other_jigsaw": OTHER},
    }


def main() -> None:
    """Train all models and write the log."""
    from course_lib.lessons.lesson_16_images_as_tokens import patches as it

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=it.STEPS)
    steps = parser.parse_args().steps
    os.environ["COURSE_QUIET"] = "1"
    torch.set_num_threads(1)
    runs = []
    for seed in SEEDS:
        for kind in KINDS:
            runs.append(run(kind, seed, steps))
            print({name: x for name, x in runs[-1].items() if name != "similarities"}, flush=True)
    for seed in SEEDS:
        runs.append(run_on_pixels(seed, PIXEL_STEPS if steps == it.STEPS else steps))
        print({name: x for name, x in runs[-1].items() if name != "similarities"}, flush=True)
    if steps == it.STEPS:
        OUT.write_text(text_of(facts(steps), runs), encoding="utf-8")


if __name__ == "__main__":
    main()
