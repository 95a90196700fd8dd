"""What several exercises of lesson 04 share."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.noise import noise, pick

B, H, T, S, D, DV = 2, 3, 5, 7, 11, 13


def padding_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 9))
    lengths = rng.integers(0, n + 1, size=pick(rng, range(1, 5)))
    return Case(label="random", args=(torch.from_numpy(lengths), n))


def mask_with_empty_row(seed: int, *shape: int) -> Tensor:
    mask = noise(seed, *shape) > 0
    mask[..., -1] = True
    mask[..., 2, :] = False
    return mask


def far_apart() -> tuple[np.ndarray, ...]:
    """Return q, k, v, mask: both allowed keys score below −280, the forbidden one scores 0."""
    rows = ([[20.0, 0]], [[-20.0, 0], [0, 1], [-19.9, 0]], [[1.0], [2], [4]], [[True, False, True]])
    return tuple(np.array(x) for x in rows)


def attention_oracle(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """PyTorch's fused call, which gives zeros for a row with nothing to attend to."""
    wide = (x if x.dtype is torch.float64 else x.double() for x in (q, k, v))
    return F.scaled_dot_product_attention(*wide, attn_mask=mask).to(q.dtype)
