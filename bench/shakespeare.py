"""How good is a small GPT on Tiny Shakespeare: after three minutes on a CPU, and at its best?

Characters, the first 90 % to learn from, the rest to be tested on: nanoGPT's split. Its README
gives 1.88 after about three minutes on a CPU, and 1.4697 on a GPU. The bars here: below 1.70 within
180 seconds on two CPU threads, and below 1.45 with a larger model, on a GPU or in some 70 minutes
of two CPU cores.

    COURSE_DATA=… python bench/shakespeare.py                  two CPU threads, three minutes
    COURSE_DATA=… python bench/shakespeare.py --recipe hour    a larger model, still on the CPU
    COURSE_DATA=… python bench/shakespeare.py --recipe gpu     a model of nanoGPT's size, on a GPU
    python bench/shakespeare.py --recipe gpu --toy             a few steps on Python's documentation

The steps are counted, so the loss is the same on every machine of a kind; the time is what it is.
The two larger recipes look at the held-out text now and then and report their best, as nanoGPT
does; the last loss stands beside it. They train in bf16 and are measured in float32.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

import torch
from _logs import hardware, text_of
from torch import Tensor

from course_lib.data.characters import Characters
from course_lib.data.python_docs import Text, python_docs
from course_lib.data.shakespeare import tiny_shakespeare
from course_lib.errors import CourseError
from course_lib.lessons.lesson_12_language_model.language_model import (
    TrainConfig,
    held_out_loss,
    train,
)
from course_lib.models.generation import generate, sample
from course_lib.models.gpt import GPT, GPTConfig

LOOK = 250  # steps between two looks at the held-out text


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model, how it is trained, where, and what is asked of it.

    Args:
        sizes: of the model, as `GPTConfig` takes them.
        how: steps, batches and rates.
        device: "cpu" or "cuda".
        bar: nats a character that the held-out loss has to be below.
        seconds: the most that training may take; any when left out.
        best: whether the best of several looks is taken.
    """

    sizes: dict[str, int | float]
    how: TrainConfig
    device: str
    bar: float
    seconds: float | None = None
    best: bool = True


RECIPES = {
    "minutes": Recipe(
        sizes={"max_len": 64, "d_model": 128, "n_heads": 4, "n_layers": 4},
        how=TrainConfig(steps=1500, length=64, batch=16, rate=4e-3, warmup=50, muon=0.02),
        device="cpu",
        bar=1.70,
        seconds=180.0,
        best=False,
    ),
    "hour": Recipe(
        sizes={"max_len": 256, "d_model": 256, "n_heads": 4, "n_layers": 6, "dropout": 0.2},
        how=TrainConfig(
            steps=2250, length=256, batch=32, rate=2e-3, warmup=100, muon=0.02, bf16=True
        ),
        device="cpu",
        bar=1.45,
    ),
    "gpu": Recipe(
        sizes={"max_len": 256, "d_model": 384, "n_heads": 6, "n_layers": 6, "dropout": 0.25},
        how=TrainConfig(
            steps=3000, length=256, batch=64, rate=2e-3, warmup=100, muon=0.02, bf16=True
        ),
        device="cuda",
        bar=1.45,
    ),
}


def read(toy: bool) -> Text:
    """Return Tiny Shakespeare, or Python's documentation for a try."""
    return python_docs() if toy else tiny_shakespeare()


def looks(model: GPT, held_out: Tensor, length: int, losses: dict[int, float]) -> Callable:
    """Return a function that measures the model every `LOOK` steps."""

    def look(step: int) -> None:
        if step % LOOK == 0:
            losses[step] = round(held_out_loss(model, held_out, length), 4)
            print(f"  step {step}: {losses[step]:.4f}", file=sys.stderr, flush=True)

    return look


def means(trained: list[float]) -> dict[int, float]:
    """Return the mean training loss of every `LOOK` steps, dropout included."""
    starts = range(0, len(trained), LOOK)
    return {
        start + len(part): round(fmean(part), 4)
        for start, part in ((at, trained[at : at + LOOK]) for at in starts)
    }


def write(model: GPT, letters: Characters, place: str, seed: int) -> str:
    """Return what the model writes after an empty line: as many characters as it can."""
    draws = torch.Generator(place).manual_seed(seed)
    prompt = letters.encode("\n").to(place)[None]
    choose = partial(sample, temperature=0.8, generator=draws)
    written = generate(model, prompt, model.config.max_len - 1, choose=choose)
    return letters.decode(written[0].cpu())


def measure(recipe: Recipe, toy: bool, seed: int) -> dict[str, object]:
    """Train once and return what came out."""
    place = "cpu" if toy else recipe.device  # a try needs no GPU
    text = read(toy)
    letters = Characters.of(text.letters)
    held_out = text.held_out[:3000] if toy else text.held_out
    tokens, held_out = (letters.encode(t).to(place) for t in (text.train, held_out))
    how = replace(recipe.how, seed=seed)
    how = replace(how, steps=4, batch=2) if toy else how
    torch.manual_seed(seed)
    model = GPT(GPTConfig(vocab_size=len(letters), **recipe.sizes)).to(place)
    losses: dict[int, float] = {}
    look = looks(model, held_out, how.length, losses) if recipe.best else None
    wall, cpu = time.perf_counter(), time.process_time()
    trained = train(model, tokens, how, after=look)
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    losses[how.steps] = round(held_out_loss(model, held_out, how.length), 4)
    return {
        "text": "Python's documentation" if toy else "Tiny Shakespeare",
        "seed": seed,
        "steps": how.steps,
        "tokens_seen": how.steps * how.batch * how.length,
        "parameters": model.n_parameters(),
        "last_loss": losses[how.steps],
        "best_loss": min(losses.values()),
        "losses": losses,
        "training_losses": means(trained),
        "sample": write(model, letters, place, seed),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "precision": "bf16" if how.bf16 else "float32",
        "sizes": recipe.sizes,
    }


def main() -> int:
    """Print a log as JSON and a verdict; 1 when a bar is missed, 0 when it is skipped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", choices=RECIPES, default="minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--toy", action="store_true", help="a few steps, no download, no GPU")
    parser.add_argument("--out", type=Path, help="write the log there as well")
    asked = parser.parse_args()
    recipe = RECIPES[asked.recipe]
    os.environ["COURSE_QUIET"] = "1"
    torch.set_num_threads(asked.threads)
    try:
        found = measure(recipe, asked.toy, asked.seed)
    except CourseError as error:
        print(f"Skipped: {error}")
        return 0
    log = {
        "command": f"python bench/shakespeare.py --recipe {asked.recipe}",
        "hardware": hardware(threads=asked.threads, device=recipe.device),
    }
    print(text_of(log, [found]), end="")
    if asked.out:
        asked.out.write_text(text_of(log, [found]), encoding="utf-8")
    return 0 if asked.toy else verdict(found, recipe)


def verdict(found: dict[str, object], recipe: Recipe) -> int:
    """Say whether loss and time are within their bars."""
    loss, seconds, most = float(found["best_loss"]), float(found["seconds"]), recipe.seconds
    good = loss < recipe.bar and (most is None or seconds <= most)
    within = "" if most is None else f" within {most:.0f} s"
    print(
        f"{'PASS' if good else 'MISSED'}: held-out loss {loss:.3f} nats a character after "
        f"{seconds:.0f} s (bar: below {recipe.bar:.2f}{within})"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
