"""Lesson 03 as data: exercises, predictions, quiz."""

import math
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
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_03_soft_lookup import mistakes as wrong

B, H, T, S, D, DV = 2, 3, 5, 7, 11, 4
LEADS: dict[str, tuple[int, ...]] = {"one set": (), f"{B} sets": (B,), f"{B} × {H} sets": (B, H)}
MECHANISM = "course_lib.attention.soft_lookup"
SMALL = "course_lib.lessons.lesson_03_soft_lookup.reference"


def _f64(rows: list[Any]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _lead(rng: np.random.Generator) -> tuple[int, ...]:
    return [(), (B,), (B, H)][pick(rng, range(3))]


def _bandwidth(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.3, 3.0))


# ---------------------------------------------------------------- 3.1 hard lookup


def hard_cases() -> list[Case]:
    years, spots = torch.tensor([1956, 1957, 1958]), _f64([[141.7], [190.2], [184.8]])
    shuffled = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    return [
        Case(label="three years, two queries", args=(torch.tensor([1957, 1956]), years, spots)),
        Case(label="a year that is not there", args=(torch.tensor([1958, 1999]), years, spots)),
        Case(
            label="5 queries, keys 0 to 6 in another order, width 4",
            args=(torch.tensor([2, 5, 5, 0, 6]), shuffled, noise(0, S, DV)),
        ),
        Case(
            label="as many queries as keys",
            args=(torch.tensor([4, 9, 2]), torch.tensor([2, 7, 4]), noise(1, 3, 2)),
        ),
        Case(
            label="no key fits",
            args=(torch.tensor([8, 9]), torch.tensor([2, 7, 4]), noise(2, 3, 2)),
            edge=True,
        ),
    ]


def hard_sample(rng: np.random.Generator) -> Case:
    t, s, width = (pick(rng, range(1, 7)) for _ in range(3))
    keys = torch.from_numpy(rng.permutation(9)[:s])
    queries = torch.from_numpy(rng.integers(0, 9, t))
    return Case(label="random", args=(queries, keys, noise(rng, s, width)))


def hard_oracle(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Python's dictionary."""
    table = dict(zip(keys.tolist(), values, strict=True))
    nothing = torch.zeros_like(values[0])
    return torch.stack([table.get(query, nothing) for query in queries.tolist()])


HARD_LOOKUP = Exercise(
    name="hard_lookup",
    title="A dictionary as a matrix product",
    minutes=4,
    difficulty=1,
    proves="your product answers like a dictionary, and with zeros where no key fits",
    passed="Agrees with Python's dict, for keys in any order and for queries that are not there.",
    cases=hard_cases,
    sample=hard_sample,
    oracle=hard_oracle,
    reference=f"{MECHANISM}.hard_lookup",
    hints=(
        "Which entries of a (queries, keys) table should be 1 and which 0? A comparison with == fills the "
        "whole table when queries stand in a column.",
        "weights = (queries as a column) == keys\nweights to the dtype of values\nweights times values",
        "queries[:, None] == keys is a (T, S) table of True and False. .to(values.dtype) makes numbers of "
        "it.\n    return (queries[:, None] == keys).to(...) @ ...",
    ),
    wrong_answers=wrong.HARD_LOOKUP,
)

# ---------------------------------------------------------------- 3.2 weighted mean


def mean_cases() -> list[Case]:
    scores = _f64([[0, math.log(2), 0], [0, 0, 0]])
    by_hand = Case(
        label="weights 1/4, 1/2, 1/4, then three equal ones", args=(scores, _f64([[4], [8], [0]]))
    )
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, seed {seed}",
            args=(noise(seed, *lead, t, s), noise(seed + 10, *lead, s, DV)),
            gradients=True,
        )
        for (name, lead), (t, s, seed) in zip(
            LEADS.items(), ((T, S, 0), (S, T, 1), (T, S, 2)), strict=True
        )
    ]
    steep = _f64([[1000, 999, 0], [-1000, -1001, -1002]])
    return [
        by_hand,
        *drawn,
        Case(label="a single key", args=(noise(3, T, 1), noise(4, 1, DV)), edge=True),
        Case(label="scores of 1000 and −1000", args=(steep, _f64([[4], [8], [0]])), edge=True),
    ]


