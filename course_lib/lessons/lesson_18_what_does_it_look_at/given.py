"""How results of lesson 18 are told apart where many share a mistake."""

from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case


def mixes_once(case: Case, value: Any) -> bool:
    """Tell whether the identity was mixed in once, at the end, however its rows are scaled."""
    (weights,) = case.args
    eye = out = torch.eye(weights.shape[-1], dtype=weights.dtype)
    for layer in weights:
        out = layer.mean(-3) @ out
    return bool(torch.allclose(_shares(value), _shares(out + eye)))


def has_shares(case: Case, value: Any) -> bool:
    """Tell whether every row sums to 1."""
    sums: Tensor = value.sum(-1)
    return bool(torch.allclose(sums, torch.ones_like(sums)))


def _shares(matrix: Tensor) -> Tensor:
    return matrix / matrix.sum(-1, keepdim=True)
