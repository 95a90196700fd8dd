"""What a check found: data first, words second."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from course_lib.checking.exercise import Case


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

    @property
    def passed(self) -> bool:
        """True when every case passed."""
        return self.status is Status.PASSED

    def as_json(self) -> dict[str, Any]:
        """Return the fields that machines read."""
        where = None
        if self.difference is not None:
            where = {
                "index": list(self.difference.index),
                "yours": self.difference.yours,
                "expected": self.difference.expected,
            }
        return {
            "name": self.name,
            "status": self.status.value,
            "diagnosis": self.diagnosis,
            "message": self.message,
            "first_difference": where,
        }
