"""Find the known wrong answer that gives the same results as a learner's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.compare import ROUNDING, compare
from course_lib.checking.exercise import WrongAnswer
from course_lib.checking.prepared import Expected, Prepared
from course_lib.checking.run import Outcome
from course_lib.checking.values import each, leaves

#: A learner's wrong answer need not round like ours.
TOLERANCE = 1e-6


def recognise(prepared: Prepared, outcomes: Sequence[Outcome], failed: int) -> WrongAnswer | None:
    """Return the wrong answer whose results equal `outcomes`, or None.

    Args:
        prepared: the exercise.
        outcomes: of the learner's object, one for each case.
        failed: place of the first case that failed.

    Agreement on every case comes first; on the ordinary ones it is enough when one of them failed.
    Last, a second mistake on top (it raises, or gives NaN here and there) does not hide the first.
    """
    everywhere = range(len(prepared.cases))
    ordinary = [place for place in everywhere if not prepared.cases[place].edge]
    for places in (everywhere, ordinary if failed in ordinary else ()):
        for wrong, theirs in prepared.mistakes:
            shown = places is everywhere or _shows(prepared, theirs, ordinary)
            if places and shown and _agree(prepared, wrong, outcomes, theirs, places):
                return wrong
    for wrong, theirs in prepared.mistakes:
        in_full = wrong.matches is None and wrong.part is None
        if in_full and _agree_loosely(prepared, outcomes, theirs, ordinary):
            return wrong
    return None


def _shows(prepared: Prepared, theirs: Sequence[Outcome], ordinary: Sequence[int]) -> bool:
    """Tell whether a mistake shows on an ordinary case at all: else all that is right fits it."""
    return any(_is_wrong(theirs[place], prepared.expected[place]) for place in ordinary)


def _is_wrong(theirs: Outcome, expected: Expected | None) -> bool:
    if expected is None or theirs.error is not None:
        return True
    besides = theirs.changed_inputs or theirs.shares_memory or bool(theirs.changed_state)
    right = _close(theirs.value, expected.value)
    return besides or not right or not _close_gradients(theirs.gradients, expected.gradients)


def _agree_loosely(
    prepared: Prepared, yours: Sequence[Outcome], theirs: Sequence[Outcome], ordinary: Sequence[int]
) -> bool:
    """Compare numbers only where the learner has some, on the drawn cases that show the mistake."""
    telling = [
        place
        for place in ordinary
        if _is_telling(yours[place], theirs[place], prepared.expected[place])
    ]
    if len(telling) < 2:
        return False
    return all(_close_where_known(yours[place].value, theirs[place].value) for place in telling)


def _is_telling(yours: Outcome, theirs: Outcome, expected: Expected | None) -> bool:
    if yours.error or theirs.error or expected is None:
        return False
    return _floats(theirs.value) > 1 and not _close(theirs.value, expected.value)


def _floats(value: Any) -> int:
    return sum(
        leaf.numel()
        for leaf in leaves(value)
        if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
    )


def _close_where_known(yours: Any, theirs: Any) -> bool:
    """Tell whether two results agree where the first is not NaN, which is a third of it or more."""
    mine, known = list(leaves(yours)), list(leaves(theirs))
    if len(mine) != len(known):
        return False
    total = lost = 0
    for index, leaf in enumerate(mine):
        if _alike(leaf, known[index]):
            total, lost = total + leaf.numel(), lost + int(leaf.isnan().sum())
            mine[index] = torch.where(leaf.isnan(), known[index], leaf)
    return total > 0 and lost <= total * 2 / 3 and _close(mine, known)


def _alike(leaf: Any, known: Any) -> bool:
    if not (isinstance(leaf, torch.Tensor) and isinstance(known, torch.Tensor)):
        return False
    return all(getattr(leaf, it) == getattr(known, it) for it in ("shape", "device", "layout"))


def _agree(
    prepared: Prepared,
    wrong: WrongAnswer,
    yours: Sequence[Outcome],
    theirs: Sequence[Outcome],
    places: Sequence[int],
) -> bool:
    if wrong.matches is not None:
        fits = all(_matches(wrong, prepared.cases[place], yours[place]) for place in places)
        return fits and any(_differs(yours[place], prepared.expected[place]) for place in places)
    if wrong.part is not None:
        return all(_same_part(yours[place], theirs[place], wrong.part) for place in places)
    return all(_same(yours[place], theirs[place], prepared.expected[place]) for place in places)


def _matches(wrong: WrongAnswer, case: Case, outcome: Outcome) -> bool:
    try:
        return (
            outcome.error is None
            and wrong.matches is not None
            and wrong.matches(case, outcome.value)
        )
    except Exception:
        return False


def _differs(outcome: Outcome, expected: Expected | None) -> bool:
    """Tell whether a result is wrong: a right one may fit as well, and fail for another reason."""
    return expected is None or not _close(outcome.value, expected.value)


def _same_part(yours: Outcome, theirs: Outcome, part: int) -> bool:
    try:
        return yours.error is None and _close(yours.value[part], theirs.value[part])
    except Exception:
        return False


def _same(yours: Outcome, theirs: Outcome, expected: Expected | None) -> bool:
    if yours.error is not None or theirs.error is not None:
        return type(yours.error) is type(theirs.error) and str(yours.error) == str(theirs.error)
    if not _close(yours.value, theirs.value):
        return False
    if expected is None or not _close(theirs.value, expected.value):
        return True
    return (
        yours.changed_inputs == theirs.changed_inputs
        and yours.shares_memory == theirs.shares_memory
        and bool(yours.changed_state) == bool(theirs.changed_state)
        and _close_gradients(yours.gradients, theirs.gradients)
    )


def _close_gradients(yours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    pairs = zip(yours, theirs, strict=False)
    return all((a is None) == (b is None) and (a is None or _close(a, b)) for a, b in pairs)


def _close(yours: Any, theirs: Any) -> bool:
    """Compare values, not their precision: a wrong answer in float32 is the same wrong answer."""
    tolerance = max(_rounding(leaf) for leaf in [0.0, *leaves(yours), *leaves(theirs)])
    try:
        return compare(each(yours, _wide), each(theirs, _wide), tolerance=tolerance) is None
    except Exception:
        return False


def _rounding(leaf: Any) -> float:
    if isinstance(leaf, torch.Tensor):
        return ROUNDING.get(leaf.dtype, TOLERANCE)
    low = isinstance(leaf, np.ndarray) and leaf.dtype == np.float32
    return ROUNDING[torch.float32] if low else TOLERANCE


def _wide(leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor) and leaf.is_floating_point():
        return leaf.double()
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
        return leaf.astype(float)
    return leaf
