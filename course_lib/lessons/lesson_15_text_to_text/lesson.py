"""Lesson 15 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_15*.py`."""

import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_15_text_to_text import mistakes as wrong
from course_lib.lessons.lesson_15_text_to_text import mistakes_model as wrong_model

DOUBLE = torch.float64
SENTINELS = [99, 98, 97, 96, 95, 94]

# ---------------------------------------------------------------- 15.1 corrupt


def corrupt_cases() -> list[Case]:
    def text(n: int) -> list[int]:
        return list(range(11, 11 + n))

    return [
        Case(
            label="five tokens, spans (1, 2) and (4, 1)",
            args=(text(5), [(1, 2), (4, 1)], SENTINELS),
        ),
        Case(label="eight tokens, one span", args=(text(8), [(4, 2)], SENTINELS)),
        Case(
            label="twelve tokens, three spans",
            args=([7, 7, 3, 5, 5, 5, 8, 2, 9, 9, 4, 6], [(1, 1), (4, 3), (9, 2)], SENTINELS),
        ),
        Case(label="a span at the front", args=(text(6), [(0, 2), (3, 1)], SENTINELS)),
        Case(label="no span", args=(text(3), [], SENTINELS), edge=True),
        Case(label="everything is one span", args=(text(3), [(0, 3)], SENTINELS), edge=True),
    ]


def corrupt_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 14))
    tokens = [int(token) for token in rng.integers(1, 40, size=n)]
    spans, at = [], pick(rng, range(3))
    while at < n and len(spans) < 5:
        length = pick(rng, range(1, min(4, n - at) + 1))
        spans.append((at, length))
        at += length + pick(rng, range(1, 4))
    return Case(label="random", args=(tokens, spans, SENTINELS))


