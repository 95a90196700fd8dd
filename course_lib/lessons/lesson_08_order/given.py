"""How results of lesson 08 are told apart where many share a mistake."""

import itertools
from typing import Any

from course_lib.checking.case import Case


def all_alike(case: Case, value: Any) -> bool:
    """Tell whether all slopes are the same."""
    return len(value) == case.args[0] and len(set(value)) == 1


def is_arithmetic(case: Case, value: Any) -> bool:
    """Tell whether slopes fall by equal steps."""
    rows = [float(slope) for slope in value]
    falls = [a - b for a, b in itertools.pairwise(rows)]
    return len(rows) == case.args[0] and all(abs(fall - falls[0]) < 1e-6 for fall in falls)
