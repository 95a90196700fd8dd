"""Does a layer know in which order its tokens come?"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def is_equivariant(
    layer: Callable[[Tensor], Tensor], x: Float[Tensor, "T d"], *, n_orders: int = 10
) -> bool:
    """Tell whether a layer's outputs move with its inputs: `layer(x[order]) = layer(x)[order]`.

    Rounding is forgiven: a sum taken in another order ends on another last digit.

    Paper: Zaheer et al. 2017, §2.

    Args:
        layer: takes a sequence (T, d) and returns one (T, d_out).
        x: where to look; random numbers make an accidental agreement unlikely.
        n_orders: how many random orders are tried.

    >>> x = torch.tensor([[1.0], [2.0], [4.0]])
    >>> is_equivariant(lambda x: x + x.sum(0), x), is_equivariant(lambda x: x.cumsum(0), x)
    (True, False)
    """
    generator = torch.Generator().manual_seed(0)
    out = layer(x)
    for _ in range(n_orders):
        order = torch.randperm(len(x), generator=generator).to(x.device)
        if not torch.allclose(layer(x[order]), out[order], rtol=1e-4, atol=1e-6):
            return False
    return True