def corrupt_oracle(
    tokens: Sequence[int], spans: Sequence[tuple[int, int]], sentinels: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Ask of every token whether a span holds it, and which; then write both rows token by token."""
    holder = [
        next((i for i, (start, n) in enumerate(spans) if start <= at < start + n), None)
        for at in range(len(tokens))
    ]
    read: list[int] = []
    written: list[int] = []
    for i, places in groupby(range(len(tokens)), key=lambda at: holder[at]):
        run = [tokens[at] for at in places]
        read += run if i is None else [sentinels[i]]
        written += [] if i is None else [sentinels[i], *run]
    return read, [*written, sentinels[len(spans)]]


def nothing_is_lost(call: Any, case: Case, value: Any) -> str | None:
    """Each token of the text stands in one of the two, and in one alone."""
    tokens, _, sentinels = case.args
    found = [token for part in value for token in part if token not in sentinels]
    if len(found) == len(tokens):
        return None
    return (
        f"Every token of the text is either read or written, never both, never neither: {len(tokens)} in all. On the case "
        f"“{case.label}” yours are {len(found)}."
    )


CORRUPT = Exercise(
    name="corrupt",
    title="Span corruption",
    minutes=8,
    difficulty=2,
    proves="each span leaves one sentinel behind, and what is to be written names every sentinel, its tokens, and one sentinel more",
    passed="Agrees with a rule that asks of every token which span holds it.",
    cases=corrupt_cases,
    sample=corrupt_sample,
    oracle=corrupt_oracle,
    properties=(Property(id="nothing_is_lost", holds=nothing_is_lost),),
    reference="course_lib.data.span_corruption.corrupt",
    parts=("what is read", "what is to be written"),
    device=False,
    hints=(
        "Walk along the text from span to span. What goes into the first list up to the start of a span, and what goes where at "
        "the span itself?",
        "at = 0\nfor each span with its sentinel:\n  read: the tokens from at to the start, then the sentinel\n"
        "  written: the sentinel, then the tokens of the span\n  at = the end of the span\nread: what is left\nwritten: the next sentinel",
        "for (start, length), sentinel in zip(spans, sentinels): read += [*tokens[at:start], sentinel]; at = start + length; "
        "written += [sentinel, *tokens[start:at]]. The last sentinel is sentinels[len(spans)].",
    ),
    wrong_answers=wrong.CORRUPT,
)

# ---------------------------------------------------------------- 15.2 drawing spans


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


DRAW_SPANS = Exercise(
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
    device=False,
    hints=(
        "Two numbers come first: how many tokens are taken out, and how many spans share them. How are lengths and gaps drawn "
        "from those?",
        "n_noise = round(n · density), at least 1, at most n − 1\nn_spans = round(n_noise / mean_length), at least 1, at most n − n_noise\n"
        "cut n_noise into n_spans lengths\ncut n − n_noise into n_spans stretches that stay\n"
        "alternate: stretch, span, stretch, span",
        "for length, kept in zip(cut(n_noise, n_spans), cut(n - n_noise, n_spans)): the span starts at at + kept; then at moves on "
        "by kept + length.",
    ),
    wrong_answers=wrong.DRAW_SPANS,
)

# ---------------------------------------------------------------- 15.3 buckets


def bucket_cases() -> list[Case]:
    def row(*steps: int) -> Tensor:
        return torch.tensor(steps)

    def grid(t: int, s: int) -> Tensor:
        return torch.arange(s) - torch.arange(t)[:, None]

    borders = row(
        -200, -128, -127, -91, -90, -64, -46, -45, -32, -16, -15, 0, 7, 8, 16, 32, 64, 128
    )
    return [
        Case(
            label="eight buckets, both ways",
            args=(row(-40, -3, -2, -1, 0, 1, 2, 3, 40), 8, 20, True),
        ),
        Case(
            label="eight buckets, a decoder", args=(row(-40, -9, -4, -3, -1, 0, 1, 3), 8, 20, False)
        ),
        Case(label="T5's 32 buckets, both ways", args=(torch.arange(-150, 151), 32, 128, True)),
        Case(label="T5's 32 buckets, a decoder", args=(torch.arange(-150, 151), 32, 128, False)),
        Case(label="5 queries, 7 keys, 12 buckets", args=(grid(5, 7), 12, 11, True)),
        Case(label="borders of T5's buckets", args=(borders, 32, 128, True), edge=True),
        Case(label="borders of a decoder's", args=(borders, 32, 128, False), edge=True),
    ]


def bucket_sample(rng: np.random.Generator) -> Case:
    n_buckets, both = 4 * pick(rng, range(1, 9)), bool(rng.random() < 0.5)
    most = n_buckets // 2 + pick(rng, (1, 3, 10, 40, 100))
    steps = torch.from_numpy(rng.integers(-2 * most, 2 * most, size=pick(rng, range(1, 12))))
    return Case(label="random", args=(steps, n_buckets, most, both))


def bucket_oracle(distance: Tensor, n_buckets: int, max_distance: int, both_ways: bool) -> Tensor:
    """Find each bucket in a list of the distances at which buckets begin, in whole numbers."""
    n = n_buckets // 2 if both_ways else n_buckets
    begins = _begins(n, max_distance)
    found = []
    for step in distance.flatten().tolist():
        size = abs(step) if both_ways else max(-step, 0)
        ahead = n if both_ways and step > 0 else 0
        found.append(ahead + sum(begin <= size for begin in begins) - 1)
    return torch.tensor(found).view(distance.shape)


@lru_cache
def _begins(n: int, most: int) -> tuple[int, ...]:
    """Bucket exact + j begins at the first d with (d / exact)^(n − exact) ≥ (most / exact)^j."""
    exact = n // 2
    wide, begins = n - exact, list(range(exact))
    for j in range(wide):
        d = exact
        while d**wide * exact**j < most**j * exact**wide:
            d += 1
        begins.append(d)
    return tuple(begins)


RELATIVE_BUCKETS = Exercise(
    name="relative_buckets",
    title="Distances in buckets",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="near distances have a bucket each, far ones share one, and before and after are kept apart",
    passed="Agrees with borders computed in whole numbers, at every distance up to 150 and at T5's own borders.",
    cases=bucket_cases,
    sample=bucket_sample,
    oracle=bucket_oracle,
    reference="course_lib.attention.relative_buckets.relative_buckets",
    hints=(
        "Three questions, one after another: which half, how far (a size without sign), and is it near enough for a bucket of its "
        "own?",
        "both ways: halve n; the second half for distance > 0; the size is |distance|\n"
        "a decoder: the size is −distance, at least 0\nexact = n // 2\n"
        "size < exact: bucket = size\nelse: exact + (log(size / exact) / log(max_distance / exact) · (n − exact)), cut off, at most n − 1",
        "share = torch.log(steps.clamp(min=1).float() / exact) / math.log(max_distance / exact); far = exact + (share * "
        "(n_buckets - exact)).long(), then .clamp(max=n_buckets - 1); torch.where(steps < exact, steps, far), plus "
        "the halved n_buckets where both ways and distance > 0.",
    ),
    wrong_answers=wrong_model.RELATIVE_BUCKETS,
)

# ---------------------------------------------------------------- 15.4 bias


def bias_cases() -> list[Case]:
    by_hand = torch.tensor([[0.0], [10.0], [20.0], [30.0]], dtype=DOUBLE)
    drawn = [
        Case(
            label=f"{t} queries, {s} keys, {n} buckets, {h} heads, "
            + ("both ways" if both else "a decoder"),
            args=(noise(seed, n, h), t, s, most, both),
            gradients=True,
        )
        for t, s, n, h, most, both, seed in (
            (5, 7, 8, 3, 6, True, 0), (6, 9, 12, 2, 10, False, 1), (11, 4, 8, 5, 7, True, 2),
        )
    ]  # fmt: skip
    return [
        Case(label="two queries, three keys, one head", args=(by_hand, 2, 3, 4, True)),
        *drawn,
        Case(label="one query, one key", args=(noise(3, 4, 2), 1, 1, 9, True), edge=True),
    ]


def bias_sample(rng: np.random.Generator) -> Case:
    n, h = 4 * pick(rng, range(1, 5)), pick(rng, range(1, 4))
    t, s, most = pick(rng, range(1, 8)), pick(rng, range(1, 8)), n // 2 + pick(rng, range(1, 6))
    return Case(label="random", args=(noise(rng, n, h), t, s, most, bool(rng.random() < 0.5)))


def bias_oracle(
    table: Tensor, n_queries: int, n_keys: int, max_distance: int, both_ways: bool
) -> Tensor:
    """Look up every head, query and key for itself."""
    steps = torch.tensor([[s - t for s in range(n_keys)] for t in range(n_queries)])
    buckets = bucket_oracle(steps, len(table), max_distance, both_ways)
    return torch.stack([
        torch.stack([torch.stack([table[b, h] for b in row]) for row in buckets.tolist()])
        for h in range(table.shape[1])
    ])  # fmt: skip


def depends_on_distance(call: Any, case: Case, value: Any) -> str | None:
    """Moving query and key together changes nothing."""
    _, t, s, _, _ = case.args
    if value.shape[-2:] != (t, s) or min(t, s) < 2:
        return None
    if torch.equal(value[..., 1:, 1:], value[..., :-1, :-1]):
        return None
    return (
        f"The bias depends on the distance alone: query 1 and key 1 get what query 0 and key 0 get. On the case “{case.label}” "
        "yours does not."
    )


BUCKET_BIAS = Exercise(
    name="bucket_bias",
    title="A bias for each bucket",
    minutes=6,
    difficulty=2,
    proves="each head adds the number of the bucket that s − t falls into, whatever the places t and s",
    passed="Agrees with looking up every head, query and key, gradients too.",
    cases=bias_cases,
    sample=bias_sample,
    oracle=bias_oracle,
    properties=(Property(id="depends_on_distance", holds=depends_on_distance),),
    reference="course_lib.attention.relative_buckets.bucket_bias",
    hints=(
        "Make the matrix of distances s − t first. What does indexing the table with the matrix of its buckets give?",
        "distances: keys 0 … S−1 in a row, minus queries 0 … T−1 in a column\ntheir buckets; the number of buckets is the number of "
        "rows of the table\ntable[buckets] has shape (T, S, H): bring the heads to the front",
        "steps = torch.arange(n_keys) - torch.arange(n_queries)[:, None]; table[relative_buckets(steps, len(table), max_distance, "
        "both_ways)].permute(2, 0, 1). Make the ranges on table.device.",
    ),
    wrong_answers=wrong_model.BUCKET_BIAS,
)

# ---------------------------------------------------------------- 15.5 attention


def attention_cases() -> list[Case]:
    def column(*numbers: float) -> Tensor:
        return torch.tensor(numbers, dtype=DOUBLE)[None, None, :, None]

    one = torch.ones(1, 1, 1, 4, dtype=DOUBLE)
    keys = torch.stack([torch.zeros(4), torch.full((4,), np.log(3) / 4)]).to(DOUBLE)[None, None]
    none = torch.zeros(1, 1, 2, dtype=DOUBLE)
    by_hand = (one, keys, column(1, 5), none, torch.ones(1, 1, 1, 2, dtype=torch.bool))
    drawn = [
        _attention_case(seed, *sizes, gradients=True)
        for seed, sizes in enumerate(((2, 3, 5, 7, 4, 6), (3, 2, 6, 4, 8, 5), (1, 4, 3, 8, 2, 7)))
    ]
    *tensors, mask = _attention_case(5, 2, 3, 4, 5, 6, 7).args
    alone = mask.clone()
    alone[1, :, 2] = False
    return [
        Case(label="one query, two keys, scores 0 and ln 3", args=by_hand),
        *drawn,
        Case(label="a query with no key allowed", args=(*tensors, alone), edge=True),
    ]


def _attention_case(
    seed: Any, b: int, h: int, t: int, s: int, d: int, d_v: int, gradients: bool = False
) -> Case:
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    q, k, v = noise(rng, b, h, t, d), noise(rng, b, h, s, d), noise(rng, b, h, s, d_v)
    mask = torch.from_numpy(rng.random((b, 1, t, s)) < 0.7)
    mask[..., 0] = True
    label = f"{b} texts, {h} heads, {t} queries, {s} keys, widths {d} and {d_v}"
    args = (q, k, v, noise(rng, h, t, s), mask)
    return Case(label="random" if seed is rng else label, args=args, gradients=gradients)


def attention_oracle(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: Tensor) -> Tensor:
    """exp(score + bias) over allowed keys, over their sum; zeros where no key is allowed."""
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) + bias
    allowed = mask.expand(scores.shape)
    highest = scores.detach().amax(-1, keepdim=True)
    powers = torch.where(allowed, (scores - highest).exp(), torch.zeros_like(scores))
    total = powers.sum(-1, keepdim=True)
    weights = powers / torch.where(total > 0, total, torch.ones_like(total))
    return torch.einsum("bhts,bhse->bhte", weights, v)


UNSCALED = Exercise(
    name="unscaled_attention",
    title="Attention without √d",
    minutes=6,
    difficulty=2,
    proves="scores and bias are added, masked and normalised, and nothing is divided by √d",
    passed="Agrees with exponentials over allowed keys, gradients too; a query with no key gets zeros.",
    cases=attention_cases,
    sample=lambda rng: _attention_case(rng, *(pick(rng, range(1, 5)) for _ in range(6))),
    oracle=attention_oracle,
    reference="course_lib.attention.relative_buckets.unscaled_attention",
    hints=(
        "It is lesson 04's attention with one thing more and one thing less.",
        "scores = q kᵀ + bias\nwhere the mask is False: −∞\nsoftmax over keys; rows without any key become 0\ntimes v",
        "(q @ k.mT + bias).masked_fill(~mask, -torch.inf).softmax(-1) gives NaN on a row of −∞ alone; .nan_to_num(0.0) or a "
        "masked_fill turns those into zeros. Then @ v.",
    ),
    wrong_answers=wrong_model.UNSCALED,
)

# ---------------------------------------------------------------- 15.6 shift right


def shift_cases() -> list[Case]:
    def ids(*rows: Sequence[int]) -> Tensor:
        return torch.tensor(rows)

    drawn = [
        _shift_case(np.random.default_rng(seed), b, t) for seed, b, t in ((0, 3, 7), (1, 5, 4))
    ]
    return [
        Case(label="one row of three", args=(ids([7, 8, 1]), 0, 0)),
        Case(label="two rows, −100 behind", args=(ids([7, 8, 9, 1], [5, 1, -100, -100]), 0, 0)),
        Case(
            label="BART's ids: start 2, padding 1", args=(ids([4, 6, 2, -100], [9, 3, 8, 2]), 2, 1)
        ),
        *(Case(label=f"drawn, seed {seed}", args=case.args) for seed, case in enumerate(drawn)),
        Case(label="one place", args=(ids([6], [4]), 3, 0), edge=True),
    ]


def _shift_case(rng: np.random.Generator, b: int, t: int) -> Case:
    labels = torch.from_numpy(rng.integers(4, 20, size=(b, t)))
    for row in labels:
        n = pick(rng, range(t + 1))
        row[t - n :] = -100 if n < t else row[t - n :]
    return Case(label="random", args=(labels, pick(rng, (0, 2, 3)), pick(rng, (0, 1))))


def shift_oracle(labels: Tensor, start: int, pad: int) -> Tensor:
    rows = [[start, *(pad if one == -100 else one for one in row)][:-1] for row in labels.tolist()]
    return torch.tensor(rows, dtype=labels.dtype).view(labels.shape)


SHIFT_RIGHT = Exercise(
    name="shift_right",
    title="What the decoder reads",
    minutes=5,
    difficulty=1,
    proves="at each place the decoder reads what was written one place before, and the start token first",
    passed="Agrees with lists moved by hand; T5's start token and BART's, −100 turned into padding.",
    cases=shift_cases,
    sample=lambda rng: _shift_case(rng, pick(rng, range(1, 5)), pick(rng, range(1, 7))),
    oracle=shift_oracle,
    reference="course_lib.lessons.lesson_15_text_to_text.reference.shift_right",
    hints=(
        "The row to be written is 7, 8, end. What has been written when 7 is due? When 8 is? When the end is?",
        "−100 becomes pad\na column of start\nthen every column but the last",
        "read = labels.masked_fill(labels == -100, pad); torch.cat([torch.full_like(read[:, :1], start), read[:, :-1]], dim=1).",
    ),
    wrong_answers=wrong.SHIFT_RIGHT,
)

# ---------------------------------------------------------------- 15.8 best span


def span_cases() -> list[Case]:
    def row(*numbers: float) -> Tensor:
        return torch.tensor(numbers, dtype=DOUBLE)

    inside = torch.tensor([False, True, True, True, True])
    by_hand = (row(9, 1, 5, 0, 2), row(9, 6, 0, 3, 1), inside, 3)
    drawn = [_span_case(np.random.default_rng(seed), n, most) for seed, n, most in _SPANS]
    ties = (torch.zeros(4, dtype=DOUBLE), torch.zeros(4, dtype=DOUBLE), inside[:4], 2)
    return [
        Case(label="five tokens, three at most", args=by_hand),
        Case(
            label="the best end comes first",
            args=(row(0, 0, 0, 4, 1), row(0, 5, 1, 0, 3), inside, 2),
        ),
        Case(
            label="an answer of four tokens",
            args=(row(0, 7, 1, 2, 0), row(0, 2, 3, 1, 7), inside, 4),
        ),
        Case(
            label="the best end is one token too far",
            args=(row(0, 7, 1, 2, 0), row(0, 2, 3, 1, 7), inside, 3),
        ),
        *(Case(label=f"{n} tokens, seed {s}", args=c.args) for (s, n, _), c in zip(_SPANS, drawn, strict=True)),
        Case(label="all sums equal", args=ties, edge=True),
        Case(
            label="negative logits",
            args=(row(-5, -9, -7, -8, -6), row(-1, -6, -9, -7, -8), inside, 4),
        ),
    ]  # fmt: skip


_SPANS = ((0, 9, 3), (1, 14, 2), (2, 11, 4), (3, 17, 5), (4, 12, 1))


def _span_case(rng: np.random.Generator, n: int, most: int) -> Case:
    first = pick(rng, range(n))
    last = pick(rng, range(first, n))
    passage = torch.zeros(n, dtype=torch.bool)
    passage[first : last + 1] = True
    if n > 8:
        passage[: n // 3], passage[n // 3 : n - 2], passage[n - 2 :] = False, True, False
    return Case(label="random", args=(2 * noise(rng, n), 2 * noise(rng, n), passage, most))


def span_oracle(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    """Try every span that is allowed, in a loop; a later one wins only when it is better."""
    first, last, inside = start.tolist(), end.tolist(), passage.tolist()
    pairs = [
        (i, i + more)
        for i in range(len(first))
        for more in range(longest)
        if i + more < len(last) and inside[i] and inside[i + more]
    ]
    return max(pairs, key=lambda pair: (first[pair[0]] + last[pair[1]], -pair[0], -pair[1]))


def span_is_allowed(call: Any, case: Case, value: Any) -> str | None:
    """What comes out is a span of the passage, short enough."""
    _, _, passage, longest = case.args
    first, last = int(value[0]), int(value[1])
    if first > last:
        return f"A span ends where it starts or later. On the case “{case.label}” yours is ({first}, {last})."
    if last - first >= longest:
        return (
            f"At most {longest} token{'s' * (longest > 1)} on the case “{case.label}”; yours, ({first}, {last}), has "
            f"{last - first + 1}: both ends count."
        )
    if last >= len(passage) or not (passage[first] and passage[last]):
        return f"Both ends stand in the passage. On the case “{case.label}” yours, ({first}, {last}), does not."
    return None


BEST_SPAN = Exercise(
    name="best_span",
    title="The best span",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="of all spans that lie in the passage and are short enough, the one with the greatest sum is found",
    passed="Agrees with trying every span, equal sums and negative logits included.",
    cases=span_cases,
    sample=lambda rng: _span_case(rng, pick(rng, range(1, 14)), pick(rng, range(1, 6))),
    oracle=span_oracle,
    properties=(Property(id="allowed", holds=span_is_allowed),),
    reference="course_lib.lessons.lesson_15_text_to_text.reference.best_span",
    parts=("the start", "the end"),
    hints=(
        "Choosing start and end each for itself may give an end before the start. How many pairs are there, and which of them are "
        "spans?",
        "sums[i, j] = start[i] + end[j]\n−∞ unless i ≤ j, j − i < longest, and both in the passage\nthe place of the greatest sum: row and "
        "column",
        "torch.ones(n, n, dtype=torch.bool).triu().tril(longest - 1) keeps i ≤ j < i + longest; & passage[:, None] & passage; "
        "place = int(sums.argmax()); place // n and place % n. Make the table on start.device.",
    ),
    wrong_answers=wrong.BEST_SPAN,
)

# ---------------------------------------------------------------- 15.9 answers

_ANSWERS = (
    ("the global lock", "a lock", "a global lock against the lock"),
    ("Return", "return.", "case and punctuation"),
    ("“None” is returned", "None", "one word of three"),
    ("not not true", "not true", "a word said twice"),
    ("true before false", "false before true", "the same words in another order"),
    ("the", "theatre", "an article inside a word"),
    ("don't stop", "don t stop", "an apostrophe"),
    ("an iterator", "iterator object", "one word each"),
    ("at 9 a.m.", "at 9 am", "points inside a word"),
    ("A “with” statement", "the with statement", "quotes of another kind"),
    ("right to left", "from right to left", "a word too few"),
    ("left to right to left", "left to right", "words too many"),
)


def answer_cases() -> list[Case]:
    return [
        *(Case(label=label, args=(said, due)) for said, due, label in _ANSWERS),
        Case(label="nothing in common", args=("zero", "one"), edge=True),
        Case(label="nothing said", args=("", "one"), edge=True),
        Case(label="an article alone on both sides", args=("the", "a."), edge=True),
        Case(label="nothing on both sides", args=("", ""), edge=True),
    ]


def answer_sample(rng: np.random.Generator) -> Case:
    words = (
        "the",
        "The",
        "a",
        "an",
        "lock",
        "Lock",
        "lock.",
        "re-entrant",
        "not",
        "don't",
        "theme",
        ",",
    )
    said, due = (
        " ".join(words[pick(rng, range(len(words)))] for _ in range(pick(rng, range(6))))
        for _ in range(2)
    )
    return Case(label="random", args=(said, due))


def _plain_words(answer: str) -> list[str]:
    bare = "".join(letter for letter in answer.lower() if letter not in string.punctuation)
    parts = "".join(
        c if c.isalnum() or c == "_" else f" {c} " if not c.isspace() else " " for c in bare
    )
    if parts.split() == bare.split():
        return [word for word in bare.split() if word not in ("a", "an", "the")]
    kept, at = list(bare), 0
    for word in parts.split():
        at = bare.index(word, at)
        if word in ("a", "an", "the"):
            kept[at : at + len(word)] = " " * len(word)
        at += len(word)
    return "".join(kept).split()


def answer_oracle(prediction: str, truth: str) -> tuple[bool, float]:
    """Cross words off one by one."""
    said, due = _plain_words(prediction), _plain_words(truth)
    left, hits = list(due), 0
    for word in said:
        if word in left:
            left.remove(word)
            hits += 1
    if not said and not due:
        return True, 1.0
    precision, recall = hits / max(len(said), 1), hits / max(len(due), 1)
    return said == due, 2 * precision * recall / (precision + recall) if hits else 0.0


ANSWER_SCORES = Exercise(
    name="answer_scores",
    title="Exact match and F1",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="case, punctuation and articles do not count, repeated words do, and F1 weighs what was said against what was due",
    passed="Agrees with crossing words off one by one, and with two empty answers.",
    cases=answer_cases,
    sample=answer_sample,
    oracle=answer_oracle,
    reference="course_lib.lessons.lesson_15_text_to_text.reference.answer_scores",
    parts=("exact match", "F1"),
    device=False,
    hints=(
        "Write a helper that turns an answer into its list of words: lower case, then without punctuation, then without articles. "
        "What do you compare for each score?",
        "words = lower case; drop string.punctuation; blank out a, an, the as whole words; split\n"
        "exact = the two lists are equal\ncommon = words of both, each as often as both have it\nF1 = 2 · common / (all words of both)\n"
        "when one list is empty: 1.0 if both are, else 0.0",
        'text.lower().translate(str.maketrans("", "", string.punctuation)), then re.sub(r"\\b(a|an|the)\\b", " ", text).split(). '
        "(Counter(said) & Counter(due)).total() counts what is common.",
    ),
    wrong_answers=wrong.ANSWER_SCORES,
)

# ---------------------------------------------------------------- 15.7 ROUGE-L

_TEXTS = (
    ("return the first item", "return an item", "by hand"),
    ("a b c", "c a b", "a word moved to the front"),
    ("c a b", "a b c", "a word moved to the back"),
    ("the cat saw the dog", "the dog the cat", "repeated words"),
    ("to be or not to be", "to be be to not or to be", "many repetitions"),
    ("open the file and read it", "read it", "a short one"),
    ("close it", "close the file if it is open", "a long one"),
    ("x a y b z c", "a b c", "three words, gaps between"),
)


def rouge_cases() -> list[Case]:
    return [
        *(Case(label=label, args=(a.split(), b.split())) for a, b, label in _TEXTS),
        Case(label="a capital letter", args=(["Return", "it"], ["return", "it"])),
        Case(label="nothing in common", args=(["a", "b"], ["c"]), edge=True),
        Case(label="nothing written", args=(["a", "b"], []), edge=True),
        Case(label="two empty rows", args=([], []), edge=True),
    ]


def rouge_sample(rng: np.random.Generator) -> Case:
    rows = (["abcde"[pick(rng, range(5))] for _ in range(pick(rng, range(8)))] for _ in range(2))
    return Case(label="random", args=tuple(rows))


def rouge_oracle(target: Sequence[str], written: Sequence[str]) -> float:
    """Try the words of the shorter row in every selection, the largest first."""
    short, long = sorted((list(target), list(written)), key=len)
    best = 0
    for chosen in range(1 << len(short)):
        if chosen.bit_count() > best:
            rest = iter(long)
            if all(word in rest for i, word in enumerate(short) if chosen >> i & 1):
                best = chosen.bit_count()
    if best == 0:
        return 0.0
    precision, recall = best / len(written), best / len(target)
    return 2 * precision * recall / (precision + recall)


def both_ways_equal(call: Any, case: Case, value: Any) -> str | None:
    """A text scores 1 with itself."""
    target, _ = case.args
    if not target:
        return None
    own = call(list(target), list(target))
    if abs(own - 1) < 1e-6:
        return None
    return f"A row of words scores 1 with itself. “{' '.join(target)}” scores {own:.3f} by yours."


ROUGE_L = Exercise(
    name="rouge_l",
    title="ROUGE-L",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="common words count in order, gaps allowed, each as often as it stands there, and F weighs both lengths",
    passed="Agrees with trying every selection of words; the lesson holds it against rouge-score as well.",
    cases=rouge_cases,
    sample=rouge_sample,
    oracle=rouge_oracle,
    properties=(Property(id="itself", holds=both_ways_equal),),
    reference="course_lib.lessons.lesson_15_text_to_text.reference.rouge_l",
    forbidden=("SequenceMatcher",),
    device=False,
    hints=(
        "Let L[i][j] be the length for the first i words of one row and the first j of the other. How does it follow from its three "
        "neighbours?",
        "L[i][j] = L[i−1][j−1] + 1 where the two words are equal\n        else the greater of L[i−1][j] and L[i][j−1]\n"
        "L[0][…] = L[…][0] = 0\nF = 2 · L / (length of one + length of the other); 0 when a row is empty",
        "Make a table of zeros of len(target) + 1 rows and len(written) + 1 columns, fill it row by row with the rule, and take "
        "table[-1][-1].",
    ),
    wrong_answers=wrong.ROUGE_L,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="shorter",
        question="A text of 100 tokens; 15 are taken out in 5 spans. How many tokens does the decoder have to write?",
        options=("15", "21", "100"),
        answer="21",
        because="The 15 tokens, a sentinel before each of the 5 spans, and the last sentinel. BART, which writes the whole text, has "
        "100 to write.",
    ),
    Prediction(
        id="far",
        question="T5 reads both ways with 32 buckets. A key stands 60 tokens before a query, another 63. Same bucket?",
        options=("yes", "no"),
        answer="yes",
        because="Distances from 46 to 63 share a bucket. Exact are only the distances 0 to 7.",
    ),
    Prediction(
        id="scaled",
        question="You load T5's pretrained weights into attention that divides by √64 = 8. What becomes of the attention?",
        options=("flatter", "sharper", "the same, softmax evens it out"),
        answer="flatter",
        because="Scores an eighth as large are closer to each other, so the softmax spreads its weight: as at a temperature of 8.",
    ),
    Prediction(
        id="winner",
        question="Summary lines of docstrings, 1,500 pairs to learn from, half a minute of one core. What has the highest ROUGE-L?",
        options=(
            "the first sentence of what is to be summed up",
            "the same line for every docstring",
            "the small T5",
        ),
        answer="the first sentence of what is to be summed up",
        because="1,500 pairs are far too few to learn what words mean. Copying needs no learning: the first sentence has "
        "0.148, the same line for all 0.144, the T5 about 0.08.",
    ),
)

QUIZ = (
    Question(
        text="The target of span corruption ends with a sentinel that stands for no span. What for?",
        options=(
            Option(
                text="It says where the last span is over.",
                why="The next sentinel closes every other span; this one closes the last in the same way.",
                right=True,
            ),
            Option(
                text="It pads the target to a fixed length.",
                why="Padding has a token of its own, and the loss leaves it out.",
            ),
            Option(
                text="It stands for what follows the text.",
                why="Nothing is taken out there: the text's end is read as it is.",
            ),
        ),
    ),
    Question(
        text="Why may T5 leave out √d?",
        options=(
            Option(
                text="Its heads are so narrow that √d is nearly 1.",
                why="They are 64 wide or wider: √d is 8 at least.",
            ),
            Option(
                text="The bias takes care of it.",
                why="The bias is added and knows only distances; it does not make scores smaller.",
            ),
            Option(
                text="Its first query weights are smaller by √d.",
                why="A factor in front of the softmax can as well stand in the weights, where training changes it.",
                right=True,
            ),
        ),
    ),
    Question(
        text="A model answers every question with the whole passage. Which score is high?",
        options=(
            Option(text="Exact match.", why="It is 0: the passage is not the answer."),
            Option(
                text="Recall over words.",
                why="Every word of the truth was said. Precision is low, and so is F1, which weighs both.",
                right=True,
            ),
            Option(
                text="F1.", why="It is low: most words that were said are none of the answer's."
            ),
        ),
    ),
    Question(
        text="Two summaries have the same words, one in a senseless order. Which score tells them apart?",
        options=(
            Option(
                text="Common words, counted (ROUGE-1).",
                why="It forgets order: both score the same.",
            ),
            Option(
                text="The longest common subsequence (ROUGE-L).",
                why="Its words have to come in the order of the target.",
                right=True,
            ),
            Option(text="Sets of words.", why="They forget order and repetition."),
        ),
    ),
)

LESSON = LessonSpec(
    number="15",
    slug="text_to_text",
    title="Text to text",
    minutes=75,
    needs=("13", "14"),
    exercises=(
        CORRUPT,
        DRAW_SPANS,
        RELATIVE_BUCKETS,
        BUCKET_BIAS,
        UNSCALED,
        SHIFT_RIGHT,
        ROUGE_L,
        BEST_SPAN,
        ANSWER_SCORES,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
