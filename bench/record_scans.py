"""Train models on made scans and judge maps of where they look, for lesson 18.

    python bench/record_scans.py     # writes scans.json for the library, weights for lesson 18

Three seeds each of a ViT and a CNN on scans without markers, and of a ViT on scans where every
lesion, and no healthy scan, has a marker in a corner. Judged on scans that no model has seen.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import torch
from _logs import recorded
from safetensors.torch import save_file

from course_lib.attention.maps import base_rate, deletion_curve, point_hits, upsample
from course_lib.data.scans import MARKER_BOX, SIDE, Scans, box_masks, scans
from course_lib.lessons.lesson_18_what_does_it_look_at.evidence import (
    GRID,
    PATCH,
    RECORDED,
    ScanCNN,
    ScanViT,
    accuracy,
    chance_of_lesion,
    maps_of,
    train_on_scans,
)

OUT = Path(__file__).resolve().parents[1] / "course_lib" / "data" / "recorded"
SEEDS, STEPS, TEST, CURVES = (0, 1, 2), 700, 1000, 40
#: What stands in for a patch that is taken away: mean tissue, or black.
FILLS = {"tissue": 0.55, "black": 0.0}
KINDS = {"vit": (ScanViT, None), "cnn": (ScanCNN, None), "vit_marked": (ScanViT, 1.0)}


def train(kind, seed, steps):
    """Return a trained model."""
    make, marker = KINDS[kind]
    torch.manual_seed(seed)
    model = make()
    train_on_scans(model, steps=steps, seed=seed, marker=marker)
    return model


def lesions(marker=None):
    """Return test scans with a lesion."""
    made = scans(TEST, seed=2, marker=marker)
    return Scans(*(part[made.labels == 1] for part in made))


def hit_rates(maps, inside):
    """Return how often each map points inside."""
    rates = {name: point_hits(upsample(m, PATCH), inside).mean().item() for name, m in maps.items()}
    return {name: round(rate, 4) for name, rate in rates.items()}


def areas(model, images, maps):
    """Return the mean areas under deletion curves, by fill, and under insertion into tissue."""
    found = {}
    for name, chosen in maps.items():
        sums = dict.fromkeys((*FILLS, "insertion"), 0.0)
        for image, one in zip(images[:CURVES], chosen[:CURVES], strict=True):
            fills = {what: torch.full_like(image, grey) for what, grey in FILLS.items()}
            pairs = {what: (image, fill) for what, fill in fills.items()}
            pairs["insertion"] = (fills["tissue"], image)
            for what, (first, last) in pairs.items():
                curve = deletion_curve(lambda x: chance_of_lesion(model, x), first, last, one)
                sums[what] += curve[1].item() / CURVES
        found[name] = {what: round(total, 4) for what, total in sums.items()}
    return found


def judge(kind, model, made):
    """Return one model's accuracies, hit rates and areas."""
    with_lesion = lesions(1.0 if kind == "vit_marked" else None)
    maps = maps_of(model, with_lesion.images)
    said = {"hits": hit_rates(maps, box_masks(with_lesion.boxes))}
    if kind == "vit_marked":
        corner = torch.zeros(SIDE, SIDE, dtype=torch.bool)
        top, left, bottom, right = MARKER_BOX
        corner[top:bottom, left:right] = True
        said["marker_hits"] = hit_rates(maps, corner.expand(len(with_lesion.labels), -1, -1))
        agree, against = scans(TEST, seed=3, marker=1.0), scans(TEST, seed=3, marker=0.0)
        said["accuracy"] = {
            "marker agrees": round(accuracy(model, agree), 4),
            "marker against": round(accuracy(model, against), 4),
            "no marker": round(accuracy(model, made), 4),
        }
    else:
        said["accuracy"] = {"no marker": round(accuracy(model, made), 4)}
        said["areas"] = areas(model, with_lesion.images, maps)
    return said


def baselines():
    """Return hit rates of maps that no model has drawn."""
    with_lesion = lesions()
    inside, boxes = box_masks(with_lesion.boxes), with_lesion.boxes
    generator = torch.Generator().manual_seed(0)
    count = len(boxes)
    centre = torch.zeros(count, GRID, GRID)
    centre[:, GRID // 2, GRID // 2] = 1
    share = inside.float().unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).mean((-2, -1))
    dark = -with_lesion.images.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).mean((-2, -1))
    torch.manual_seed(0)
    untrained = maps_of(ScanViT(), with_lesion.images)
    return {
        "base rate": round(base_rate(boxes, SIDE, SIDE), 4),
        **hit_rates(
            {
                "random map": torch.rand(count, GRID, GRID, generator=generator),
                "centre map": centre,
                "darkest patch": dark,
                "best there can be": share,
            },
            inside,
        ),
        "untrained": hit_rates(untrained, inside),
    }


def record(steps):
    """Train every model, keep the first seed's, and return the log."""
    made, results, started = scans(TEST, seed=2), {kind: [] for kind in RECORDED}, time.time()
    for kind in RECORDED:
        for seed in SEEDS:
            model = train(kind, seed, steps)
            results[kind].append(judge(kind, model, made))
            print(kind, seed, results[kind][-1], f"{time.time() - started:.0f} s", flush=True)
            if seed == SEEDS[0] and steps == STEPS:
                half = {name: each.half().contiguous() for name, each in model.state_dict().items()}
                save_file(half, recorded("18") / f"scans_{kind}.safetensors")
    sizes = {kind: sum(p.numel() for p in KINDS[kind][0]().parameters()) for kind in RECORDED}
    return {
        "command": "python bench/record_scans.py",
        "hardware": f"{platform.machine()} CPU, one thread",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seconds": round(time.time() - started),
        "seeds": list(SEEDS),
        "steps": steps,
        "parameters": sizes,
        "test": {"scans": TEST, "with a lesion": len(lesions().labels), "curves": CURVES},
        "baselines": baselines(),
        "results": results,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    log = record(steps)
    if steps == STEPS:
        path = OUT / "scans.json"
        path.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