def mean_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, width) = _lead(rng), (pick(rng, range(1, 7)) for _ in range(3))
    scale = float(rng.choice([1.0, 1.0, 300.0]))
    args = (noise(rng, *lead, t, s, scale=scale), noise(rng, *lead, s, width))
    return Case(label="random", args=args)


def _soften(scores: Tensor, values: Tensor) -> Tensor:
    """One query at a time: exponentials, their sum, the mean."""
    rows = []
    for row in scores:
        powers = torch.exp(row - row.max())
        rows.append((powers.unsqueeze(-1) * values).sum(0) / powers.sum())
    return torch.stack(rows)


def mean_oracle(scores: Tensor, values: Tensor) -> Tensor:
    if scores.ndim > 2:
        return torch.stack([mean_oracle(s, v) for s, v in zip(scores, values, strict=True)])
    return _soften(scores, values)


def _weights_sum_to_one(call: Any, ones: Tensor, *inputs: Any, label: str) -> str | None:
    """A mean of ones is 1."""
    sums = call(*inputs[:-1], ones, *inputs[-1:]) if len(inputs) > 1 else call(*inputs, ones)
    if bool(sums.isnan().any()) or torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    return (
        "Each query's weights must sum to 1, so that values which are all 1 give the answer 1. On the case "
        f"“{label}” yours gives {sums.flatten()[0].item():.3f}."
    )


def mean_of_ones(call: Any, case: Case, value: Any) -> str | None:
    scores, values = case.args
    return _weights_sum_to_one(call, torch.ones_like(values), scores, label=case.label)


WEIGHTED_MEAN = Exercise(
    name="weighted_mean",
    title="Every value, weighted",
    minutes=5,
    difficulty=1,
    proves="each query gets a mean of all values, whatever the size of its scores",
    passed="Agrees with a loop over the queries, gradients too, and survives scores of 1000.",
    cases=mean_cases,
    sample=mean_sample,
    oracle=mean_oracle,
    properties=(Property(id="mean_of_ones", holds=mean_of_ones),),
    reference=f"{MECHANISM}.weighted_mean",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "In 3.1 the weights were 0 or 1. Now they come from scores: which function of lesson 02 turns any "
        "row of numbers into positive ones with a sum of 1?",
        "weights = softmax of the scores, along the keys\nweights times values",
        "The keys are the last axis of scores.\n    weights = scores.softmax(dim=...)\n    return weights @ ...",
    ),
    wrong_answers=wrong.WEIGHTED_MEAN,
)

# ---------------------------------------------------------------- 3.3 Gaussian scores


def score_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys on a line, h = 0.5",
        args=(_f64([[0], [3]]), _f64([[0], [1], [4]]), 0.5),
    )
    plane = Case(
        label="one query, two keys in a plane, h = 2",
        args=(_f64([[1, 1]]), _f64([[0, 1], [2, 3]]), 2.0),
    )
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, width {d}, h = {h}, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                torch.tensor(h).double(),
            ),
            gradients=True,
        )
        for (name, lead), (t, s, d, h, seed) in zip(
            LEADS.items(), ((T, S, D, 1.5, 0), (S, T, D, 0.7, 1), (T, S, 2, 1.5, 2)), strict=True
        )
    ]
    single = Case(
        label="float32",
        args=(*(noise(n, n, D, dtype=torch.float32) for n in (T, S)), 1.5),
        edge=True,
    )
    far = Case(
        label="a key 500 bandwidths away", args=(_f64([[0]]), _f64([[1], [250]]), 0.5), edge=True
    )
    return [by_hand, plane, *drawn, single, far]


def score_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, d) = _lead(rng), (pick(rng, range(1, 7)) for _ in range(3))
    return Case(
        label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), _bandwidth(rng))
    )


