"""The course's own versions of lesson 03's small exercises."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.attention.soft_lookup import leave_one_out_error, nadaraya_watson


def fit_bandwidth(
    keys: Float[Tensor, "S d"],
    values: Float[Tensor, "S d_v"],
    start: float,
    rate: float,
    steps: int,
) -> float:
    """Return the bandwidth after `steps` steps of gradient descent on its logarithm.

    Args:
        keys: where values are known.
        values: one row for each key.
        start: the first bandwidth.
        rate: length of a step, for each unit of gradient.
        steps: how many.

    >>> keys = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> round(fit_bandwidth(keys, keys**2, start=1.0, rate=0.05, steps=20), 3)
    0.452
    """
    log_h = torch.tensor(math.log(start), dtype=keys.dtype, device=keys.device, requires_grad=True)
    for _ in range(steps):
        error = leave_one_out_error(keys, values, log_h.exp())
        (slope,) = torch.autograd.grad(error, log_h)
        log_h = (log_h - rate * slope).detach().requires_grad_()
    return log_h.exp().item()


def fill_gaps(series: Float[Tensor, " N"], bandwidth: float) -> Float[Tensor, " N"]:
    """Return the series with every NaN replaced by a soft lookup among the known values.

    Args:
        series: evenly spaced in time; NaN where nothing was measured.
        bandwidth: in steps of the series.

    >>> fill_gaps(torch.tensor([1.0, torch.nan, 3.0]), bandwidth=1.0)
    tensor([1., 2., 3.])
    """
    gap = series.isnan()
    times = torch.arange(len(series), dtype=series.dtype, device=series.device).unsqueeze(-1)
    filled = series.clone()
    filled[gap] = nadaraya_watson(
        times[gap], times[~gap], series[~gap].unsqueeze(-1), bandwidth
    ).squeeze(-1)
    return filled
