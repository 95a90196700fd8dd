"""How results of lesson 17 are told apart where many share a mistake."""

from typing import Any

from course_lib.checking.case import Case


def is_per_epoch(case: Case, value: Any) -> bool:
    """Tell whether the rate changes between epochs alone."""
    epochs, per_epoch = case.args[:2]
    if not isinstance(value, list | tuple) or len(value) != epochs * per_epoch or per_epoch < 2:
        return False
    parts = [value[at : at + per_epoch] for at in range(0, len(value), per_epoch)]
    return all(max(part) - min(part) < 1e-12 for part in parts)