def score_oracle(queries: Tensor, keys: Tensor, bandwidth: float | Tensor) -> Tensor:
    """One pair at a time, one row of pairs after the other."""
    if queries.ndim > 2:
        pairs = zip(queries, keys, strict=True)
        return torch.stack([score_oracle(q, k, bandwidth) for q, k in pairs])
    rows = [torch.stack([((query - key) ** 2).sum() for key in keys]) for query in queries]
    return 0.0 - 0.5 * torch.stack(rows) / bandwidth**2


def one_bandwidth_away(call: Any, case: Case, value: Any) -> str | None:
    """A key at distance h scores −1/2."""
    query, h = torch.zeros_like(case.args[0].reshape(-1, case.args[0].shape[-1])[:1]), case.args[2]
    key = query.clone()
    key[0, 0] = h
    score = float(call(query, key, h))
    if abs(score + 0.5) < 1e-4:
        return None
    return f"A key one bandwidth away must score −1/2. With h = {float(h):g} yours scores it {score:.3f}."


GAUSSIAN_SCORES = Exercise(
    name="gaussian_scores",
    title="Near keys score higher",
    minutes=6,
    difficulty=1,
    proves="a score falls with the squared distance, measured in bandwidths",
    passed="Agrees with a loop over all pairs, gradients too, also with respect to the bandwidth.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    properties=(Property(id="one_bandwidth_away", holds=one_bandwidth_away),),
    reference=f"{MECHANISM}.gaussian_scores",
    hints=(
        "Every query meets every key, so differences need three axes: queries, keys, width. Where do the "
        "axes of size 1 go?",
        "differences = queries with an axis after its rows, minus keys with an axis before its rows\n"
        "squared distances = squares of the differences, summed over the width\n"
        "minus squared distances, divided by 2 times h squared",
        "queries.unsqueeze(-2) is (…, T, 1, d) and keys.unsqueeze(-3) is (…, 1, S, d); their difference is "
        "(…, T, S, d). Put brackets round the denominator.\n"
        "    return -(... - ...).square().sum(-1) / (2 * bandwidth**2)",
    ),
    wrong_answers=wrong.GAUSSIAN_SCORES,
)

# ---------------------------------------------------------------- 3.4 Nadaraya–Watson regression


def regression_cases() -> list[Case]:
    keys, values = _f64([[0], [1]]), _f64([[10], [20]])
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, h = {h}, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                noise(seed + 20, *lead, s, DV),
                torch.tensor(h).double(),
            ),
            gradients=True,
        )
        for (name, lead), (t, s, d, h, seed) in zip(
            LEADS.items(), ((T, S, 2, 0.8, 0), (S, T, 3, 1.5, 1), (T, S, D, 2.5, 2)), strict=True
        )
    ]
    return [
        Case(
            label="halfway, then at the first of two keys, h = 0.5",
            args=(_f64([[0.5], [0]]), keys, values, 0.5),
        ),
        *drawn,
        Case(
            label="a query 500 bandwidths away", args=(_f64([[250]]), keys, values, 0.5), edge=True
        ),
    ]


def regression_sample(rng: np.random.Generator) -> Case:
    lead, (t, s, d, width) = _lead(rng), (pick(rng, range(1, 7)) for _ in range(4))
    far = float(rng.choice([1.0, 1.0, 100.0]))
    drawn = (
        noise(rng, *lead, t, d, scale=far),
        noise(rng, *lead, s, d),
        noise(rng, *lead, s, width),
    )
    return Case(label="random", args=(*drawn, _bandwidth(rng)))


def regression_oracle(
    queries: Tensor, keys: Tensor, values: Tensor, bandwidth: float | Tensor
) -> Tensor:
    """One query at a time."""
    if queries.ndim > 2:
        sets = zip(queries, keys, values, strict=True)
        return torch.stack([regression_oracle(q, k, v, bandwidth) for q, k, v in sets])
    return _soften(score_oracle(queries, keys, bandwidth), values)


def regression_of_ones(call: Any, case: Case, value: Any) -> str | None:
    queries, keys, values, h = case.args
    return _weights_sum_to_one(call, torch.ones_like(values), queries, keys, h, label=case.label)


