"""Find out, by gradient, which inputs each output has seen."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def influence(f: Callable[[Tensor], Tensor], x: Float[Tensor, "T d"]) -> Bool[Tensor, "T T"]:
    """Return True at [t, s] where output t depends on input s.

    Args:
        f: takes a sequence (T, d) and returns one (T, d_out).
        x: where to look; random numbers make an accidental zero unlikely.

    >>> influence(lambda x: x.cumsum(0), torch.ones(3, 2)).int().tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    x = x.detach().clone().requires_grad_()
    out = f(x)
    # Not the plain sum: a layer norm's rows sum to the same number whatever came in.
    pull = torch.randn(out.shape[-1], generator=torch.Generator().manual_seed(0)).to(out)
    rows = [torch.autograd.grad(row @ pull, x, retain_graph=True)[0] for row in out]
    return torch.stack(rows).abs().amax(-1) > 0


def assert_causal(f: Callable[[Tensor], Tensor], x: Float[Tensor, "T d"]) -> None:
    """Raise AssertionError, naming the first leak, if any output has seen a later input.

    Args:
        f: takes a sequence (T, d) and returns one (T, d_out).
        x: where to look.
    """
    leaks = influence(f, x).triu(1).nonzero().tolist()
    if leaks:
        t, s = leaks[0]
        raise AssertionError(
            f"output {t} has seen input {s}, which comes later; {len(leaks)} leaks in all"
        )
