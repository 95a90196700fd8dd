"""A batch, whatever holds its tensors: moved to a device, counted, cut into parts."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from course_lib.errors import CourseError


def mapped(batch: Any, change: Callable[[Tensor], Any]) -> Any:
    """Return the batch with every tensor changed: tuples, lists, dictionaries and dataclasses.

    >>> mapped({"x": torch.ones(2), "name": "a"}, lambda tensor: tensor.sum().item())
    {'x': 2.0, 'name': 'a'}
    """
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, dict):
        return {key: mapped(value, change) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        items = [mapped(item, change) for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else type(batch)(items)
    if is_dataclass(batch) and not isinstance(batch, type):
        found = {f.name: mapped(getattr(batch, f.name), change) for f in fields(batch)}
        return replace(batch, **found)
    return batch


def moved(batch: Any, device: torch.device) -> Any:
    """Return the batch with every tensor on a device."""
    return mapped(batch, lambda tensor: tensor.to(device, non_blocking=True))


def rows(batch: Any) -> int | None:
    """Return how many rows the batch's tensors have: None without tensors, or when they differ.

    >>> rows((torch.zeros(3, 5), torch.zeros(3))), rows([torch.zeros(3), torch.zeros(2)])
    (3, None)
    """
    counts: set[int] = set()
    mapped(batch, lambda tensor: counts.add(len(tensor)) if tensor.ndim else None)
    return counts.pop() if len(counts) == 1 else None


def part(batch: Any, index: int, n_parts: int) -> Any:
    """Return one of `n_parts` nearly equal runs of rows; the first ones are a row longer.

    Raises:
        CourseError: when the batch cannot be cut, or has fewer rows than parts.

    >>> [part(torch.arange(5), index, 2).tolist() for index in (0, 1)]
    [[0, 1, 2], [3, 4]]
    """
    n_rows = rows(batch)
    if n_rows is None:
        raise CourseError(
            f"this batch ({type(batch).__name__}) cannot be cut into {n_parts} parts: its tensors "
            "need the same number of rows. Train on one process with accumulate=1, or return "
            "tensors of equal length, in a tuple, list, dictionary or dataclass."
        )
    if n_rows < n_parts:
        raise CourseError(
            f"a batch of {n_rows} rows cannot be cut into {n_parts} parts (processes × "
            f"accumulate): make batches of {n_parts} rows or more, or use fewer parts."
        )
    start = index * (n_rows // n_parts) + min(index, n_rows % n_parts)
    stop = start + n_rows // n_parts + (index < n_rows % n_parts)
    return mapped(batch, lambda tensor: tensor[start:stop] if tensor.ndim else tensor)