NADARAYA_WATSON = Exercise(
    name="nadaraya_watson",
    title="Regression by soft lookup",
    minutes=4,
    difficulty=1,
    proves="any query is answered, between the keys and far beyond them",
    passed="Agrees with a loop over the queries, gradients too, and answers 500 bandwidths away.",
    cases=regression_cases,
    sample=regression_sample,
    oracle=regression_oracle,
    properties=(Property(id="mean_of_ones", holds=regression_of_ones),),
    reference=f"{MECHANISM}.nadaraya_watson",
    hints=(
        "You have both halves: 3.3 scores the keys, 3.2 turns scores into a mean of the values.",
        "scores = gaussian_scores of queries, keys, bandwidth\nweighted_mean of scores and values",
        "One line is enough. The softmax inside weighted_mean takes the exponential, so hand it the scores "
        "as they are.\n    return weighted_mean(gaussian_scores(...), ...)",
    ),
    wrong_answers=wrong.NADARAYA_WATSON,
)

# ---------------------------------------------------------------- 3.5 leave-one-out error


def error_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{s} keys of width {d}, values of width {width}, h = {h}, seed {seed}",
            args=(noise(seed, s, d), noise(seed + 10, s, width), torch.tensor(h).double()),
            gradients=True,
        )
        for s, d, width, h, seed in ((S, 2, DV, 0.8, 0), (T, 3, 2, 1.5, 1), (D, 1, 3, 0.6, 2))
    ]
    lonely = Case(
        label="one key 1000 bandwidths from the others",
        args=(_f64([[0], [1], [500]]), _f64([[1], [2], [4]]), 0.5),
        edge=True,
    )
    return [
        Case(
            label="two keys, each answered by the other",
            args=(_f64([[0], [1]]), _f64([[10], [20]]), 1.0),
        ),
        Case(label="three keys, h = 1", args=(_f64([[0], [1], [2]]), _f64([[0], [3], [6]]), 1.0)),
        *drawn,
        lonely,
    ]


def error_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, range(2, 7))
    d, width = (pick(rng, range(1, 5)) for _ in range(2))
    far = float(rng.choice([1.0, 1.0, 100.0]))
    args = (noise(rng, s, d, scale=far), noise(rng, s, width), _bandwidth(rng))
    return Case(label="random", args=args)


def error_oracle(keys: Tensor, values: Tensor, bandwidth: float | Tensor) -> Tensor:
    """Take one key out, answer it from the rest, put it back."""
    errors = []
    for place in range(len(keys)):
        rest = [other for other in range(len(keys)) if other != place]
        scores = score_oracle(keys[place : place + 1], keys[rest], bandwidth)
        errors.append(((_soften(scores, values[rest])[0] - values[place]) ** 2).mean())
    return torch.stack(errors).sum() / len(errors)


def points_do_not_find_themselves(call: Any, case: Case, value: Any) -> str | None:
    """A tiny bandwidth must not drive the error to 0."""
    keys, values, h = case.args
    small = float(call(keys, values, h / 100))
    if not small < 1e-9:  # NaN is dealt with elsewhere
        return None
    return (
        f"With the bandwidth divided by 100, your error on the case “{case.label}” is {small:.1g}. Each key "
        "then answers itself: it must be left out of its own lookup."
    )


LEAVE_ONE_OUT_ERROR = Exercise(
    name="leave_one_out_error",
    title="Leave one out",
    minutes=8,
    difficulty=2,
    proves="each value is predicted from all others and never from itself",
    passed="Agrees with a loop that takes the keys out one by one, gradients too.",
    cases=error_cases,
    sample=error_sample,
    oracle=error_oracle,
    properties=(Property(id="does_not_find_itself", holds=points_do_not_find_themselves),),
    reference=f"{MECHANISM}.leave_one_out_error",
    hints=(
        "Ask with the keys themselves as queries: every key meets every key. Which entries of that square "
        "table are a key meeting itself, and what score gives a weight of exactly 0?",
        "scores = gaussian_scores of keys against keys\n−inf on the diagonal of the scores\n"
        "predictions = weighted_mean of scores and values\nmean of the squared differences",
        "torch.eye(len(keys), dtype=torch.bool, device=keys.device) is True on the diagonal, and "
        "scores.masked_fill(that, -torch.inf) blocks it.\n"
        "    return (weighted_mean(..., values) - values).square().mean()",
    ),
    wrong_answers=wrong.LEAVE_ONE_OUT_ERROR,
)

