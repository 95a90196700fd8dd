"""Copy, move, and look through nested values: tensors, arrays, tuples, lists, dictionaries."""

import inspect
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import torch


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Apply `change` to every leaf of a nested value and keep its structure."""
    if isinstance(value, dict):
        return {key: each(item, change) for key, item in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(each(item, change) for item in value)
    if isinstance(value, list):
        return [each(item, change) for item in value]
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    """Yield every leaf of a nested value, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def copy(value: Any, gradients: bool = False) -> Any:
    """Copy tensors and arrays; with `gradients`, floating tensors become leaves that collect."""

    def change(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            fresh = leaf.detach().clone()
            return fresh.requires_grad_(gradients and fresh.is_floating_point())
        if isinstance(leaf, np.ndarray):
            return leaf.copy()
        if isinstance(leaf, torch.Generator | np.random.Generator):
            return _same_start(leaf)
        return leaf

    return each(value, change)


def _same_start(generator: Any) -> Any:
    """Copy a source of random numbers, so that every call draws the same."""
    if isinstance(generator, np.random.Generator):
        return deepcopy(generator)
    return torch.Generator(generator.device).set_state(generator.get_state())


def equal(first: Any, second: Any) -> bool:
    """Tell whether two nested values hold the same numbers (NaN equals NaN)."""
    a, b = list(leaves(first)), list(leaves(second))
    return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        same = first.shape == second.shape and first.dtype == second.dtype
        return same and bool(torch.equal(torch.nan_to_num(first), torch.nan_to_num(second)))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if isinstance(first, torch.Generator | np.random.Generator):
        return True  # drawing from a generator that was handed in is what it is for
    return first is second or bool(first == second)


def memory(value: Any) -> set[int]:
    """Return the addresses of the storages that a nested value lives in."""
    found = set()
    for leaf in leaves(value):
        if isinstance(leaf, torch.Tensor):
            if leaf.layout is torch.strided and leaf.device.type != "meta":
                found.add(leaf.untyped_storage().data_ptr())
        elif isinstance(leaf, np.ndarray):
            while isinstance(leaf.base, np.ndarray):
                leaf = leaf.base
            found.add(leaf.__array_interface__["data"][0])
    return found - {0}


def size(value: Any) -> str:
    """Describe a value in a few words: "(2, 3) float64", "a list of 3", "'abc'"."""
    if isinstance(value, torch.Tensor):
        return f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype} array"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, torch.nn.Module):
        return f"a module {type(value).__name__}"
    if callable(value):
        if inspect.isclass(value):
            return f"the class {value.__name__}"
        plain = inspect.isroutine(value) or isinstance(value, partial)
        return "a function" if plain else f"an object of class {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"


def short(value: Any, width: int = 80) -> str:
    """Return `repr(value)`, cut where it is long."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
