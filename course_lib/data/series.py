"""Two real series that ship with statsmodels: sunspots by year, CO₂ by week."""

import importlib
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor


class Series(NamedTuple):
    """Values and when they were measured."""

    times: Tensor
    values: Tensor


class Split(NamedTuple):
    """A series in two parts: one to learn from, one to be judged by."""

    known: Series
    held_out: Series


def sunspots() -> Series:
    """Return the yearly number of sunspots, 1700–2008: 309 years and 309 values, float64.

    >>> series = sunspots()
    >>> series.times[:2].tolist(), series.values[:2].tolist()
    ([1700.0, 1701.0], [5.0, 11.0])
    """
    table = _table("sunspots")
    return Series(_tensor(table["YEAR"]), _tensor(table["SUNACTIVITY"]))


def sunspot_split(known: int = 120, seed: int = 7) -> Split:
    """Return a random subset of the sunspot years and those left out, each in order of time.

    Args:
        known: how many years are kept to learn from, 1 to 308.
        seed: of NumPy's Philox generator, so that the years are the same on every machine.

    Raises:
        ValueError: when one of the parts would be empty.
    """
    times, values = sunspots()
    if not 0 < known < len(times):
        raise ValueError(
            f"known years: 1 to {len(times) - 1} leave a year in both parts, not {known}"
        )
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(times))
    parts = (torch.from_numpy(np.sort(part)) for part in (order[:known], order[known:]))
    return Split(*(Series(times[part], values[part]) for part in parts))


def co2() -> Series:
    """Return weekly CO₂ at Mauna Loa, March 1958 to December 2001, in parts per million, float64.

    Times count weeks from 0 to 2,283. Of the 2,284 values 59 were never measured and are NaN.
    """
    values = _tensor(_table("co2")["co2"])
    return Series(torch.arange(len(values), dtype=torch.float64), values)


def _tensor(column: Any) -> Tensor:
    return torch.from_numpy(np.array(column, dtype=np.float64))


def _table(name: str) -> Any:
    """Load one of statsmodels' tables. Imported when asked for: pandas takes a second."""
    try:
        module = importlib.import_module(f"statsmodels.datasets.{name}")
    except ImportError as error:
        raise ImportError(
            f"the series {name!r} comes with statsmodels, which is not installed: "
            "`make env` installs everything, `pip install statsmodels` this alone"
        ) from error
    return module.load_pandas().data
