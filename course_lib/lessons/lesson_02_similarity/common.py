"""What several exercises of lesson 02 share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.properties import numbers

B, T, S, D = 2, 5, 7, 11
SIZES = range(1, 9)


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Each row of weights shares out a total of 1."""
    value = value.numpy() if isinstance(value, Tensor) else value
    rows = np.atleast_1d(value.sum(-1))
    if np.allclose(rows, 1.0, atol=1e-6):
        return None
    shown = numbers(torch.from_numpy(rows), most=3)
    said = f"Each row of weights must sum to 1. On the case “{case.label}” yours sum to {shown}"
    said += " …" if rows.size > 3 else ""
    if value.ndim > 1 and np.allclose(value.sum(-2), 1.0, atol=1e-6):
        said += "; down the columns they sum to 1, so the softmax ran along the wrong axis"
    return said + "."


def no_negative_weight(call: Any, case: Case, value: Any) -> str | None:
    """A weight is 0 or more."""
    least = float(value.min())
    if least >= 0:
        return None
    return f"A weight cannot be negative. On the case “{case.label}” your smallest is {least:.3f}."
