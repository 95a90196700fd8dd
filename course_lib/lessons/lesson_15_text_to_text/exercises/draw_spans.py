"""“Where the gaps are”: its cases, its oracle, its hints."""

from collections.abc import Callable
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_15_text_to_text.mistakes.draw_spans import MISTAKES


class Cutter:
    """Cut a total into parts: a fixed answer to each question, so that a check can be repeated."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, total: int, parts: int) -> list[int]:
        """Return `parts` lengths of at least 1 that sum to `total`."""
        return list(_cut(self.seed, int(total), int(parts)))

    def __repr__(self) -> str:
        return f"cut{self.seed}"


@lru_cache(maxsize=4096)
def _cut(seed: int, total: int, parts: int) -> tuple[int, ...]:
    if not 1 <= parts <= total:
        raise ValueError(f"{total} tokens cannot be cut into {parts} parts of at least 1")
    rng = np.random.Generator(np.random.Philox([seed, total * 1000 + parts]))
    places = sorted(rng.permutation(total - 1)[: parts - 1] + 1)
    ends = [0, *(int(place) for place in places), total]
    return tuple(b - a for a, b in pairwise(ends))


def halves(total: int, parts: int) -> list[int]:
    """Cut into parts that are equal but for the last, which takes the rest."""
    return [total // parts] * (parts - 1) + [total - total // parts * (parts - 1)]


def draw_cases() -> list[Case]:
    drawn = [
        Case(label=f"{n} tokens, {density:.0%}, mean {mean}", args=(n, density, mean, Cutter(seed)))
        for n, density, mean, seed in (
            (100, 0.15, 3, 1), (57, 0.15, 3, 2), (40, 0.3, 2, 3), (83, 0.25, 4, 4), (12, 0.15, 3, 5),
            (31, 0.4, 5, 6),
        )
    ]  # fmt: skip
    return [
        Case(label="20 tokens, 30 %, mean 3, equal parts", args=(20, 0.3, 3, halves)),
        *drawn,
        Case(
            label="30 tokens, 15 %, mean 3: 4.5 to round",
            args=(30, 0.15, 3, Cutter(10)),
            shows=("halves",),
        ),
        Case(
            label="10 tokens, 50 %, mean 2: 2.5 to round",
            args=(10, 0.5, 2, Cutter(11)),
            shows=("halves",),
        ),
        Case(label="two tokens", args=(2, 0.5, 3, Cutter(12)), edge=True),
        Case(label="three tokens: one span at least", args=(3, 0.15, 3, Cutter(7)), edge=True),
        Case(label="five tokens, 90 %: one stays", args=(5, 0.9, 1, Cutter(8)), edge=True),
        Case(label="ten tokens, 99 %: one stays", args=(10, 0.99, 3, Cutter(9)), edge=True),
    ]


def draw_sample(rng: np.random.Generator) -> Case:
    n, density = pick(rng, range(2, 60)), float(rng.uniform(0.03, 0.97))
    args = (n, density, pick(rng, range(1, 6)), Cutter(pick(rng, range(20))))
    return Case(label="random", args=args)


def draw_oracle(
    n: int, density: float, mean_length: float, cut: Callable[[int, int], list[int]]
) -> list[tuple[int, int]]:
    """Paint the text as a row of letters, k for kept and x for taken out, and read the runs of x."""
    taken = int(np.clip(np.rint(n * density), 1, n - 1))
    count = int(np.clip(np.rint(taken / mean_length), 1, n - taken))
    noise_parts, kept_parts = cut(taken, count), cut(n - taken, count)
    row = "".join("k" * a + "x" * b for a, b in zip(kept_parts, noise_parts, strict=True))
    runs = [
        [at for at, _ in run] for x, run in groupby(enumerate(row), key=lambda p: p[1] == "x") if x
    ]
    return [(run[0], len(run)) for run in runs]


def exact_count(call: Any, case: Case, value: Any) -> str | None:
    """The number of tokens taken out is exact."""
    n, density, _, _ = case.args
    due, got = min(max(round(n * density), 1), n - 1), sum(length for _, length in value)
    if got == due:
        return None
    return (
        f"Of {n} tokens at a density of {density:g}, {due} {'is' if due == 1 else 'are'} to be taken out. "
        f"On the case “{case.label}” the lengths of your spans sum to {got}."
    )


def inside_and_apart(call: Any, case: Case, value: Any) -> str | None:
    """Spans lie in the text, in order, with a stretch that stays before each."""
    at = 0
    for start, length in value:
        if start <= at - (at == 0) or start + length > case.args[0]:
            return (
                f"Before each span at least one token stays, and the last span ends with the text. On the case “{case.label}” "
                f"your span ({start}, {length}) does not fit in: the one before it ends at {at}, the text at {case.args[0]}."
            )
        at = start + length
    return None


EXERCISE = Exercise(
    name="draw_spans",
    title="Where the gaps are",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="exactly the share asked for is taken out, in as many spans as the mean length says, none touching another",
    passed="Agrees with painting the text letter by letter; counts are exact, for three tokens as for a hundred.",
    cases=draw_cases,
    sample=draw_sample,
    oracle=draw_oracle,
    properties=(
        Property(id="exact_count", holds=exact_count),
        Property(id="inside_and_apart", holds=inside_and_apart),
    ),
    reference="course_lib.data.span_corruption.draw_spans",
    device="any",
    hints=(
        "Two numbers come first: how many tokens are taken out, and how many spans share them. How are lengths and gaps drawn "
        "from those?",
        "n_noise = round(n · density), at least 1, at most n − 1\nn_spans = round(n_noise / mean_length), at least 1, at most n − n_noise\n"
        "cut n_noise into n_spans lengths\ncut n − n_noise into n_spans stretches that stay\n"
        "alternate: stretch, span, stretch, span",
        "for length, kept in zip(cut(n_noise, n_spans), cut(n - n_noise, n_spans)): the span starts at at + kept; then at moves on "
        "by kept + length.",
    ),
    kinds=("halves",),
    wrong_answers=MISTAKES,
)