# ---------------------------------------------------------------- 3.6 bandwidth by gradient descent


def _wave(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Points on a noisy sine, at uneven places."""
    rng = generator(seed)
    keys = torch.from_numpy(np.sort(rng.uniform(0, 6, count)))[:, None]
    return keys, torch.sin(keys) + noise(rng, count, 1, scale=0.2)


def fit_cases() -> list[Case]:
    keys = _f64([[0], [1], [2], [3]])
    by_hand = [
        Case(
            label=f"four squares, {steps} step{'s' * (steps > 1)}",
            args=(keys, keys**2, 1.0, 0.05, steps),
        )
        for steps in (1, 2, 5)
    ]
    drawn = [
        Case(label=f"{s} points, 12 steps, seed {seed}", args=(*_wave(seed, s), start, 0.3, 12))
        for s, start, seed in ((9, 0.8, 0), (11, 2.0, 1))
    ]
    return [*by_hand, *drawn, Case(label="no steps", args=(keys, keys**2, 2.0, 0.05, 0), edge=True)]


def fit_sample(rng: np.random.Generator) -> Case:
    s, steps = pick(rng, range(2, 7)), pick(rng, range(4))
    args = (
        noise(rng, s, 2),
        noise(rng, s, 2),
        _bandwidth(rng),
        float(rng.uniform(0.05, 0.3)),
        steps,
    )
    return Case(label="random", args=args)


def _slope(keys: np.ndarray, values: np.ndarray, h: float) -> float:
    """The derivative of the leave-one-out error by log h, by hand: ∂score/∂log h = ‖q − k‖²/h²."""
    total = 0.0
    for place in range(len(keys)):
        rest = np.arange(len(keys)) != place
        far = ((keys[rest] - keys[place]) ** 2).sum(-1) / h**2
        w = np.exp((far.min() - far) / 2)
        w /= w.sum()
        error = w @ values[rest] - values[place]
        moves = (w * (far - w @ far)) @ values[rest]
        total += float((2 * error * moves).mean())
    return total / len(keys)


def fit_oracle(keys: Tensor, values: Tensor, start: float, rate: float, steps: int) -> float:
    """Gradient descent in NumPy, with the derivative written out."""
    k, v, log_h = keys.numpy().astype(float), values.numpy().astype(float), math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, math.exp(log_h))
    return math.exp(log_h)


FIT_BANDWIDTH = Exercise(
    name="fit_bandwidth",
    title="The bandwidth learns",
    minutes=10,
    difficulty=3,
    proves="your descent takes the same steps as one whose derivative was worked out by hand",
    passed="Agrees with gradient descent in NumPy, its derivative written out, step for step.",
    cases=fit_cases,
    sample=fit_sample,
    oracle=fit_oracle,
    reference=f"{SMALL}.fit_bandwidth",
    # Twelve steps in float32, where log h was made without a dtype, stay within this.
    tolerance=1e-5,
    device=False,
    hints=(
        "The variable that moves is log h. Make it a tensor that collects gradients, and compute the error "
        "from its exponential.",
        "log_h = log of start, collecting gradients\nrepeat `steps` times:\n"
        "    error = leave_one_out_error at exp(log_h)\n    slope = derivative of error by log_h\n"
        "    log_h = log_h minus rate times slope, collecting gradients anew\nreturn exp(log_h) as a number",
        "torch.autograd.grad(error, log_h)[0] gives the slope and leaves nothing behind to clear. "
        "(log_h - rate * slope).detach().requires_grad_() starts the next round afresh. "
        "log_h.exp().item() is a number.",
    ),
    wrong_answers=wrong.FIT_BANDWIDTH,
)

# ---------------------------------------------------------------- 3.7 filling gaps


def _holes(series: Tensor, *places: int) -> Tensor:
    series[list(places)] = torch.nan
    return series


def gap_cases() -> list[Case]:
    long = torch.cat([_f64([3, 1]), torch.full((60,), torch.nan).double(), _f64([7, 5])])
    return [
        Case(label="one gap between two values", args=(_f64([1, torch.nan, 3]), 1.0)),
        Case(label="two gaps in a row", args=(_f64([2, torch.nan, torch.nan, 5, 4]), 1.0)),
        Case(
            label="13 steps, 4 gaps, h = 0.7, seed 0", args=(_holes(noise(0, 13), 2, 5, 6, 10), 0.7)
        ),
        Case(
            label="11 steps, 3 gaps, h = 2, seed 1", args=(_holes(noise(1, 11) + 9, 3, 4, 8), 2.0)
        ),
        Case(label="gaps at both ends", args=(_holes(noise(2, 7), 0, 1, 6), 1.5), edge=True),
        Case(label="no gap", args=(noise(3, 5), 1.0), edge=True),
        Case(label="a gap of 60 steps, h = 0.5", args=(long, 0.5), edge=True),
    ]


def gap_sample(rng: np.random.Generator) -> Case:
    count = pick(rng, range(1, 9))
    series = noise(rng, count)
    gaps = rng.permutation(count)[: pick(rng, range(count))]
    return Case(label="random", args=(_holes(series, *gaps.tolist()), _bandwidth(rng)))


def gap_oracle(series: Tensor, bandwidth: float) -> Tensor:
    """One gap at a time, in NumPy."""
    known = series.numpy().astype(float)
    places = np.flatnonzero(~np.isnan(known))
    filled = known.copy()
    for gap in np.flatnonzero(np.isnan(known)):
        far = ((places - gap) / bandwidth) ** 2 / 2
        kernel = np.exp(far.min() - far)
        filled[gap] = kernel @ known[places] / kernel.sum()
    return torch.from_numpy(filled).to(series.dtype)


def measured_values_stay(call: Any, case: Case, value: Any) -> str | None:
    """What was measured is not changed, and nothing stays unknown."""
    series = case.args[0]
    known = ~series.isnan()
    if not torch.allclose(value[known], series[known], atol=1e-6):
        return (
            "Measured values must stay as they are; only gaps are filled. On the case "
            f"“{case.label}” some of yours moved."
        )
    return None


FILL_GAPS = Exercise(
    name="fill_gaps",
    title="Weeks that were never measured",
    minutes=7,
    difficulty=2,
    proves="gaps are filled from measured weeks alone, and what was measured stays",
    passed="Agrees with a NumPy loop over the gaps, at the ends and across 60 steps too.",
    cases=gap_cases,
    sample=gap_sample,
    oracle=gap_oracle,
    properties=(Property(id="measured_values_stay", holds=measured_values_stay),),
    reference=f"{SMALL}.fill_gaps",
    hints=(
        "Gaps are the queries, measured weeks are the keys, what was measured are the values. A boolean "
        "tensor picks rows: times[gap].",
        "gap = where the series is NaN\nfilled = a copy of the series\n"
        "filled at the gaps = nadaraya_watson of times at the gaps, times elsewhere, series elsewhere\n"
        "return filled",
        "gap = series.isnan(), and ~gap is its opposite. Values need a width: series[~gap].unsqueeze(-1), "
        "and the answer loses it again: .squeeze(-1). Assign with filled[gap] = …, on filled = "
        "series.clone().",
    ),
    wrong_answers=wrong.FILL_GAPS,
)

# ---------------------------------------------------------------- 3.8 the kernel as a dot product


def dot_cases() -> list[Case]:
    queries, keys = _f64([[1, 1], [2, 0]]), _f64([[1, 0], [0, 2], [3, 1]])
    drawn = [
        Case(
            label=f"{name}, {t} queries, {s} keys, width {d}, h = {h}, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                torch.tensor(h).double(),
            ),
            gradients=True,
        )
        for (name, lead), (t, s, d, h, seed) in zip(
            LEADS.items(), ((T, S, D, 2.5, 0), (S, T, 3, 1.5, 1), (T, S, D, 0.8, 2)), strict=True
        )
    ]
    return [
        Case(label="two queries, three keys, h = 1", args=(queries, keys, 1.0)),
        Case(label="two queries, three keys, h = 2", args=(queries, keys, 2.0)),
        *drawn,
    ]


def dot_oracle(queries: Tensor, keys: Tensor, bandwidth: float | Tensor) -> Tensor:
    """The Gaussian scores, one pair at a time, less what they share: −‖q‖²/2h²."""
    shared = torch.einsum("...d,...d->...", queries, queries).unsqueeze(-1) / (2 * bandwidth**2)
    return score_oracle(queries, keys, bandwidth) + shared


def same_weights_as_gaussian(call: Any, case: Case, value: Any) -> str | None:
    """A softmax over the scores gives the Gaussian kernel's weights."""
    yours, due = value.softmax(-1), score_oracle(*case.args).softmax(-1)
    if torch.allclose(yours, due, atol=1e-6):
        return None
    first, second = (
        "  ".join(f"{number:.3f}" for number in rows.reshape(-1, rows.shape[-1])[0].tolist())
        for rows in (yours, due)
    )
    return (
        "A softmax over your scores must give the weights of the Gaussian kernel. For the first query of "
        f"the case “{case.label}” they are\n    yours     {first}\n    Gaussian  {second}"
    )


DOT_PRODUCT_SCORES = Exercise(
    name="dot_product_scores",
    title="The kernel as a dot product",
    minutes=8,
    difficulty=2,
    proves="a dot product and one term for each key give exactly the Gaussian weights",
    passed="A softmax over your scores gives the Gaussian weights, on every case; gradients agree too.",
    cases=dot_cases,
    sample=score_sample,
    oracle=dot_oracle,
    properties=(Property(id="same_weights_as_gaussian", holds=same_weights_as_gaussian),),
    reference=f"{MECHANISM}.dot_product_scores",
    hints=(
        "Multiply out ‖q − k‖² = ‖q‖² − 2 q·k + ‖k‖² and divide by −2h². Which of the three terms is the "
        "same for every key?",
        "dots = queries times keys, transposed in the last two axes\n"
        "half_norms = half the squared norm of each key, as one row\n(dots minus half_norms) divided by h squared",
        "keys.square().sum(-1) has one number for each key, shape (…, S). .unsqueeze(-2) makes it a row "
        "(…, 1, S) that is subtracted from every query's row of dots.",
    ),
    wrong_answers=wrong.DOT_PRODUCT_SCORES,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="between",
        question="A dictionary holds sunspots for 1956 and 1957. What does it answer for 1956.5?",
        options=("the mean of the two", "the value of 1956", "nothing: a KeyError"),
        answer="nothing: a KeyError",
        because="A dictionary compares for equality. 1956.5 lies between two keys and equals neither.",
    ),
    Prediction(
        id="wide",
        question="The bandwidth grows to a million years. What does the soft lookup answer for 1957?",
        options=("0", "the mean of all values", "the value of 1957", "NaN"),
        answer="the mean of all values",
        because="All scores shrink to 0, equal scores give equal weights, and equal weights give the mean.",
    ),
    Prediction(
        id="far_away",
        question="The last known year is 2004, the bandwidth one year. What does your function answer for 2100?",
        options=("0", "NaN", "the mean of all values", "the value of 2004"),
        answer="the value of 2004",
        because="2004 lies 96 bandwidths away: exp(−4608) is 0 in float64. But the softmax first subtracts the "
        "largest score, that of 2004, and every other year is far behind it.",
    ),
    Prediction(
        id="left_in",
        question="Each point stays among its own keys. Which bandwidth has the smallest error?",
        options=("one near 0", "one near 1 year", "a very large one"),
        answer="one near 0",
        because="At h near 0 every point answers itself and the error is 0. It says nothing about new years.",
    ),
    Prediction(
        id="start_at_ten",
        question="Gradient descent on the curve above starts at h = 10. Where does it end?",
        options=("near 1.26", "near 12.5", "near 0", "it does not move"),
        answer="near 12.5",
        because="Between 1.26 and 10 lies a hill, with its top between 4 and 5. Descent goes down on its own "
        "side, into a shallower valley.",
    ),
    Prediction(
        id="equal_norms",
        question="For which keys does q·k/h² alone, without another term, give the Gaussian weights?",
        options=("for all keys", "for keys of equal norm", "for keys of small norm", "for none"),
        answer="for keys of equal norm",
        because="−‖k‖²/2h² is then the same number for every key, and a softmax does not feel a number that "
        "is added to all scores.",
    ),
)

