"""Kinds of input that catch answers which are right on ordinary ones, and how a case shows each.

An exercise lists in `kinds` those that its inputs can have; every one must stand in its cases. What
a shape or a type says already (`implied`) must be listed, or excluded with a reason in `never`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.checking.case import Case
from course_lib.checking.values import leaves

#: Exponentials overflow float64 behind this, and differ from a shifted softmax well before.
LARGE = 709.0

KINDS: Mapping[str, str] = {
    "front": "what is hidden stands first",
    "gaps": "what is hidden stands between what is not",
    "empty": "a row of which everything is hidden",
    "hidden_nan": "NaN or ∞ where the mask hides it",
    "no_lead": "no axis before the mechanism's own",
    "batch_of_one": "a leading axis of size 1",
    "one_place": "a sequence of one",
    "ties": "two equal numbers that compete in a row",
    "border": "a value that equals its threshold",
    "repeats": "the same id, word or value twice",
    "alike_names": "a name that begins with another name",
    "whole_numbers": "whole numbers where fractions are usual",
    "large": "scores whose exponentials overflow",
    "far_rows": "a row of small scores beside a row of large ones",
    "negative": "nothing above zero",
    "zero": "an exact zero",
    "punctuation": "capitals and punctuation",
    "children": "a model whose parts are not in the mode of the whole",
    "early_end": "something ends before the others",
    "halves": "a number that two rules of rounding take apart",
    "loose_rows": "rows that do not sum to one",
}
#: What no look at the inputs can tell: a case says so itself, in `Case.shows`.
TOLD = {"alike_names", "border", "children", "early_end", "halves"}


def shown(case: Case) -> set[str]:
    """Return the kinds that a case shows, by a look at its inputs and by its own word."""
    unknown = set(case.shows) - TOLD
    if unknown:
        raise ValueError(f"{case.label}: a case may show {sorted(TOLD)}, not {sorted(unknown)}")
    inputs = [*leaves(case.args), *leaves(dict(case.kwargs))]
    return set(case.shows) | {kind for kind, looks in _LOOKS.items() if looks(inputs)}


def shown_by_shape(sizes: Mapping[str, int]) -> set[str]:
    """Return the kinds that the sizes of named axes show; leading ones begin with a star.

    >>> sorted(shown_by_shape({"*B0": 1, "T": 5})), sorted(shown_by_shape({"T": 1}))
    (['batch_of_one'], ['no_lead', 'one_place'])
    """
    lead = [n for name, n in sizes.items() if name.startswith("*") or name == "B"]
    places = [n for name, n in sizes.items() if name in ("T", "S", "N")]
    found = {"no_lead": not lead, "batch_of_one": 1 in lead, "one_place": 1 in places}
    return {kind for kind, there in found.items() if there}


def implied(case: Case, dims: str) -> set[str]:
    """Return the kinds that an exercise must list or exclude.

    Args:
        case: one of its cases.
        dims: the axes in its signature, such as "*B T d *B T S".
    """
    inputs = [*leaves(case.args), *leaves(dict(case.kwargs))]
    words = set(dims.split())
    masks, floats = any(map(_is_mask, inputs)), any(map(_is_float, inputs))
    lead = any(word.startswith("*") for word in words)
    allowed = {
        "front": masks,
        "gaps": masks,
        "empty": masks,
        "hidden_nan": masks and floats,
        "no_lead": lead,
        "batch_of_one": lead or "B" in words,
        "one_place": bool(words & {"T", "S", "N"}),
    }
    return {kind for kind, there in allowed.items() if there}


def _is_mask(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype is torch.bool and value.dim() > 0


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _rows(inputs: list[Any]) -> Iterator[torch.Tensor]:
    """Yield every row of the last axis of the truth values."""
    for value in filter(_is_mask, inputs):
        yield from value.reshape(-1, value.shape[-1]) if value.shape[-1] else ()


def _front(inputs: list[Any]) -> bool:
    return any(not bool(row[0]) and bool(row.any()) for row in _rows(inputs))


def _gaps(inputs: list[Any]) -> bool:
    """Tell whether a False stands between two that are True."""
    return any(
        "10" in (bits := _bits(row)) and "1" in bits.split("10", 1)[1] for row in _rows(inputs)
    )


def _bits(row: torch.Tensor) -> str:
    return "".join("1" if there else "0" for there in row.tolist())


def _empty(inputs: list[Any]) -> bool:
    return any(not bool(row.any()) for row in _rows(inputs))


def _hidden_nan(inputs: list[Any]) -> bool:
    return any(not bool(values.isfinite().all()) for values in _floats(inputs))


def _floats(inputs: list[Any]) -> Iterator[torch.Tensor]:
    """Yield what holds fractions, rows of the last axis; a list of numbers is a row."""
    for value in inputs:
        if _is_float(value):
            found = torch.as_tensor(value)
            yield found.reshape(-1, found.shape[-1] if found.dim() else 1)
    numbers = [value for value in inputs if isinstance(value, float)]
    if len(numbers) > 1:
        yield torch.tensor([numbers])


def _ties(inputs: list[Any]) -> bool:
    return any(len(row.unique()) < len(row) for rows in _floats(inputs) for row in rows)


def _whole_numbers(inputs: list[Any]) -> bool:
    kinds = (torch.Tensor, np.ndarray)
    return any(
        (isinstance(value, kinds) and not _is_float(value) and not _is_mask(value))
        or (isinstance(value, int) and not isinstance(value, bool))
        for value in inputs
    )


def _large(inputs: list[Any]) -> bool:
    return any(bool((rows[rows.isfinite()].abs() > LARGE).any()) for rows in _floats(inputs))


def _far_rows(inputs: list[Any]) -> bool:
    return any(
        len(rows) > 1 and rows.numel() > 0 and bool(_spread(rows) > LARGE)
        for rows in _floats(inputs)
    )


def _spread(rows: torch.Tensor) -> torch.Tensor:
    most = rows.nan_to_num(neginf=0.0, posinf=0.0).amax(-1)
    return most.max() - most.min()


def _negative(inputs: list[Any]) -> bool:
    return any(rows.numel() > 0 and bool((rows < 0).all()) for rows in _floats(inputs))


def _zero(inputs: list[Any]) -> bool:
    numbers = [value for value in inputs if isinstance(value, int | float)]
    return 0 in numbers or any(bool((rows == 0).any()) for rows in _floats(inputs))


def _repeats(inputs: list[Any]) -> bool:
    """Tell whether an id, a word or a value comes twice, in one input or in a list."""
    for value in inputs:
        if isinstance(value, torch.Tensor | np.ndarray) and not _is_mask(value):
            found = torch.as_tensor(value).flatten()
            if len(found.unique()) < len(found):
                return True
        if isinstance(value, str) and len(words := value.split()) > len(set(words)):
            return True
    single = [v for v in inputs if isinstance(v, str | int | float) and not isinstance(v, bool)]
    return len(single) > len(set(single))


def _alike_names(inputs: list[Any]) -> bool:
    names = [value for value in inputs if isinstance(value, str)]
    for value in inputs:
        if isinstance(value, nn.Module):
            names += [name for name, _ in value.named_modules() if name]
    # "blocks.1.norm" begins with "blocks.1" as its part, "blocks.10" as a stranger.
    return any(a != b and re.match(re.escape(a) + r"[^.]", b) for a in names for b in names)


def _punctuation(inputs: list[Any]) -> bool:
    texts = [value for value in inputs if isinstance(value, str)]
    return any(re.search(r"[^\w\s]", t) for t in texts) and any(t != t.lower() for t in texts)


_LOOKS: Mapping[str, Callable[[list[Any]], bool]] = {
    "front": _front,
    "gaps": _gaps,
    "empty": _empty,
    "hidden_nan": _hidden_nan,
    "ties": _ties,
    "repeats": _repeats,
    "alike_names": _alike_names,
    "whole_numbers": _whole_numbers,
    "large": _large,
    "far_rows": _far_rows,
    "negative": _negative,
    "zero": _zero,
    "punctuation": _punctuation,
    "loose_rows": lambda inputs: any(_loose(rows) for rows in _floats(inputs)),
}


def _loose(rows: torch.Tensor) -> bool:
    return rows.numel() > 0 and bool(((rows.sum(-1) - 1).abs() > 1e-3).any())
