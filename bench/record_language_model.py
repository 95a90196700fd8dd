"""Record how the small language model of lesson 12 learns, by characters and by pieces.

Two tokenizers, three seeds, 1,400 steps each, and the toys that repeat random texts. Writes
language_model.json into lesson 12's room, which lesson 12 draws.

    python bench/record_language_model.py              all of it, about ten minutes on two CPU cores
    python bench/record_language_model.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import itertools
import json
import math
import multiprocessing
import os
import time
from collections import Counter
from typing import Any

from _logs import hardware, recorded

os.environ["COURSE_QUIET"] = "1"
FOLDER = recorded("12")
SEEDS, WORKERS, MERGES = (0, 1, 2), 2, 400
LOOK_AT = (25, 50, 100, 200, 300, 400, 600, 800, 1000, 1200, 1400)
TOY_STEPS, TOY_PERIOD = 600, 14


def texts(kind: str) -> tuple[Any, Any, float, Any]:
    """Return tokens to learn from, held-out tokens, held-out tokens a byte, and the tokenizer."""
    from course_lib.data.byte_pairs import cut, split_words, train_bpe, vocabulary
    from course_lib.data.characters import Characters
    from course_lib.data.python_docs import python_docs

    text = python_docs()
    n_bytes = len(text.held_out.encode())
    if kind == "characters":
        letters = Characters.of(text.letters)
        held_out = letters.encode(text.held_out)
        return letters.encode(text.train), held_out, len(held_out) / n_bytes, letters
    merges = train_bpe(Counter(split_words(text.train)), MERGES)
    pieces = Characters(tuple(vocabulary(text.letters, merges)))
    train, held_out = (numbers(pieces, cut(part, merges)) for part in (text.train, text.held_out))
    return train, held_out, len(held_out) / n_bytes, pieces


def numbers(pieces: Any, cut: list[str]) -> Any:
    """Return the numbers of pieces."""
    import torch

    place = {piece: at for at, piece in enumerate(pieces.known)}
    return torch.tensor([place[piece] for piece in cut])


def run(job: tuple[str, int, int]) -> dict[str, object]:
    """Train one model and measure it as it learns."""
    import torch

    from course_lib.lessons.lesson_12_language_model import language_model as lm
    from course_lib.models.gpt import GPT

    torch.set_num_threads(1)
    kind, seed, steps = job
    train, held_out, tokens_a_byte, tokenizer = texts(kind)
    torch.manual_seed(seed)
    model = GPT(lm.small_config(len(tokenizer)))
    losses: dict[int, float] = {0: lm.held_out_loss(model, held_out)}

    def look(step: int) -> None:
        if step in LOOK_AT or step == steps:
            losses[step] = lm.held_out_loss(model, held_out)

    start = time.process_time()
    lm.train(model, train, lm.TrainConfig(steps=steps, seed=seed), after=look)
    seconds = time.process_time() - start
    found = {
        "kind": kind,
        "seed": seed,
        "vocabulary": len(tokenizer),
        "parameters": model.n_parameters(),
        "tokens_a_byte": round(tokens_a_byte, 4),
        "held_out": {str(step): round(loss, 4) for step, loss in losses.items()},
        "bits_per_byte": round(losses[steps] * tokens_a_byte / math.log(2), 4),
        "cpu_seconds": round(seconds, 1),
    }
    print(found, flush=True)
    return found


def toy(job: tuple[int, int]) -> dict[str, object]:
    """Train one toy on texts that repeat, and watch its loss and its induction scores."""
    import torch

    from course_lib.lessons.lesson_12_language_model import repeats
    from course_lib.lessons.lesson_12_language_model.reference import induction_score

    torch.set_num_threads(1)
    n_layers, seed = job
    curve: list[list[object]] = []

    def look(step: int, model: Any) -> None:
        if step % 50 == 0:
            scores = induction_score(repeats.mean_weights(model, TOY_PERIOD), TOY_PERIOD)
            loss = repeats.loss_on_repeats(model, TOY_PERIOD)
            curve.append([step, round(loss, 3), round(scores.max().item(), 3)])

    model = repeats.train_on_repeats(n_layers, seed=seed, steps=TOY_STEPS, after=look)
    silenced = []
    for layer, head in itertools.product(range(n_layers), range(model.config.n_heads)):
        with repeats.silenced(model, layer, [head]):
            silenced.append([layer, head, round(repeats.loss_on_repeats(model, TOY_PERIOD), 3)])
    found = {"layers": n_layers, "seed": seed, "curve": curve, "silenced": silenced}
    print(found, flush=True)
    return found


def baselines() -> dict[str, float]:
    """Return held-out losses of guesses that no network makes, in nats a character."""
    import torch

    from course_lib.lessons.lesson_12_language_model.reference import bigram_log_probs

    train, held_out, _, letters = texts("characters")
    v = len(letters)
    unigram = ((torch.bincount(train, minlength=v) + 0.1) / (len(train) + 0.1 * v)).log()
    bigram = bigram_log_probs(train, v, smoothing=0.1)
    return {
        "uniform": round(math.log(v), 4),
        "unigram": round(-unigram[held_out].mean().item(), 4),
        "bigram": round(-bigram[held_out[:-1], held_out[1:]].mean().item(), 4),
    }


def main() -> None:
    """Train all models and write the log."""
    from course_lib.lessons.lesson_12_language_model.language_model import STEPS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    jobs = [(kind, seed, steps) for kind in ("characters", "pieces") for seed in SEEDS]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        runs = pool.map(run, jobs, chunksize=1)
        toys = pool.map(toy, list(itertools.product((2, 1), SEEDS)), chunksize=1)
    log = {
        "command": "python bench/record_language_model.py",
        "hardware": hardware(threads_a_model=1, models_at_once=WORKERS),
        "steps": steps,
        "tokens_a_step": 1024,
        "merges": MERGES,
        "baselines": baselines(),
        "runs": runs,
        "toys": {"steps": TOY_STEPS, "period": TOY_PERIOD, "runs": toys},
    }
    if steps == STEPS:
        text = json.dumps(log, indent=1)
        (FOLDER / "language_model.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
