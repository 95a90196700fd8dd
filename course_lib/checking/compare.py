"""Compare a result with what was expected, kind before shape before dtype before values."""

import inspect
import math
import numbers
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_lib.checking.result import Difference
from course_lib.checking.values import short, size

ORDER = ("first", "second", "third", "fourth", "fifth", "sixth")
#: How far rounding alone may take a result, by dtype; float64 uses the exercise's own tolerance.
ROUNDING = {torch.float32: 2e-5, torch.float16: 5e-3, torch.bfloat16: 4e-2}


@dataclass(frozen=True)
class Finding:
    """The first thing wrong with a result.

    `kind` is one of type, length, shape, dtype, device, nan, value.
    """

    kind: str
    message: str
    difference: Difference | None = None


def compare(
    value: Any, expected: Any, *, tolerance: float, parts: tuple[str, ...] = ()
) -> Finding | None:
    """Return the first thing that sets `value` apart from `expected`, or None.

    Args:
        value: the answer's result.
        expected: the oracle's.
        tolerance: largest |difference| / (1 + |expected|) in float64.
        parts: names of the results, when there are several.
    """
    if isinstance(expected, list):
        return _list(value, expected, tolerance)
    if isinstance(expected, tuple):
        return _sequence(value, expected, tolerance, parts)
    if isinstance(expected, torch.Tensor):
        return _tensor(value, expected, tolerance)
    if isinstance(expected, np.ndarray):
        return _array(value, expected, tolerance)
    return _scalar(value, expected, tolerance)


def unexpected(value: Any) -> Finding:
    """Say that a result is of a kind that nothing can be asked of."""
    return Finding(
        "type", f"The result is {_kind(value)}, not what is asked for.{_type_hint(value)}"
    )


def _list(value: Any, expected: list[Any], tolerance: float) -> Finding | None:
    """Compare a list item by item; a tuple will do."""
    if not isinstance(value, tuple | list):
        return Finding("type", f"A list is due; yours is {_kind(value)}.{_type_hint(value)}")
    if len(value) != len(expected):
        return Finding("length", f"A list of {len(expected)} is due; yours has {len(value)}.")
    for at, (yours, theirs) in enumerate(zip(value, expected, strict=True)):
        found = compare(yours, theirs, tolerance=tolerance)
        if found is not None:
            where = found.difference and replace(
                found.difference, index=(at, *found.difference.index)
            )
            return Finding(found.kind, f"At place {at} of your list: {found.message}", where)
    return None


def _sequence(
    value: Any, expected: Any, tolerance: float, parts: tuple[str, ...]
) -> Finding | None:
    names = ", ".join(parts)
    due = f"{len(expected)} results are due" + (f" ({names})" if names else "")
    if not isinstance(value, tuple | list):
        return Finding("type", f"{due}; yours is {_kind(value)}.")
    if len(value) != len(expected):
        return Finding("type", f"{due}; yours are {len(value)}.")
    for place, (yours, theirs) in enumerate(zip(value, expected, strict=True)):
        found = compare(yours, theirs, tolerance=tolerance)
        if found is not None:
            return _in_part(found, place, parts)
    return None


def _in_part(found: Finding, place: int, parts: tuple[str, ...]) -> Finding:
    if place < len(parts):
        named = renamed(found, parts[place])
    elif found.difference is not None and not found.difference.index:
        # One number of a pair or a triple: its place says enough.
        named = replace(found, difference=replace(found.difference, index=(place,)))
    else:
        named = renamed(
            found, f"the {ORDER[place]} result" if place < len(ORDER) else "the results"
        )
    part = named.difference.part if named.difference else ""
    due = parts[place] if place < len(parts) else part or f"place {place} of the results"
    return replace(named, message=f"In {due}: {named.message}")


def renamed(found: Finding, part: str) -> Finding:
    """Return a finding that says which of several results, or which gradient, it is about."""
    if found.difference is None:
        return found
    where = replace(found.difference, part=part)
    message = found.message.replace(place(found.difference), place(where))
    return replace(found, message=message, difference=where)


def _tensor(value: Any, expected: torch.Tensor, tolerance: float) -> Finding | None:
    if not isinstance(value, torch.Tensor):
        return Finding(
            "type", f"A torch tensor is due; yours is {_kind(value)}.{_type_hint(value, True)}"
        )
    if value.layout != expected.layout:
        return Finding("type", "A dense tensor is due; yours is sparse. End with .to_dense().")
    found = _shape_and_dtype(value, expected)
    if found is not None:
        return found
    if value.device != expected.device:
        return Finding(
            "device", f"The result lives on {value.device}; its inputs live on {expected.device}."
        )
    exact = ROUNDING.get(expected.dtype, tolerance)
    return _values(as_array(value), as_array(expected), exact)


