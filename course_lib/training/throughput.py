"""How fast a training runs, and which share of what the device can do."""

import statistics
import time
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


def share_of_peak(
    seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
) -> float:
    """Return which share of the device's peak a training uses: 3 · forward · batch / t / peak.

    t is the median of the steps' seconds, without the first ones. The backward pass costs two
    forward ones: gradients of the inputs, and of the weights.

    Paper: Chowdhery et al. 2022, appendix B.

    Args:
        seconds: of every step.
        batch: images in a step.
        forward: floating-point operations of one image's forward pass.
        peak: operations a second that the device was measured at.
        skip: steps at the beginning that are left out.

    >>> share_of_peak([9.0, 2.0, 2.0, 5.0], batch=4, forward=5.0, peak=100.0, skip=1)
    0.3
    """
    return 3 * forward * batch / statistics.median(seconds[skip:]) / peak


def forward_flops(model: nn.Module, images: Float[Tensor, "B C H W"]) -> float:
    """Return the floating-point operations of one image's forward pass, counted by PyTorch.

    Products of matrices, convolutions and attention are counted; what works entry by entry is not.

    Args:
        model: is left as it was.
        images: a batch.

    >>> forward_flops(nn.Conv2d(1, 2, kernel_size=1), torch.zeros(3, 1, 2, 2))
    16.0
    """
    from torch.utils.flop_counter import FlopCounterMode

    was = model.training
    model.eval()
    # With gradients: without them nn.MultiheadAttention takes a short cut that nobody counts.
    with FlopCounterMode(display=False) as counter, torch.enable_grad():
        model(images)
    model.train(was)
    return counter.get_total_flops() / len(images)


def matrix_peak(
    to: torch.device, dtype: torch.dtype = torch.float32, side: int | None = None
) -> float:
    """Return the most operations a second that a product of two matrices reached, of ten.

    Args:
        to: the device.
        dtype: that the training multiplies in.
        side: of the matrices; when left out, 8192 on a GPU and 1024 on a CPU.
    """
    side = side or (8192 if to.type == "cuda" else 1024)
    a, b = (torch.randn(side, side, device=to, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        _wait(to)
        start = time.perf_counter()
        torch.mm(a, b)
        _wait(to)
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


def _wait(to: torch.device) -> None:
    if to.type == "cuda":
        torch.cuda.synchronize(to)
