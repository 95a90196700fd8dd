"""Name the axes of a case's inputs by the shapes in the signature of the course's own version."""

import inspect
import re
from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.reference import load_reference


def signature(exercise: Exercise) -> inspect.Signature:
    """Return the signature of the course's version: of `forward`, when it is a class."""
    reference = load_reference(exercise)
    is_class = isinstance(reference, type)
    return inspect.signature(reference.forward if is_class else reference)


def parameters(exercise: Exercise) -> dict[str, inspect.Parameter]:
    """Return the parameters of what is called, without self."""
    return {n: p for n, p in signature(exercise).parameters.items() if n != "self"}


def dims_of(exercise: Exercise) -> str:
    """Return the named axes of all inputs, such as "*B T d *B T S"."""
    hints = (parameter.annotation for parameter in parameters(exercise).values())
    return " ".join(getattr(hint, "dim_str", "") for hint in hints)


def sizes(exercise: Exercise, case: Case) -> dict[str, int]:
    """Return the sizes of a case by the names that the reference's signature gives them."""
    known = parameters(exercise)
    values = dict(zip(known, case.args, strict=False)) | dict(case.kwargs)
    found: dict[str, int] = {}
    for name, value in values.items():
        hint = known[name].annotation if name in known else None
        dims = getattr(hint, "dim_str", None)
        if dims is not None and isinstance(value, torch.Tensor | np.ndarray):
            found |= dict(matched(dims.split(), tuple(value.shape)))
    return found


def matched(dims: list[str], shape: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    """Pair the words of a shape such as "*B T d" with its numbers; a starred word takes several."""
    starred = [place for place, word in enumerate(dims) if word.startswith("*") or word == "..."]
    if starred:
        here, extra = starred[0], len(shape) - len(dims) + 1
        lead = (
            [f"{dims[here]}{place}" for place in range(extra)]
            if dims[here] != "..."
            else ["1"] * extra
        )
        dims = [*dims[:here], *lead, *dims[here + 1 :]]
    for word, n in zip(dims, shape, strict=False):
        if re.fullmatch(r"\*?[A-Za-z_]\w*", word):
            yield word, n