def _array(value: Any, expected: np.ndarray, tolerance: float) -> Finding | None:
    if isinstance(value, np.generic) and expected.ndim == 0:
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return Finding("type", f"A NumPy array is due; yours is {_kind(value)}.")
    found = _shape_and_dtype(value, expected)
    return found if found is not None else _values(value, expected, tolerance)


def _shape_and_dtype(value: Any, expected: Any) -> Finding | None:
    if tuple(value.shape) != tuple(expected.shape):
        message = f"The shape should be {tuple(expected.shape)}; yours is {tuple(value.shape)}."
        return Finding("shape", message)
    if value.dtype != expected.dtype:
        return Finding("dtype", _dtype_message(_name(value.dtype), _name(expected.dtype)))
    return None


def _dtype_message(yours: str, due: str) -> str:
    said = f"The dtype should be {due}; yours is {yours}."
    if yours == "float32" and due.startswith("float"):
        return said + " A tensor made inside without dtype=… is float32: make it like an input."
    if due == "bool":
        return said + " A mask holds True and False: compare, or end with .bool()."
    if due == "int64":
        return said + " Counts and places are int64: convert at the end."
    return said + f" Make it {due} from the start, or convert it at the end."


def _scalar(value: Any, expected: Any, tolerance: float) -> Finding | None:
    if isinstance(value, torch.Tensor) and value.device.type == "meta":
        return Finding("device", "The result lives on the device “meta”, which holds no numbers.")
    if (isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 0) or isinstance(
        value, np.generic
    ):
        value = value.item()
    if not _same_kind(value, expected):
        what = {bool: "True or False", int: "a whole number", float: "a number", str: "a text"}
        due = what.get(type(expected), size(expected))
        return Finding(
            "type", f"The result should be {due}; yours is {_kind(value)}.{_type_hint(value)}"
        )
    if isinstance(expected, float):
        return _values(np.asarray(_float(value)), np.asarray(expected), tolerance)
    if value == expected:
        return None
    message = f"The result should be {short(expected)}; yours is {short(value)}."
    return Finding(
        "value", message, Difference(index=(), yours=_plain(value), expected=_plain(expected))
    )


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf if value > 0 else -math.inf


def _same_kind(value: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(expected, bool)
    if isinstance(expected, int):
        return isinstance(value, numbers.Integral)
    if isinstance(expected, float):
        return isinstance(value, numbers.Real)
    return isinstance(value, type(expected))


def _values(value: np.ndarray, expected: np.ndarray, tolerance: float) -> Finding | None:
    if value.dtype == bool or value.dtype.kind in "iu":
        bad = value != expected
    else:
        lost = np.isnan(value) & ~np.isnan(expected)
        if lost.any():
            return _nan(value, expected, lost)
        with np.errstate(invalid="ignore"):
            close = np.abs(value - expected) <= tolerance * (1 + np.abs(expected))
        close &= np.isfinite(expected)  # nothing but ∞ is near ∞
        bad = ~(close | (value == expected) | (np.isnan(value) & np.isnan(expected)))
    if not bad.any():
        return None
    where = _first(bad, value, expected)
    return Finding("value", f"It differs first at {place(where)}.", where)


def _nan(value: np.ndarray, expected: np.ndarray, lost: np.ndarray) -> Finding:
    where = _first(lost, value, expected)
    count = int(lost.sum())
    said = f"{count} of {lost.size} numbers are NaN" if lost.size > 1 else "The result is NaN"
    at = f", the first at {place(where)}, where {where.expected} is due" if lost.size > 1 else ""
    return Finding("nan", f"{said}{at}.", where)


def _first(bad: np.ndarray, value: np.ndarray, expected: np.ndarray) -> Difference:
    index = tuple(int(i) for i in np.argwhere(bad)[0]) if bad.ndim else ()
    return Difference(index=index, yours=_plain(value[index]), expected=_plain(expected[index]))


def place(where: Difference) -> str:
    """Return how a position reads: "out[1, 0, 3]", "[0] of the second result", "the result"."""
    if not where.index:
        return where.part or "the result"
    at = f"[{', '.join(map(str, where.index))}]"
    return f"{at} of {where.part}" if " " in where.part else f"{where.part or 'out'}{at}"


def _plain(value: Any) -> float | int | bool | str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 10)
    return value if isinstance(value, bool | int) else str(value)[:200]


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """Return the numbers of a tensor, floating ones in float64."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a torch tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {value.shape}"
    if isinstance(value, tuple | list):
        return size(value)
    name, text = type(value).__name__, size(value)
    named = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    return named if text.startswith("a ") else f"{named} ({text})"


def _type_hint(value: Any, tensor: bool = False) -> str:
    if value is None:
        return " A function without return gives None."
    if tensor and isinstance(value, np.ndarray):
        return " Stay in torch: NumPy knows no gradients and no GPU."
    if isinstance(value, tuple):
        return " Return one value alone."
    if inspect.isgenerator(value):
        return " yield makes a generator; return gives the value itself."
    if callable(value):
        return " Call it: a name without parentheses is the function, not its result."
    return ""
