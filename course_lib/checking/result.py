"""What a check found: data first, words second."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from course_lib.checking.case import Case


@dataclass(frozen=True, kw_only=True)
class Matrices:
    """Two matrices of one shape, and what their axes are.

    Args:
        due, yours: numbers, in float64.
        rows, columns: names of the axes.
        at: place in the axes before these two.
    """

    due: np.ndarray
    yours: np.ndarray
    rows: str
    columns: str
    at: tuple[int, ...] = ()


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    NOT_STARTED = "not_started"
    FORBIDDEN = "forbidden"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first place where a result differs: its index, and both numbers."""

    index: tuple[int, ...]
    yours: float | int | bool | str
    expected: float | int | bool | str
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one check.

    Args:
        name: of the exercise.
        status: see `Status`.
        message: what the learner reads, without the headline.
        diagnosis: id of the recognised wrong answer, or None.
        difference: where the values part, if they do.
        case: the smallest case that shows the failure.
        cases_passed, cases_total: how far it came.
        milliseconds: of the whole check.
        printed: what the answer printed meanwhile.
        remark: one line below a pass, on what is worth knowing and was not asked for.
        matrices: what was due and what came, where both are matrices of one shape.
    """

    name: str
    status: Status
    message: str
    diagnosis: str | None = None
    difference: Difference | None = None
    case: Case | None = None
    cases_passed: int = 0
    cases_total: int = 0
    milliseconds: float = 0.0
    printed: str = ""
    remark: str = ""
    matrices: Matrices | None = None

    @property
    def passed(self) -> bool:
        """True when every case passed."""
        return self.status is Status.PASSED

    def as_json(self) -> dict[str, Any]:
        """Return the fields that machines read."""
        where = None
        if self.difference is not None:
            where = {
                "part": self.difference.part or None,
                "index": list(self.difference.index),
                "yours": _finite(self.difference.yours),
                "expected": _finite(self.difference.expected),
            }
        return {
            "name": self.name,
            "status": self.status.value,
            "diagnosis": self.diagnosis,
            "message": self.message,
            "first_difference": where,
            "remark": self.remark or None,
        }


def _finite(number: float | int | bool | str) -> float | int | bool | str:
    """JSON knows no infinity and no NaN: write them as "inf", "-inf", "nan"."""
    return str(number) if isinstance(number, float) and not math.isfinite(number) else number
