"""“Beam search”: its cases, its oracle, its hints."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double, draw_marks
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_11_translation.common import BEAM, SIZES
from course_lib.lessons.lesson_11_translation.mistakes.beam_search import MISTAKES


def a_writer(rng: np.random.Generator, v: int, end: int, pull: float) -> Callable[[Tensor], Tensor]:
    """Return log_probs in noise, which depend on the whole prefix; `pull` draws towards the end."""
    table, bias = noise(rng, v, v, scale=1.2), noise(rng, 9, v)
    bias[:, end] += pull

    def log_probs(words: Tensor) -> Tensor:
        n = words.shape[1]
        fade = 0.7 ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
        seen = (table[words] * fade[:, None]).sum(1)
        return (seen + bias[n - 1]).log_softmax(-1)

    return log_probs


def beam_case(rng: Any, v: int, marks: Any, plan: tuple[int, int, float], **more: Any) -> Case:
    (start, end), (width, n, alpha) = marks, plan
    rng = rng_of(rng)
    log_probs = a_writer(rng, v, end, 0.0)
    return Case(args=(log_probs, start, end, width, n, alpha), **more)


def by_hand_writer(words: Tensor) -> Tensor:
    """a 0.5, b 0.4, end 0.1; after a each 0.4, 0.3, 0.3; after b 0.05, 0.05, 0.9."""
    table = double([[0, 0.5, 0.4, 0.1], [0, 0.4, 0.3, 0.3], [0, 0.05, 0.05, 0.9], [0, 0, 0, 1]])
    return table[words[:, -1]].clamp_min(1e-9).log()


def beam_cases() -> list[Case]:
    return [
        Case(
            label="start 0, a 1, b 2, end 3; a beam of 2, at most 2 words",
            args=(by_hand_writer, 0, 3, 2, 2, 1.0),
        ),
        beam_case(37, 4, (1, 2), (2, 4, 0.7), label="4 words, a beam of 2, α = 0.7"),
        beam_case(7, 5, (0, 4), (3, 5, 1.0), label="5 words, a beam of 3, α = 1"),
        beam_case(35, 6, (3, 1), (3, 6, 0.6), label="6 words, a beam of 3, α = 0.6"),
        beam_case(36, 5, (1, 2), (2, 5, 0.5), label="5 words, a beam of 2, α = 0.5"),
        beam_case(10, 4, (1, 3), (4, 3, 0.8), label="4 words, a beam of 4, at most 3"),
        beam_case(
            1,
            4,
            (1, 2),
            (2, 5, 0.7),
            label="two have ended, and a longer one still overtakes them",
            shows=("early_end",),
        ),
        beam_case(
            5,
            5,
            (1, 2),
            (3, 6, 1.0),
            label="three have ended, and a longer one still overtakes them",
            shows=("early_end",),
        ),
        beam_case(9, 4, (1, 0), (3, 5, 0.0), label="α = 0, the sum alone", edge=True),
        beam_case(4, 5, (1, 2), (1, 5, 1.0), label="a beam of one", edge=True),
    ]


def beam_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 6))
    marks = draw_marks(rng, v)
    alpha = pick(rng, (0.0, 0.5, 0.6, 1.0, 1.3))
    plan = (pick(rng, SIZES), pick(rng, range(1, 5)), alpha)
    return beam_case(rng, v, marks, plan, label="random")


def beam_oracle(
    log_probs: Any, start: int, end: int, width: int, max_len: int, alpha: float
) -> tuple[list[int], float]:
    """The same search over arrays: flat scores, places by argsort, one prefix at a time."""
    live, sums, best = np.array([[start]]), np.zeros(1), (-math.inf, [0])

    def offer(total: float, words: list[int]) -> None:
        nonlocal best
        best = max(best, (total / len(words) ** alpha, words))

    for _ in range(max_len):
        if not len(live):
            break
        rows = [log_probs(torch.from_numpy(one[None]))[0].numpy() for one in live]
        flat = (sums[:, None] + np.stack(rows)).ravel()
        chosen = np.argsort(-flat, kind="stable")[:width]
        parent, word = chosen // rows[0].size, chosen % rows[0].size
        longer = np.concatenate([live[parent], word[:, None]], 1)
        for total, one in zip(flat[chosen][word == end], longer[word == end], strict=True):
            offer(float(total), one[1:].tolist())
        live, sums = longer[word != end], flat[chosen][word != end]
    for total, one in zip(sums, live, strict=True):
        offer(float(total), one[1:].tolist())
    return best[1], best[0]


def one_is_greedy(call: Any, case: Case, value: Any) -> str | None:
    """A beam of one writes what greedy decoding writes."""
    log_probs, start, end, _, max_len, alpha = case.args
    words: list[int] = []
    while len(words) < max_len and end not in words:
        words.append(int(log_probs(torch.tensor([[start, *words]]))[0].argmax()))
    found = [int(word) for word in call(log_probs, start, end, 1, max_len, alpha)[0]]
    if found == words:
        return None
    return (
        f"A beam of one is greedy decoding, which writes {words} on the case “{case.label}”. "
        f"With width 1 yours writes {found}."
    )


def wide_is_exhaustive(call: Any, case: Case, value: Any) -> str | None:
    """A beam that never drops anything finds the best of all translations."""
    log_probs, start, end, _, max_len, alpha = case.args
    n, v = min(max_len, 2), log_probs(torch.tensor([[start]])).shape[1]
    scores = {}
    for words in itertools.product(range(v), repeat=n):
        cut = words[: words.index(end) + 1] if end in words else words
        rows = [log_probs(torch.tensor([[start, *cut[:t]]]))[0, cut[t]] for t in range(len(cut))]
        scores[cut] = float(sum(rows)) / len(cut) ** alpha
    best = max(scores, key=lambda one: scores[one])
    found = tuple(int(word) for word in call(log_probs, start, end, v**n, n, alpha)[0])
    if scores.get(found, -math.inf) >= scores[best] - 1e-9:
        return None
    return (
        f"Of all translations of up to {n} words, {list(best)} scores highest on the case "
        f"“{case.label}”. A beam of {v**n} drops none of them, and yours returns {list(found)}."
    )


EXERCISE = Exercise(
    name="beam_search",
    title="Beam search",
    minutes=15,
    difficulty=3,
    proves="a beam of one is greedy, a beam that drops nothing is brute force, and those between "
    "agree with a search over arrays",
    passed="One is greedy, an exhaustive width is brute force, the rest agrees with another search.",
    cases=beam_cases,
    sample=beam_sample,
    oracle=beam_oracle,
    parts=("words", "score"),
    properties=(
        Property(id="one_is_greedy", holds=one_is_greedy),
        Property(id="wide_is_exhaustive", holds=wide_is_exhaustive),
    ),
    kinds=(
        "early_end",
        "zero",
    ),
    reference=f"{BEAM}.beam_search",
    device="any",
    hints=(
        "Keep two lists: translations that live, and those that have ended. Each entry is its words "
        "and the sum of its log-probabilities. What happens to both lists in one step?",
        "live = [([start], 0)], done = []\nrepeat max_len times, while any live:\n"
        "    rows = log_probs of the live prefixes\n"
        "    longer = every live one with every word behind it, scores added\n"
        "    kept = the width best of longer\n    those that end go to done, the rest are live\n"
        "of done and live: the highest sum / length^α",
        "rows = log_probs(torch.tensor([words for words, _ in live])).tolist()\n"
        "    kept = sorted(longer, key=lambda one: -one[1])[:width]\n"
        "    done += [one for one in kept if one[0][-1] == end]\n"
        "The length leaves start out: len(words) - 1.",
    ),
    wrong_answers=MISTAKES,
)
