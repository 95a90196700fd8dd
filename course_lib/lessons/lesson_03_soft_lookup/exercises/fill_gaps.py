"""“Weeks that were never measured”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_03_soft_lookup.common import some_bandwidth
from course_lib.lessons.lesson_03_soft_lookup.mistakes.fill_gaps import MISTAKES


def _holes(series: Tensor, *places: int) -> Tensor:
    series[list(places)] = torch.nan
    return series


def gap_cases() -> list[Case]:
    long = torch.cat([double([3, 1]), torch.full((60,), torch.nan).double(), double([7, 5])])
    return [
        Case(label="one gap between two values", args=(double([1, torch.nan, 3]), 1.0)),
        Case(label="two gaps in a row", args=(double([2, torch.nan, torch.nan, 5, 4]), 1.0)),
        Case(
            label="13 steps, 4 gaps, h = 0.7, seed 0", args=(_holes(noise(0, 13), 2, 5, 6, 10), 0.7)
        ),
        Case(
            label="11 steps, 3 gaps, h = 2, seed 1", args=(_holes(noise(1, 11) + 9, 3, 4, 8), 2.0)
        ),
        Case(label="gaps at both ends", args=(_holes(noise(2, 7), 0, 1, 6), 1.5), edge=True),
        Case(label="one week, measured", args=(double([-4]), 1.0), edge=True),
        Case(label="a measured 0 beside a gap", args=(double([0, torch.nan, 4]), 1.0), edge=True),
        Case(label="no gap", args=(noise(3, 5), 1.0), edge=True),
        Case(label="a gap of 60 steps, h = 0.5", args=(long, 0.5), edge=True),
    ]


def gap_sample(rng: np.random.Generator) -> Case:
    count = pick(rng, range(1, 9))
    series = noise(rng, count)
    gaps = rng.permutation(count)[: pick(rng, range(count))]
    if coin(rng, 0.3):
        series[0] = 0.0
    return Case(label="random", args=(_holes(series, *gaps.tolist()), some_bandwidth(rng)))


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


EXERCISE = Exercise(
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
    reference="course_lib.lessons.lesson_03_soft_lookup.reference.fill_gaps",
    kinds=("one_place", "hidden_nan", "zero", "negative"),
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
    wrong_answers=MISTAKES,
)
