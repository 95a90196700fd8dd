"""The gradients of one step: a batch's parts, forward and backward, on each process."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.training.objective import scalar
from course_lib.training.parts import moved, part, rows

Batches = Callable[[int], Any]


def gradients(
    objective: Any, batches: Batches, step: int, accumulate: int, acc: Any
) -> tuple[Tensor, Tensor, float | None]:
    """Go through this process's parts of a batch, forward and backward.

    Args:
        objective: model and loss in one.
        batches: gives the batch of the step.
        step: counted from 0.
        accumulate: parts of a batch on each process.
        acc: Accelerate, which knows the processes.

    Returns:
        The sum of losses, what to divide it by, and, when the gradients were divided by something
        else, by what.
    """
    n_parts = accumulate * acc.num_processes
    batch = _batch(batches, step)
    n_rows = rows(batch) if n_parts > 1 else 1
    total = weight = torch.zeros((), device=acc.device)
    counted = False
    for index in range(accumulate):
        mine = batch
        if n_parts > 1:
            mine = part(batch, acc.process_index * accumulate + index, n_parts)
        last = index == accumulate - 1
        with nullcontext() if last else acc.no_sync(objective):
            with acc.autocast():
                found = objective(moved(mine, acc.device))
            counted = isinstance(found, tuple)
            value, count = found if counted else (found, rows(mine) if n_parts > 1 else 1)
            value = scalar(value, step)
            whole = value if counted else value * count
            # Processes are averaged, not summed, when their gradients meet.
            acc.backward(whole * (acc.num_processes / (n_rows or 1)))
        total = total + whole.detach()
        weight = weight + torch.as_tensor(count, device=acc.device)
    return total, weight, float(n_rows or 1) if counted else None


def _batch(batches: Batches, step: int) -> Any:
    batch = batches(step)
    if batch is None or rows(batch) == 0:
        what = "nothing" if batch is None else "a batch of no rows"
        raise CourseError(
            f"batches({step}) returned {what}: return tensors with a row for each example"
        )
    return batch


def rescale(model: nn.Module, factor: Tensor) -> None:
    """Multiply every gradient by a number."""
    found = [p.grad for p in model.parameters() if p.grad is not None]
    torch._foreach_mul_(found, factor.to(found[0].dtype))


def seed_step(seed: int, step: int, process: int, device: torch.device) -> None:
    """Seed torch by (seed, step, process): what a step draws depends on nothing before it."""
    seed = (seed * 1_000_003 + step) * 4096 + process
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
