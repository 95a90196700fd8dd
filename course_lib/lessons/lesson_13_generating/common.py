"""What several exercises of lesson 13 share."""

from collections.abc import Sequence

import torch
from torch import Tensor

B, V, H, T, S, D = 3, 7, 2, 4, 5, 6


DOUBLE = torch.float64


def some_rows(*rows: Sequence[float]) -> Tensor:
    return torch.tensor(rows, dtype=DOUBLE)