QUIZ = (
    Question(
        text="What do query, key and value stand for when sunspots are looked up softly?",
        options=(
            Option(
                text="query: the year asked about; keys: the known years; values: their sunspots",
                why="The query is compared with the keys; the values are what is averaged.",
                right=True,
            ),
            Option(
                text="query: the year asked about; keys: the sunspots; values: the known years",
                why="Keys are what a query is compared with, so they are years like the query.",
            ),
            Option(
                text="query: the bandwidth; keys: the known years; values: their sunspots",
                why="The bandwidth sets how fast weights fall with distance. It is not looked up.",
            ),
        ),
    ),
    Question(
        text="The bandwidth shrinks towards 0. What becomes of a soft lookup?",
        options=(
            Option(
                text="It answers with the value of the nearest key.",
                why="Scores differ by more and more, and the softmax puts all weight on the highest.",
                right=True,
            ),
            Option(
                text="It becomes Python's dictionary.",
                why="Nearly: where a key fits exactly the answers agree. Where none fits the dictionary has "
                "no answer, and the soft lookup gives the nearest key's.",
            ),
            Option(
                text="It answers with the mean of all values.",
                why="That is the other end, a bandwidth without bounds.",
            ),
        ),
    ),
    Question(
        text="Why is a key's own score set to −inf and not its weight to 0, when it is left out?",
        options=(
            Option(
                text="The remaining weights then still sum to 1.",
                why="The softmax shares out the total among those that are left.",
                right=True,
            ),
            Option(
                text="Setting a weight to 0 has no gradient.",
                why="It has one: the other weights depend on the bandwidth all the same. The total is wrong.",
            ),
            Option(
                text="−inf is faster than 0.",
                why="Both cost a mask. What counts is on which side of the softmax it stands.",
            ),
        ),
    ),
    Question(
        text="On the full yearly grid, descent that starts at h = 0.2 does not move. Why?",
        options=(
            Option(
                text="Both neighbours of a year have all the weight, at any such h; the error is flat.",
                why="The next years lie twice as far, and their weights, below exp(−37), are too small to "
                "change the error. Where nothing changes there is no slope.",
                right=True,
            ),
            Option(
                text="The step is too large.",
                why="A step is rate × slope, and the slope is 0: no rate makes it move.",
            ),
            Option(
                text="0.2 is the best bandwidth.",
                why="Every smaller bandwidth is as good: the curve has no single lowest point there.",
            ),
        ),
    ),
    Question(
        text="Scaled dot-product attention uses q·k/√d. When is it a Gaussian soft lookup?",
        options=(
            Option(
                text="When all keys have equal norm; its bandwidth is then the fourth root of d.",
                why="q·k/√d = q·k/h² with h² = √d, and equal norms make −‖k‖²/2h² one number for all keys.",
                right=True,
            ),
            Option(
                text="Always.",
                why="A long key has large dot products wherever it lies. Without −‖k‖²/2h² it draws weight.",
            ),
            Option(
                text="Never: a dot product is no distance.",
                why="‖q − k‖² holds −2 q·k. What is left is the same for all keys when their norms are equal.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="03",
    slug="soft_lookup",
    title="Soft lookup",
    minutes=70,
    needs=("02",),
    exercises=(
        HARD_LOOKUP,
        WEIGHTED_MEAN,
        GAUSSIAN_SCORES,
        NADARAYA_WATSON,
        LEAVE_ONE_OUT_ERROR,
        FIT_BANDWIDTH,
        FILL_GAPS,
        DOT_PRODUCT_SCORES,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
