"""What several exercises of lesson 15 share."""

from functools import lru_cache

import torch
from torch import Tensor


def bucket_oracle(distance: Tensor, n_buckets: int, max_distance: int, both_ways: bool) -> Tensor:
    """Find each bucket in a list of the distances at which buckets begin, in whole numbers."""
    n = n_buckets // 2 if both_ways else n_buckets
    begins = bucket_begins(n, max_distance)
    found = []
    for step in distance.flatten().tolist():
        size = abs(step) if both_ways else max(-step, 0)
        ahead = n if both_ways and step > 0 else 0
        found.append(ahead + sum(begin <= size for begin in begins) - 1)
    return torch.tensor(found).view(distance.shape)


@lru_cache
def bucket_begins(n: int, most: int) -> tuple[int, ...]:
    """Bucket exact + j begins at the first d with (d / exact)^(n − exact) ≥ (most / exact)^j."""
    exact = n // 2
    wide, begins = n - exact, list(range(exact))
    for j in range(wide):
        d = exact
        while d**wide * exact**j < most**j * exact**wide:
            d += 1
        begins.append(d)
    return tuple(begins)
