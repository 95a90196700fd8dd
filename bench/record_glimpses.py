"""Train a model that chooses where to look, and record what it does, for lesson 06.

    python bench/record_glimpses.py            # writes course_lib/data/recorded/glimpses.json
    python bench/record_glimpses.py --steps 5  # a trial run, written nowhere

Three ways of looking, each trained on three seeds with the same model for as many steps: at places
that the model chooses (hard: score function with a learned baseline), at places drawn by chance,
and everywhere at once with weights that the model chooses (soft).
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.attention.hard_attention import reinforce_loss, sample_places
from course_lib.data.digit_canvas import CANVAS, DIGIT, Canvases, digit_canvases, digit_masks

OUT = Path(__file__).parents[1] / "course_lib" / "data" / "recorded" / "glimpses.json"
SEEDS, GLIMPSES, STEPS, BATCH, RATE = (0, 1, 2), 5, 2000, 128, 5e-3
WAYS = ("hard", "random", "soft")
EPISODES = 12


def choose(way, scores, generator, best=False):
    """Return one place for each canvas."""
    if best and way == "hard":
        return scores.argmax(-1)
    weights = torch.full_like(scores, 1 / scores.shape[-1]) if way == "random" else scores
    weights = weights.detach() if way == "random" else weights.detach().softmax(-1)
    return sample_places(weights, generator)


def walk(model, images, way, generator, best=False):
    """Look `GLIMPSES` times; return every thought and every place (none where all are mixed)."""
    state = model.start(images)
    codes = model.codes(images) if way == "soft" else None
    thoughts, places = [model(state)], []
    for _ in range(GLIMPSES):
        if way == "soft":
            state = model.look_everywhere(state, codes, thoughts[-1].scores.softmax(-1))
        else:
            places.append(choose(way, thoughts[-1].scores, generator, best))
            state = model.look(state, images, places[-1])
        thoughts.append(model(state))
    return thoughts, places


def loss_of(thoughts, places, labels, way):
    """Return the loss of naming the digit after every glimpse, and that of choosing places."""
    naming = sum(F.cross_entropy(thought.logits, labels) for thought in thoughts) / len(thoughts)
    if way != "hard":
        return naming
    right = torch.stack([_right(thought, labels) for thought in thoughts[1:]])
    choosing = 0.0
    for at, (thought, place) in enumerate(zip(thoughts, places, strict=False)):
        # A glimpse is rewarded by how sure of the right digit the model is from then on.
        choosing = choosing + reinforce_loss(
            thought.scores, place, right[at:].mean(0), thought.worth
        )
    return naming + choosing / len(places)


def _right(thought, labels):
    return thought.logits.detach().softmax(-1).gather(-1, labels[:, None]).squeeze(-1)


def train(way, seed, steps, canvases):
    """Return a trained model."""
    from course_lib.lessons.lesson_06_soft_and_hard_attention.glimpse import GlimpseModel

    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = GlimpseModel()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(canvases.images), (BATCH,), generator=generator)
        images, labels = canvases.images[rows], canvases.labels[rows]
        thoughts, places = walk(model, images, way, generator)
        loss = loss_of(thoughts, places, labels, way)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def judge(model, way, test: Canvases):
    """Return accuracy, share of the pixels seen and share of the digit seen, glimpse by glimpse."""
    from course_lib.lessons.lesson_06_soft_and_hard_attention.glimpse import windows

    generator = torch.Generator().manual_seed(0)
    thoughts, places = walk(model, test.images, way, generator, best=True)
    masks = [torch.zeros_like(test.images, dtype=torch.bool)]
    for at in range(GLIMPSES):
        now = windows()[places[at]] if places else torch.ones_like(masks[-1])
        masks.append(masks[-1] | now)
    digit = digit_masks(test.places)
    right = [(t.logits.argmax(-1) == test.labels).float().mean().item() for t in thoughts]
    return {
        "accuracy": [round(one, 4) for one in right],
        "seen": [round(mask.float().mean().item(), 4) for mask in masks],
        "digit_seen": [
            round((mask & digit).sum((1, 2)).float().mean().item() / DIGIT**2, 4) for mask in masks
        ],
    }


@torch.no_grad()
def episodes(model, test: Canvases):
    """Return the first canvases as the model looks at them, every number rounded."""
    first = Canvases(*(part[:EPISODES] for part in test))
    thoughts, places = walk(model, first.images, "hard", None, best=True)
    return [
        {
            "image": (first.images[i] * 16).round().int().flatten().tolist(),
            "label": first.labels[i].item(),
            "digit_at": first.places[i].tolist(),
            "places": [place[i].item() for place in places],
            "weights": [_row(t.scores[i]) for t in thoughts[:-1]],
            "chances": [_row(t.logits[i]) for t in thoughts],
        }
        for i in range(EPISODES)
    ]


def _row(scores):
    return np.round(scores.softmax(-1).numpy().astype(float), 3).tolist()


def record(steps):
    """Train every model and return the log."""
    from course_lib.lessons.lesson_06_soft_and_hard_attention.glimpse import windows

    canvases, test = digit_canvases(20_000, seed=1), digit_canvases(2_000, seed=2, split="test")
    results, shown, started = {way: [] for way in WAYS}, None, time.perf_counter()
    for way in WAYS:
        for seed in SEEDS:
            model = train(way, seed, steps, canvases)
            results[way].append(judge(model, way, test))
            if shown is None:
                shown = episodes(model, test)
            spent = time.perf_counter() - started
            print(f"{way} {seed}: {results[way][-1]} {spent:.0f} s", flush=True)
    return {
        "command": "python bench/record_glimpses.py",
        "hardware": f"{platform.machine()} CPU, one thread",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seconds": round(time.perf_counter() - started),
        "seeds": list(SEEDS),
        "steps": steps,
        "batch": BATCH,
        "glimpses": GLIMPSES,
        "canvas": CANVAS,
        "parameters": sum(p.numel() for p in model.parameters()),
        "test": {"canvases": len(test.images), "seed": 2, "split": "test"},
        "windows": [mask.nonzero()[0].tolist() for mask in windows()],
        "results": results,
        "episodes": shown,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    log = record(steps)
    if steps == STEPS:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(log, separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
