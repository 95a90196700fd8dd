"""The two series that ship with statsmodels, and their splits."""

import sys

import pytest
import torch

from course_lib.data.series import co2, sunspot_split, sunspots


def test_sunspots_are_yearly_from_1700_to_2008() -> None:
    series = sunspots()
    assert torch.equal(series.times, torch.arange(1700, 2009, dtype=torch.float64))
    assert series.values[257].item() == 190.2


def test_split_parts_every_year_once() -> None:
    known, held_out = sunspot_split()
    assert (len(known.times), len(held_out.times)) == (120, 189)
    both = torch.cat([known.times, held_out.times]).sort().values
    assert torch.equal(both, sunspots().times)


def test_split_keeps_years_with_their_values_and_in_order() -> None:
    series = sunspots()
    for part in sunspot_split(known=40, seed=3):
        assert (part.times.diff() > 0).all()
        assert torch.equal(part.values, series.values[(part.times - 1700).long()])


def test_split_is_the_same_for_the_same_seed_alone() -> None:
    assert torch.equal(sunspot_split().known.times, sunspot_split().known.times)
    assert not torch.equal(sunspot_split(seed=1).known.times, sunspot_split(seed=2).known.times)


def test_split_starts_with_the_years_that_the_lesson_prints() -> None:
    assert sunspot_split().known.times[:3].tolist() == [1702, 1708, 1709]


@pytest.mark.parametrize("known", [0, 309, -5])
def test_split_refuses_an_empty_part(known: int) -> None:
    with pytest.raises(ValueError, match=rf"1 to 308 .* not {known}"):
        sunspot_split(known=known)


def test_co2_is_weekly_with_59_gaps() -> None:
    weeks, ppm = co2()
    assert torch.equal(weeks, torch.arange(2284, dtype=torch.float64))
    assert int(ppm.isnan().sum()) == 59
    assert ppm[0].item() == 316.1


def test_missing_statsmodels_is_named_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.datasets.sunspots", None)
    with pytest.raises(ImportError, match="statsmodels, which is not installed: `make env`"):
        sunspots()
