"""What lesson 03 promises beyond its checks: agreement with statsmodels, facts on real data."""

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from course_lib.attention.soft_lookup import (
    dot_product_scores,
    gaussian_scores,
    hard_lookup,
    leave_one_out_error,
    nadaraya_watson,
    weighted_mean,
)
from course_lib.checking.noise import noise
from course_lib.data.series import Series, co2, sunspot_split, sunspots
from course_lib.lessons.lesson_03_soft_lookup.reference import fill_gaps, fit_bandwidth


def column(values: Tensor) -> Tensor:
    return values.unsqueeze(-1)


def answer(known: Series, queries: Tensor, bandwidth: float) -> Tensor:
    return nadaraya_watson(
        column(queries), column(known.times), column(known.values), bandwidth
    ).squeeze(-1)


def statsmodels_answer(known: Series, queries: Tensor, bandwidth: float) -> Tensor:
    from statsmodels.nonparametric.kernel_regression import KernelReg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = KernelReg(
            known.values.numpy(), known.times.numpy(), "c", reg_type="lc", bw=[bandwidth]
        )
        return torch.from_numpy(model.fit(queries.numpy())[0])


@pytest.mark.parametrize("bandwidth", [0.8, 1.2588, 3.0, 12.5])
def test_agrees_with_statsmodels_on_sunspots(bandwidth: float) -> None:
    known, _ = sunspot_split()
    years = torch.arange(1700, 2009, dtype=torch.float64)
    theirs = statsmodels_answer(known, years, bandwidth)
    assert not theirs.isnan().any()
    assert (answer(known, years, bandwidth) - theirs).abs().max() < 1e-8


def test_agrees_with_statsmodels_on_weekly_co2() -> None:
    weeks, ppm = co2()
    measured = ~ppm[:400].isnan()
    known = Series(weeks[:400][measured], ppm[:400][measured])
    theirs = statsmodels_answer(known, weeks[:400], 5.0)
    assert (answer(known, weeks[:400], 5.0) - theirs).abs().max() < 1e-8


def test_answers_where_statsmodels_gives_nan() -> None:
    known, _ = sunspot_split()
    far = torch.tensor([2100.0], dtype=torch.float64)
    assert statsmodels_answer(known, far, 1.0).isnan().all()
    assert answer(known, far, 1.0).item() == pytest.approx(known.values[-1].item())


def test_leave_one_out_error_agrees_with_statsmodels_left_out_fits() -> None:
    known, _ = sunspot_split(known=30)
    errors = []
    for place in range(len(known.times)):
        rest = torch.arange(len(known.times)) != place
        others = Series(known.times[rest], known.values[rest])
        guess = statsmodels_answer(others, known.times[place : place + 1], 9.0)
        errors.append((guess - known.values[place]).square())
    ours = leave_one_out_error(column(known.times), column(known.values), 9.0)
    assert ours.item() == pytest.approx(torch.cat(errors).mean().item(), rel=1e-10)


@pytest.mark.parametrize(
    ("start", "end"), [(0.5, 1.2588), (3.0, 1.2588), (10.0, 12.5043), (30.0, 12.5043)]
)
def test_descent_ends_in_the_valley_that_it_starts_in(start: float, end: float) -> None:
    known, _ = sunspot_split()
    found = fit_bandwidth(column(known.times), column(known.values), start, rate=0.001, steps=100)
    assert found == pytest.approx(end, abs=1e-3)


def test_learned_bandwidth_is_as_good_as_the_best_of_a_grid_on_held_out_years() -> None:
    known, held_out = sunspot_split()

    def error(bandwidth: float) -> float:
        guess = answer(known, held_out.times, bandwidth)
        return (guess - held_out.values).square().mean().item()

    learned = fit_bandwidth(column(known.times), column(known.values), 3.0, rate=0.001, steps=100)
    assert error(learned) <= 1.01 * min(error(h) for h in (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0))


def test_error_is_flat_for_small_bandwidths_on_the_full_grid() -> None:
    times, values = sunspots()
    log_h = torch.tensor(np.log(0.2), requires_grad=True)
    (slope,) = torch.autograd.grad(
        leave_one_out_error(column(times), column(values), log_h.exp()), log_h
    )
    assert abs(slope.item()) < 1e-9


def test_dot_product_scores_give_gaussian_weights_to_ten_digits() -> None:
    queries, keys = noise(0, 2, 3, 5, 11), noise(1, 2, 3, 7, 11)
    gaussian = gaussian_scores(queries, keys, 1.3).softmax(-1)
    dots = dot_product_scores(queries, keys, 1.3).softmax(-1)
    assert torch.allclose(dots, gaussian, rtol=0, atol=1e-10)


def test_keys_of_equal_norm_need_no_term_of_their_own() -> None:
    queries, keys = noise(0, 5, 11), torch.nn.functional.normalize(noise(1, 7, 11), dim=-1)
    bandwidth = 11**0.25
    attention = torch.nn.functional.scaled_dot_product_attention(queries, keys, noise(2, 7, 13))
    assert torch.allclose(attention, nadaraya_watson(queries, keys, noise(2, 7, 13), bandwidth))


def test_hard_lookup_is_the_limit_of_the_soft_one() -> None:
    keys, values = torch.tensor([3, 0, 2, 5]), noise(0, 4, 2)
    queries = torch.tensor([5, 3])
    soft = nadaraya_watson(column(queries.double()), column(keys.double()), values, 0.01)
    assert torch.allclose(soft, hard_lookup(queries, keys, values))


def test_weighted_mean_never_leaves_the_range_of_its_values() -> None:
    scores, values = noise(0, 5, 7, scale=30), noise(1, 7, 4)
    means = weighted_mean(scores, values)
    assert (means <= values.amax(0) + 1e-12).all()
    assert (means >= values.amin(0) - 1e-12).all()


def test_all_gaps_of_the_co2_series_are_filled_within_its_range() -> None:
    _, ppm = co2()
    filled = fill_gaps(ppm, 1.0)
    gap = ppm.isnan()
    assert int(gap.sum()) == 59
    assert not filled.isnan().any()
    assert torch.equal(filled[~gap], ppm[~gap])
    assert filled[gap].min() > 310
    assert filled[gap].max() < 375
