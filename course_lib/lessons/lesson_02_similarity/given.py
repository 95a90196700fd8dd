"""How results of lesson 02 are told apart where many share a mistake."""

from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.data.words import HAND_WORDS

#: The hand-sized words of exercise 2.1.
CAT, DOG = np.array(HAND_WORDS["cat"]), np.array(HAND_WORDS["dog"])


def scores_of(value: Any) -> tuple[float, float] | None:
    """Return a vector's dot product with cat and its cosine to it; None for anything else."""
    try:
        vector = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        return None
    if vector.shape != (2,) or vector.dtype.kind not in "iuf" or not np.isfinite(vector).all():
        return None
    length = float(np.linalg.norm(vector))
    dot = float(CAT @ vector)
    return dot, dot / (length * float(np.linalg.norm(CAT))) if length else 0.0


DOG_DOT, DOG_COSINE = scores_of(DOG) or (0.0, 0.0)


def _signs(value: Any) -> tuple[int, int] | None:
    """Say by dot product and by cosine: 1 wins, 0 ties, -1 loses against dog."""
    found = scores_of(value)
    if found is None:
        return None
    gaps = (found[0] - DOG_DOT, found[1] - DOG_COSINE)
    return (_sign(gaps[0]), _sign(gaps[1]))


def _sign(gap: float) -> int:
    return 0 if abs(gap) < 1e-9 else 1 if gap > 0 else -1


def is_loud(value: Any) -> bool:
    """Tell whether a vector wins by dot product and loses by cosine."""
    return _signs(value) == (1, -1)


def points_away(case: Case, value: Any) -> bool:
    """Tell whether the dot product with cat is not positive."""
    found = scores_of(value)
    return found is not None and found[0] <= 1e-9 and bool(np.any(np.asarray(value, dtype=float)))


def is_zero(case: Case, value: Any) -> bool:
    """Tell whether a vector is zero."""
    return scores_of(value) is not None and not np.any(np.asarray(value, dtype=float))


def loses_both(case: Case, value: Any) -> bool:
    """Tell whether a vector loses by both measures, though it leans cat's way."""
    away = points_away(case, value) or is_zero(case, value)
    return _signs(value) == (-1, -1) and not away


def wins_both(case: Case, value: Any) -> bool:
    """Tell whether a vector wins by both measures."""
    return _signs(value) == (1, 1)


def other_way_round(case: Case, value: Any) -> bool:
    """Tell whether a vector wins by cosine alone."""
    return _signs(value) in {(-1, 1), (0, 1)}


def same_cosine(case: Case, value: Any) -> bool:
    """Tell whether a vector has dog's cosine."""
    return (_signs(value) or (0, 1))[1] == 0


def draws(case: Case, value: Any) -> bool:
    """Tell whether a vector ties by dot product and loses by cosine."""
    return _signs(value) == (0, -1)


def a_little_low(case: Case, value: Any) -> bool:
    """Tell whether entropies are all slightly too small."""
    gap = torch.special.entr(case.args[0]).sum(-1) - value
    return value.shape == gap.shape and bool(((gap > 0) & (gap < 0.05)).all())
