"""Mistakes in “Weeks that were never measured”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import squares


def _times(series: Tensor) -> Tensor:
    return torch.arange(len(series), dtype=series.dtype)[:, None]


def _soft(q: Tensor, k: Tensor, v: Tensor, h: float) -> Tensor:
    return ((-squares(q, k) / (2 * h**2)).softmax(-1) @ v[:, None])[:, 0]


def _smooths_everything(series: Tensor, h: float) -> Tensor:
    known, times = ~series.isnan(), _times(series)
    return _soft(times, times[known], series[known], h)


def _gaps_as(value: Any) -> Any:
    def fill(series: Tensor, h: float) -> Tensor:
        return torch.where(series.isnan(), value(series), series)

    return fill


def _renumbered(series: Tensor, h: float) -> Tensor:
    known = ~series.isnan()
    return _soft(_times(series), _times(series[known]), series[known], h)


def _carried(series: Tensor, h: float) -> Tensor:
    filled = series.clone()
    for place in range(1, len(series)):
        if filled[place].isnan():
            filled[place] = filled[place - 1]
    return filled


def _interpolated(series: Tensor, h: float) -> Tensor:
    import numpy as np

    known, times = ~series.isnan(), np.arange(len(series))
    line = np.interp(times, times[known.numpy()], series[known].numpy())
    return torch.where(known, series, torch.from_numpy(line).to(series.dtype))


def _nearest_known(series: Tensor, h: float) -> Tensor:
    known, times = ~series.isnan(), _times(series)
    return torch.where(known, series, _soft(times, times[known], series[known], 1e-3))


def _zeros_among_values(series: Tensor, h: float) -> Tensor:
    times = _times(series)
    return torch.where(series.isnan(), _soft(times, times, series.nan_to_num(), h), series)


MISTAKES = (
    WrongAnswer(
        id="smooths_everything",
        code=_smooths_everything,
        says="You replace measured values too, by smoothed ones.",
        why="Only the gaps are to be filled; what was measured stays as it was.",
    ),
    WrongAnswer(
        id="gaps_among_values",
        code=_gaps_as(lambda s: torch.full_like(s, torch.nan)),
        says="Your gaps are still NaN.",
        why="Even a weight of 0 times NaN is NaN: a single gap among the values spoils every answer. Look "
        "up among the known weeks alone, times[~gap] and series[~gap].",
    ),
    WrongAnswer(
        id="zeros_among_values",
        code=_zeros_among_values,
        says="Gaps take part in the lookup as if 0 had been measured there.",
        why="nan_to_num turns “unknown” into “0”, which pulls every answer down. Leave the gaps out of keys "
        "and values.",
    ),
    WrongAnswer(
        id="zeros",
        code=_gaps_as(torch.zeros_like),
        says="You fill the gaps with 0.",
        why="Nothing was measured there, which is not the same as measuring 0.",
    ),
    WrongAnswer(
        id="mean",
        code=_gaps_as(lambda s: s.nanmean()),
        says="You fill every gap with the mean of all known values.",
        why="That is a bandwidth of infinity: a gap in 1958 would look like 1980. Near weeks should speak "
        "louder.",
    ),
    WrongAnswer(
        id="renumbered",
        code=lambda s, h: torch.where(s.isnan(), _renumbered(s, h), s),
        says="You number the known values 0, 1, 2 … anew, so after the first gap every key is off.",
        why="A key is the time at which its value was measured: times[~gap], not arange of their count.",
    ),
    WrongAnswer(
        id="carried_forward",
        code=_carried,
        says="You carry the last known value forward.",
        why="A gap has known values on both sides, and a soft lookup hears both.",
    ),
    WrongAnswer(
        id="interpolated",
        code=_interpolated,
        says="You draw a straight line across each gap.",
        why="A sound method, often a better one, but it is not the soft lookup that this exercise practises.",
    ),
    WrongAnswer(
        id="nearest_known",
        code=_nearest_known,
        says="You fill each gap with the nearest known value: the bandwidth is not used.",
        why="That is the limit of a bandwidth near 0.",
    ),
)
