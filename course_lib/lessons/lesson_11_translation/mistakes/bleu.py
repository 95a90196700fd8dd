"""Mistakes in “BLEU by hand”: the code that makes each, its name, and why it is wrong."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def _grams(words: Any, n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _matched(c: Any, r: Any, n: int, fault: str) -> tuple[int, int]:
    ours, theirs = _grams(c, n), _grams(r, n)
    if fault == "unclipped":
        return sum(k for gram, k in ours.items() if gram in theirs), ours.total()
    if fault == "types":
        return len(ours.keys() & theirs.keys()), len(ours)
    if fault == "recall":
        return (ours & theirs).total(), theirs.total()
    return (ours & theirs).total(), ours.total()


def _bleu(fault: str) -> Callable[..., float]:
    """Return BLEU with one fault."""

    def one(candidates: Any, references: Any) -> float:
        if fault == "one long sentence":
            candidates, references = [[*chain(*candidates)]], [[*chain(*references)]]
        precisions = []
        for n in (1,) if fault == "unigrams" else (1, 2, 3) if fault == "three" else (1, 2, 3, 4):
            pairs = [_matched(c, r, n, fault) for c, r in zip(candidates, references, strict=True)]
            if fault == "mean precision":
                shares = [m / t for m, t in pairs if t]
                precisions.append(sum(shares) / len(shares) if shares else 0.0)
                continue
            matched, total = (sum(column) for column in zip(*pairs, strict=True))
            precisions.append(matched / total if total else 0.0)
        c, r = sum(map(len, candidates)), sum(map(len, references))
        return penalty(c, r) * mean(precisions)

    def penalty(c: int, r: int) -> float:
        if not c:
            return 0.0
        exact = math.exp(1 - r / c)
        return {
            "no penalty": 1.0,
            "turned": min(1.0, math.exp(1 - c / r)),
            "both ways": exact,
            "ratio": min(1.0, c / r),
        }.get(fault, min(1.0, exact))

    def mean(p: list[float]) -> float:
        if fault == "arithmetic":
            return 100 * sum(p) / len(p) * all(p)
        if fault == "product":
            return 100 * math.prod(p)
        if fault == "skips zeros":
            p = [x for x in p if x] or [0.0]
        return (1 if fault == "share" else 100) * math.prod(p) ** (1 / len(p))

    def bleu(candidates: Any, references: Any) -> float:
        if fault == "by sentence":
            scores = [one([c], [r]) for c, r in zip(candidates, references, strict=True)]
            return sum(scores) / len(scores)
        return one(candidates, references)

    return bleu


MISTAKES = (
    WrongAnswer(
        id="not_clipped",
        code=_bleu("unclipped"),
        says="You count an n-gram as often as the candidate repeats it, without clipping.",
        why="“ein ein ein ein” would reach a precision of 1 wherever one “ein” is due. A match counts at most as often as "
        "the reference has it.",
    ),
    WrongAnswer(
        id="counted_once",
        code=_bleu("types"),
        says="You count every different n-gram once, however often it stands there.",
        why="A set forgets counts: two right “ein” are two matches.",
    ),
    WrongAnswer(
        id="no_brevity_penalty",
        code=_bleu("no penalty"),
        says="The brevity penalty is missing.",
        why="Precision asks only whether what was written is right. Who writes only the sure words would win.",
    ),
    WrongAnswer(
        id="penalty_turned",
        code=_bleu("turned"),
        says="Your penalty has the two lengths swapped: it punishes long candidates.",
        why="Long ones pay in precision already. The penalty is exp(1 − reference/candidate) for short ones.",
    ),
    WrongAnswer(
        id="penalty_rewards",
        code=_bleu("both ways"),
        says="Your penalty is above 1 for candidates longer than the reference.",
        why="It is at most 1: length itself earns nothing.",
    ),
    WrongAnswer(
        id="penalty_is_a_ratio",
        code=_bleu("ratio"),
        says="Your penalty is candidate length / reference length; it is exp(1 − reference/candidate).",
        why="Papineni et al. (2002, §2.2.2) chose the exponential: half the length costs a factor e^−1 = 0.37.",
    ),
    WrongAnswer(
        id="mean_of_sentences",
        code=_bleu("by sentence"),
        says="You averaged the BLEU of single sentences.",
        why="BLEU adds matches and totals over the whole corpus first. A sentence without a matching 4-gram would count 0.",
    ),
    WrongAnswer(
        id="mean_of_precisions",
        code=_bleu("mean precision"),
        says="You averaged each precision over the sentences.",
        why="Matches and totals are added over the corpus, and divided once: long sentences count more.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=_bleu("arithmetic"),
        says="You took the arithmetic mean of the four precisions; the geometric one is due.",
        why="Precisions fall steeply with n. The geometric mean gives each the same say, and one 0 makes it 0.",
    ),
    WrongAnswer(
        id="no_root",
        code=_bleu("product"),
        says="You multiplied the precisions and took no fourth root.",
        why="The geometric mean of four numbers is the fourth root of their product.",
    ),
    WrongAnswer(
        id="recall",
        code=_bleu("recall"),
        says="You divided by the n-grams of the reference: that is recall.",
        why="BLEU is precision: the share of what was written that is right. The penalty stands in for recall.",
    ),
    WrongAnswer(
        id="words_alone",
        code=_bleu("unigrams"),
        says="You counted single words alone.",
        why="Any order of the right words would be perfect. n goes from 1 to 4.",
    ),
    WrongAnswer(
        id="up_to_three",
        code=_bleu("three"),
        says="Your n goes up to 3; BLEU counts n-grams of 1 to 4 words.",
        why="range stops before its end: range(1, 5) is 1, 2, 3, 4.",
    ),
    WrongAnswer(
        id="across_sentences",
        code=_bleu("one long sentence"),
        says="Your n-grams run from one sentence into the next.",
        why="The last word of a sentence and the first of the next were not written side by side.",
    ),
    WrongAnswer(
        id="zeros_skipped",
        code=_bleu("skips zeros"),
        says="You left precisions of 0 out of the mean.",
        why="Without smoothing, a corpus with no matching 4-gram has BLEU 0. (On single sentences tools smooth, each in its way.)",
    ),
    WrongAnswer(
        id="not_in_percent",
        code=_bleu("share"),
        says="Your BLEU goes from 0 to 1; here it goes to 100.",
        why="sacreBLEU and most papers print it times 100.",
    ),
)
