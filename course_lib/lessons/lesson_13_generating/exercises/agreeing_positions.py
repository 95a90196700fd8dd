"""“Bug hunt”: its cases, its oracle, its hints."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_ids
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_13_generating.common import V
from course_lib.lessons.lesson_13_generating.given import FAULTS, Toy
from course_lib.lessons.lesson_13_generating.mistakes.agreeing_positions import MISTAKES


def hunt_cases() -> list[Case]:
    made = {
        "a right cache": ("", 2, (3, 1, 1)),
        "a right cache that rounds in its own way": ("rounds", 1, (1, 4, 2)),
        "several new tokens are not masked": ("no mask", 2, (2, 3)),
        "several new tokens are not masked, one layer": ("no mask", 1, (2, 3, 1)),
        "the mask starts top left": ("top left", 1, (1, 3, 2)),
        "positions begin anew": ("positions", 2, (3, 1)),
        "the first text's cache serves all": ("shared", 1, (4, 2, 1)),
        "one logit of the first text is too low": ("one low", 1, (2, 2, 2)),
        "one logit is too low and another too high": ("opposite", 2, (1, 2, 3)),
    }
    few = {
        "a right cache, one text of one token": ("", 1, (1,)),
        "one text, not masked from its first position on": ("top left", 1, (2, 2)),
    }
    alone = [
        Case(label=label, args=_hunt(label, 1, fault, layers, sizes), edge=True)
        for label, (fault, layers, sizes) in few.items()
    ]
    ordinary = [
        Case(
            label=f"{label}, {b} texts, in parts of {', '.join(map(str, sizes))}",
            args=_hunt(label, b, fault, layers, sizes),
        )
        for b, (label, (fault, layers, sizes)) in zip(
            (2, 3, 2, 3, 2, 3, 2, 3, 2), made.items(), strict=True
        )
    ]
    return [*ordinary, *alone]


def _hunt(seed: str, b: int, fault: str, layers: int, sizes: tuple[int, ...]) -> tuple[Any, ...]:
    rng = np.random.default_rng(len(seed))
    tokens = draw_ids(rng, V, b, sum(sizes))
    return Toy(layers, fault), tokens, list(sizes)


def hunt_sample(rng: np.random.Generator) -> Case:
    fault = pick(rng, FAULTS)
    sizes = tuple(pick(rng, range(1, 4)) for _ in range(pick(rng, range(1, 4))))
    tokens = draw_ids(rng, V, pick(rng, range(1, 4)), sum(sizes))
    return Case(label="random", args=(Toy(pick(rng, (1, 2)), fault), tokens, list(sizes)))


def hunt_oracle(model: Any, tokens: Tensor, sizes: Sequence[int]) -> int:
    """Compare number by number; stop at the first position where one differs."""
    cache, start, cached = model.new_cache(len(tokens)), 0, []
    for size in sizes:
        cached.append(model(tokens[:, start : start + size], cache))
        start += size
    one, other = torch.cat(cached, 1).tolist(), model(tokens).tolist()
    for t in range(tokens.shape[1]):
        for yours, due in zip(one, other, strict=True):
            if max(abs(a - b) for a, b in zip(yours[t], due[t], strict=True)) > 1e-4:
                return t
    return tokens.shape[1]


EXERCISE = Exercise(
    name="agreeing_positions",
    title="Bug hunt",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="your test says at which position a faulty cache first goes wrong, and clears right ones",
    passed="Clears the right caches and dates the first wrong position of seven faulty ones.",
    cases=hunt_cases,
    sample=hunt_sample,
    oracle=hunt_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.agreeing_positions",
    device="any",
    hints=(
        "Two ways to the same logits: all tokens at once without a cache, and part by part with one cache. From the first "
        "position on, how long do they agree, in every text and for every token of the vocabulary?",
        "one new cache for the batch\nfor each part of the tokens: logits with that cache; join them along the positions\n"
        "logits of all tokens without a cache\nwhere all differences of a position are at most 1e-4: it agrees\n"
        "count positions until the first that does not",
        "tokens.split(sizes, dim=1) cuts the parts; ((cached - whole).abs() <= 1e-4).all(-1).all(0) has one entry for each "
        "position; .long().cumprod(0).sum() counts the leading True ones. End with int(…).",
    ),
    wrong_answers=MISTAKES,
)
