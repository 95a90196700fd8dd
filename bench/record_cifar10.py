"""Record how the ViT and the CNN of the recipe `full` learn CIFAR-10: three seeds, on a GPU.

Writes course_lib/data/recorded/cifar10.json: accuracy, images a second, seconds, hardware.

    python bench/record_cifar10.py                     all of it; the ViT aims at ten minutes a seed
    python bench/record_cifar10.py --models ViT --seeds 0
    python bench/record_cifar10.py --toy               the same path at toy size, on a CPU: bf16 and
                                                       torch.compile included; writes nothing

The data come from COURSE_DATA, or are fetched. Pictures that went through JPEG are told as such.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["COURSE_QUIET"] = "1"
OUT = Path(__file__).resolve().parent.parent / "course_lib" / "data" / "recorded" / "cifar10.json"
#: Images of each split, updates and rows of a batch when toying.
TOY_IMAGES, TOY_STEPS, TOY_BATCH = 256, 3, 32


def main() -> int:
    """Train, print, and write the log after each model, so that a run cut short leaves some."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["ViT", "CNN"], choices=("ViT", "CNN"))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--toy", action="store_true", help="at toy size, on any device")
    args = parser.parse_args()
    import torch

    if not args.toy and not torch.cuda.is_available():
        print("Nothing recorded: this needs a GPU. --toy tries the path on a CPU.")
        return 0
    torch.set_float32_matmul_precision("high")
    from course_lib.training.vision_recipes import load, recipe

    used = recipe("full")
    data = load(used)
    if args.toy:
        used, data = toy(used), tuple(first(part, TOY_IMAGES) for part in data)
    log, runs = facts(used, data), []
    for seed in args.seeds:
        for name in args.models:
            runs.append(one(name, seed, used, data))
            print(json.dumps(runs[-1]), flush=True)
            if not args.toy:
                OUT.write_text(text_of(log, runs), encoding="utf-8")
    return 0


def toy(used: Any) -> Any:
    """Return the recipe with small models and few steps; all else as it is."""
    vit = replace(used.vit, d_model=24, n_heads=2, n_layers=1, d_ff=48)
    cnn = replace(used.cnn, widths=(6, 8), depth=1)
    return replace(used, vit=vit, cnn=cnn, steps=TOY_STEPS, batch=TOY_BATCH, warmup=1)


def first(images: Any, n: int) -> Any:
    """Return the first of some images."""
    return replace(images, pixels=images.pixels[:n], labels=images.labels[:n])


def one(name: str, seed: int, used: Any, data: Any) -> dict[str, Any]:
    """Train one model from one seed."""
    from course_lib.training.vision import make_models, train

    model = make_models(used, seed)[name]
    found = train(model, used, seed=seed, data=data, name=name)
    return {
        "model": name,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "accuracy": round(found.accuracy, 4),
        "accuracy_last": round(found.accuracy_last, 4),
        "images_per_second": round(found.images_per_second),
        "seconds": round(found.seconds, 1),
        "last_loss": round(found.history.losses[-1], 3),
    }


def facts(used: Any, data: Any) -> dict[str, Any]:
    """Say what ran, and on what."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "command": "python " + " ".join(["bench/record_cifar10.py", *sys.argv[1:]]),
        "data": data[0].note or "CIFAR-10",
        "hardware": {
            "gpu": gpu,
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "steps": used.steps,
        "batch": used.batch,
        "precision": used.precision,
        "compiled": used.compile,
    }


def text_of(log: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    """Return the log as JSON, one run a line."""
    head = json.dumps(log, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(run) for run in runs)
    return f'{head},\n "runs": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    sys.exit(main())
