"""What is due and what came, side by side, where a check fails on a matrix."""

import typing
from typing import Any

import numpy as np
import torch

from course_lib.checking.axes import signature
from course_lib.checking.compare import as_array, compare
from course_lib.checking.exercise import Exercise
from course_lib.checking.result import Matrices

#: A map shows that many rows and columns at most; a larger matrix is read in words.
MOST = 24
#: What the letters in a signature stand for; T and S are queries and keys where they meet.
AXES = {"T": "token", "S": "token", "N": "place", "H": "head", "V": "word", "B": "in the batch"}
MEETING = (["T", "S"], ["T", "T"])


def matrices(exercise: Exercise, yours: Any, due: Any) -> Matrices | None:
    """Return the first matrix of a result that differs; None where there is none to draw."""
    try:
        return _matrices(exercise, yours, due)
    except Exception:  # a learner's result may be anything; words tell what is wrong with it
        return None


def _matrices(exercise: Exercise, yours: Any, due: Any) -> Matrices | None:
    hint = _return_hint(exercise)
    if isinstance(due, tuple) and isinstance(yours, tuple | list) and len(due) == len(yours):
        hints = typing.get_args(hint) or (None,) * len(due)
        parts = zip(yours, due, hints, strict=False)
        differing = (part for part in parts if compare(part[0], part[1], tolerance=1e-6))
        yours, due, hint = next(differing, (None, None, None))
    if not _is_matrix(yours) or not _is_matrix(due) or tuple(yours.shape) != tuple(due.shape):
        return None
    if min(due.shape[-2:]) < 2 or max(due.shape[-2:]) > MOST:
        return None
    came, right = (np.asarray(_numbers(value), dtype=float) for value in (yours, due))
    differs = np.argwhere(~np.isclose(came, right, rtol=1e-6, atol=1e-6, equal_nan=True))
    if len(differs) == 0:
        return None
    at = tuple(int(i) for i in differs[0][:-2])
    rows, columns = _axes(hint)
    return Matrices(due=right[at], yours=came[at], rows=rows, columns=columns, at=at)


def _is_matrix(value: Any) -> bool:
    return isinstance(value, torch.Tensor | np.ndarray) and value.ndim >= 2 and _is_real(value)


def _is_real(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return not value.is_complex() and value.device.type != "meta"
    return value.dtype.kind in "fiub"


def _numbers(value: Any) -> np.ndarray:
    return as_array(value) if isinstance(value, torch.Tensor) else value


def _return_hint(exercise: Exercise) -> Any:
    try:
        return signature(exercise).return_annotation
    except (ImportError, TypeError, ValueError, AttributeError):  # a kit has no course version
        return None


def _axes(hint: Any) -> tuple[str, str]:
    """Return names for the last two axes, by the shape in a signature.

    >>> [_axes(type("Hint", (), {"dim_str": dims})) for dims in ("*B T S", "B T", "*B T d_head")]
    [('query', 'key'), ('in the batch', 'token'), ('token', 'feature')]
    """
    words = str(getattr(hint, "dim_str", "")).split()[-2:]
    if len(words) < 2:
        return "row", "column"
    if words in MEETING:
        return "query", "key"
    first, last = (_axis(word.strip("*")) for word in words)
    return first, last


def _axis(word: str) -> str:
    return "feature" if word.startswith("d") else AXES.get(word, word)
